"""The checks once all is quiet: of the topics (read committed) and the collections, by what publishers sent."""

import random
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from typing import Final

import orjson
from aiokafka import TopicPartition

from schemas.dead_letters import key_id_in
from schemas.faults import Refusal
from schemas.positions import Position
from services.classifier.mongo.documents import NOT_ERASED, besluit_of, partij_of
from services.classifier.mongo.register import BESLUITEN, PARTIJREGISTER
from services.domain.besluit import BesluitRecord
from services.domain.case import Case
from services.domain.outcome import Decided
from services.operations.dead_letters.letters import position_in
from services.projector.events import read
from services.projector.mongo.writes import SINCE, Collection
from services.runtime.kafka.records import Record
from services.runtime.letters.store import LETTER_KEYS
from tests.fakes.projector_store import FakeRegister
from tests.simulate.kafka.log import End, Entry
from tests.simulate.mongo.matching import Document, matches
from tests.simulate.processes import READ
from tests.simulate.records import record_of
from tests.simulate.town import INPUTS, LETTERS, OUTPUTS, SETTINGS, Town
from tests.simulate.watch import Watch

KLANTCONTACTEN: Final = (Collection.KLANTCONTACTEN, Collection.KLANTCONTACTEN_VERTROUWELIJK)
TAKEN: Final = (Collection.INTERNE_TAKEN, Collection.INTERNE_TAKEN_VERTROUWELIJK)
"""The collection of what is not confidential, and the one of what is."""


class Checker:
    """Compares the topics and collections that a world leaves with what publishers sent."""

    def __init__(self, town: Town, watch: Watch, asked_again: Counter[str]) -> None:
        """`asked_again`: how often an operator asked for the events of a contact, by its contactId. The events of the
        decision go out that is in force then.
        """
        self._town = town
        self._oracle = watch.history.oracle
        self._asked_again = asked_again
        self._out = [(place, each) for place in OUTPUTS for each in town.broker.logs[place].committed()]
        self.overtaken = 0
        """Events of decisions that a later one overtook before they went out."""

    def check(self) -> None:
        """Note each violation in the world."""
        self._check_transactions()
        self._check_events()
        self._check_order()
        self._check_letters()
        self._check_projection()

    def _violated(self, text: str) -> None:
        self._town.world.violated(text)

    def _check_transactions(self) -> None:
        """Each transaction is visible as a whole or not at all."""
        ends: defaultdict[tuple[int, int], set[bool]] = defaultdict(set)
        for log in self._town.broker.logs.values():
            for entry in log.entries:
                if entry.transaction is not None:
                    ends[entry.transaction].add(entry.end is End.COMMITTED)
        for transaction, committed in self._town.broker.offsets.ended.items():
            ends[transaction].add(committed)
        if any(len(each) > 1 for each in ends.values()):
            self._violated("half a transaction is visible")

    def _check_events(self) -> None:
        """Every event of a decision in force went out, and none too often."""
        times = Counter(_id_of(entry) for _, entry in self._out)
        contacts = {_id_of(entry): _contact_id_of(entry) for _, entry in self._out}
        values = {entry.data.value for _, entry in self._out}
        for besluit, case in self._in_force():
            for event in Decided(case.received, besluit).events(SETTINGS.source):
                if event.body["id"] not in times:
                    self._violated("an event is lost")
                elif orjson.dumps(event.body, option=orjson.OPT_UTC_Z) not in values:
                    self._violated("an event is not as its decision says")
        for identifier, number in times.items():
            if identifier not in self._oracle.allowed:
                self._violated("an event went out that no decision has")
            elif number > self._oracle.allowed[identifier] + self._asked_again[contacts[identifier]]:
                self._violated("an event went out twice")
        self.overtaken = len(self._oracle.allowed.keys() - times.keys())

    def _in_force(self) -> Iterator[tuple[BesluitRecord, Case]]:
        """Yield the decisions in force that have a trace, each with its contact."""
        for document in self._documents(BESLUITEN):
            if not matches(document, NOT_ERASED) or "plaatsgevondenOp" not in document or "gewist" in document:
                continue
            besluit = besluit_of(document)
            assert besluit.position is not None, "it was judged here"
            case = READ(self._record(besluit.position))
            assert isinstance(case, Case), "it was judged"
            yield besluit, case

    def _record(self, at: Position) -> Record:
        entry = self._town.broker.logs[TopicPartition(at.topic, at.partition)].entries[at.offset]
        return record_of(TopicPartition(at.topic, at.partition), entry)

    def _check_order(self) -> None:
        """The events of one klantcontact on one topic come in the order of its decisions."""
        partitions = self._partitions_of_contacts()
        newest: dict[tuple[str, bytes | None], tuple[int, int]] = {}
        for place, entry in self._out:
            data = orjson.loads(entry.data.value or b"")["data"]
            herkomst = data["herkomst"]
            if len(partitions[herkomst["source"], herkomst.get("contactId", "")]) > 1:
                continue  # its publisher changed the key
            at = (place.topic, entry.data.key)
            version = (herkomst["revisie"], data["besluit"]["besluitversie"])
            if version < newest.get(at, version):
                self._violated("the events of a klantcontact are out of order")
            newest[at] = version

    def _partitions_of_contacts(self) -> Mapping[tuple[str, str], set[TopicPartition]]:
        partitions: defaultdict[tuple[str, str], set[TopicPartition]] = defaultdict(set)
        for place, record in self._inputs():
            case = READ(record)
            if isinstance(case, Case):
                partitions[case.received.source, case.received.contact.contact_id].add(place)
        return partitions

    def _inputs(self) -> Iterator[tuple[TopicPartition, Record]]:
        for place in INPUTS:
            for entry in self._town.broker.logs[place].committed():
                yield place, record_of(place, entry)

    def _check_letters(self) -> None:
        """Each record that can't be read has one dead letter, and no other has one. All can be opened."""
        letters = list(self._town.broker.logs[LETTERS].committed())
        times = Counter(position_in(each.data.headers) for each in letters)
        for place, record in self._inputs():
            expected = int(isinstance(READ(record), Refusal))
            number = times[Position(place.topic, place.partition, record.offset)]
            if number != expected:
                self._violated("a dead letter is lost" if number < expected else "a dead letter is too many")
        keys = {each["_id"] for each in self._documents(LETTER_KEYS)}
        if any(key_id_in(each.data.headers) not in keys for each in letters):
            self._violated("a dead letter has no key")

    def _check_projection(self) -> None:
        """The collections hold what the topics make in any order, and what the decisions in force registered."""
        facts = [read(entry.data.value, SETTINGS.own_sources).fact for _, entry in self._out]
        stored = {each: {d["_id"]: _timeless(d) for d in self._documents(each)} for each in Collection}
        random.Random(len(facts)).shuffle(facts)
        fold = FakeRegister()
        fold.merge(facts)
        if stored != {each: {key: _timeless(d) for key, d in fold.collections[each].items()} for each in Collection}:
            self._violated("the collections are not what the topics make")
        registered = set(self._registered())
        for kind in (*KLANTCONTACTEN, *TAKEN, Collection.PARTIJEN):
            if stored[kind].keys() != {identifier for where, identifier in registered if where == kind}:
                self._violated(f"the {kind} are not those of the decisions in force")

    def _registered(self) -> Iterator[tuple[Collection, str]]:
        """Yield everything that the decisions in force registered: the collection where it stands, and its id."""
        for besluit, _ in self._in_force():
            for onderwerp in besluit.registered():
                had = besluit.numbers_of(onderwerp.onderwerp_id)
                assert had is not None, "a registered onderwerp has a number"
                yield KLANTCONTACTEN[besluit.vertrouwelijk], had.klantcontact_id
                if onderwerp.interne_taak:
                    yield TAKEN[besluit.vertrouwelijk], besluit.taak_id_of(onderwerp.onderwerp_id)
        for partij in map(partij_of, self._documents(PARTIJREGISTER)):
            if partij.bekend:
                yield Collection.PARTIJEN, partij.partij_id

    def _documents(self, collection: str) -> list[Document]:
        return self._town.store.documents(collection)


def _id_of(entry: Entry) -> str:
    identifier: str = orjson.loads(entry.data.value or b"")["id"]
    return identifier


def _contact_id_of(entry: Entry) -> str:
    """Return the contactId that an event goes back to; empty for a change outside a contact."""
    contact_id: str = orjson.loads(entry.data.value or b"")["data"]["herkomst"].get("contactId", "")
    return contact_id


def _timeless(document: Document) -> Document:
    return {name: value for name, value in document.items() if name != SINCE}
