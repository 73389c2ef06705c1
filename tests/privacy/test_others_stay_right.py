"""Erasing with everything in memory: a crash at every await, events in any order and twice, and what others keep.

The classifier, the projector and the composing of the command are the real ones; Kafka and MongoDB are fakes.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from random import Random
from typing import Any, Final

import orjson
import pytest

from schemas.outputs import Reden
from services.classifier.cases import read as read_record
from services.classifier.encoding import Encoder
from services.classifier.handler import Handler
from services.domain.besluit import BesluitRecord
from services.domain.case import Case
from services.domain.ids import contact_key
from services.domain.outcome import Executed, InstructionAnswer, Outcome
from services.domain.policy import DEFAULT
from services.domain.register import Register
from services.domain.wissen import execute
from services.domain.wissing import SoortWissing, Wissing
from services.operations.erase.composing import Composed, Stored, without_betrokkene, without_details
from services.projector.events import Fact
from services.projector.events import read as read_event
from services.projector.mongo.writes import Collection
from services.runtime.exactly_once.ports import Message
from services.runtime.kafka.records import Record
from services.runtime.observe.health import Health
from services.runtime.settings import Settings
from tests.fakes.clock import FakeClock
from tests.fakes.letter_keys import FakeLetterKeys
from tests.fakes.projector_store import FakeRegister
from tests.fakes.publisher import FakePublisher, FakeTopics
from tests.fakes.register_store import FakeRegisterStore
from tests.fakes.stop_store import FakeStopStore
from tests.support.compaction import Kept, compacted
from tests.support.contacts import record
from tests.support.erasing import SLEUTELS, record_of
from tests.support.examples import ALICE, BOB, CALL_BACK, SOURCE, Wire, contact, email, event, known, onderwerp
from tests.support.projector_examples import OWN_SOURCES
from tests.support.sealed import SEALER
from tests.support.whole import whole
from tests.unit.domain.desk import CLASSIFIER, Sent
from tests.unit.domain.strategies import random_history
from tests.unit.domain.test_erasing import Eraser

SETTINGS: Final = Settings()
MARKED: Final = "gewist-zeehond"
TAAK: Final = [onderwerp("a", opvolging=CALL_BACK), onderwerp("b")]
MOST_AWAITS: Final = 60
SHUFFLES: Final = whole(40, 2_000)


def _alice(ref: str = "k") -> Wire:
    person = known(
        ref,
        ALICE,
        toestemming="gegeven",
        adressen=[email(f"{MARKED}@thuis.nl"), email(f"{MARKED}@werk.nl", "opvolging")],
    )
    return {**person, "contactnaam": {"achternaam": MARKED}}


def _bob(ref: str = "b") -> Wire:
    return known(ref, BOB, toestemming="gegeven", adressen=[email("bob@thuis.nl"), email("bob@werk.nl", "opvolging")])


CONTACTS: Final = [
    contact("c-0", betrokkenen=[_bob()], onderwerpen=TAAK),
    contact("c-1", betrokkenen=[_alice(), _bob()], onderwerpen=TAAK),
    contact("c-2", betrokkenen=[_alice()], onderwerpen=TAAK),
    contact("c-3", betrokkenen=[_bob()], other={"vervolgOp": {"contactId": "c-1"}}),
]


class _Slow(FakeRegisterStore):
    """Has an await before and after what it does, where the process can be killed."""

    async def transact(
        self, batch: Sequence[Case], judge: Callable[[Register], Sequence[Outcome]]
    ) -> Sequence[Outcome]:
        await asyncio.sleep(0)
        outcomes = await super().transact(batch, judge)
        await asyncio.sleep(0)
        return outcomes

    async def erase(self, wissing: Wissing, execute: Callable[[Register], InstructionAnswer]) -> InstructionAnswer:
        await asyncio.sleep(0)
        answer = await super().erase(wissing, execute)
        await asyncio.sleep(0)
        return answer


class _SlowPublisher(FakePublisher):
    async def publish(self, messages: Sequence[Message], *, next_offset: int) -> None:
        await asyncio.sleep(0)
        await super().publish(messages, next_offset=next_offset)
        await asyncio.sleep(0)


class Town:
    """A classifier that can be killed, and a projector of all that it published."""

    def __init__(self) -> None:
        self.store = _Slow()
        self.topics = FakeTopics()
        self.records: list[Record] = []
        """All that lies in the partition."""

    async def bring(self, *data: Wire) -> None:
        """Let a publisher send contacts."""
        self.records += [record(event(each), offset=len(self.records) + at) for at, each in enumerate(data)]
        await self.run()

    async def ask(self, wissing: Wissing, *, killed_at: int | None = None) -> bool:
        """Let an operator ask. Return whether the classifier was killed meanwhile; another goes on then."""
        self.records.append(record_of(wissing, offset=len(self.records)))
        killed = killed_at is not None and await _killed(self.run(), killed_at)
        await self.run()
        return killed

    async def run(self) -> None:
        """Start a process, which goes on where the group has committed."""
        publisher = _SlowPublisher(self.topics)
        begin = await publisher.take_over() or 0
        handler = Handler(
            read=lambda each: read_record(each, SLEUTELS, DEFAULT),
            store=self.store,
            stop_store=FakeStopStore(),
            encoder=Encoder(SETTINGS, SEALER),
            letter_keys=FakeLetterKeys(),
            clock=FakeClock(),
            health=Health(),
            own_failures_limit=3,
        )
        if begin < len(self.records):
            await handler.handle(self.records[begin:], publisher)

    def besluit(self, contact_id: str) -> BesluitRecord:
        return self.store.register.besluiten[contact_key(SOURCE, contact_id)]

    def facts(self) -> list[Fact]:
        outputs = [each for each in self.topics.messages if each.topic in SETTINGS.output_topics]
        return [read_event(each.value, SETTINGS.own_sources).fact for each in outputs]

    def projected(self) -> FakeRegister:
        projector = FakeRegister()
        projector.merge(self.facts())
        return projector

    # What the command composes

    def whole(self, contact_id: str) -> Wissing:
        return _wissing(SoortWissing.CONTACT, self.besluit(contact_id))

    def without(self, contact_id: str, partij_id: str) -> Wissing:
        besluit = self.besluit(contact_id)
        composed = without_betrokkene(besluit, partij_id, self.stored())
        soort = SoortWissing.BETROKKENE if composed.others_stay else SoortWissing.CONTACT
        return replace(
            _wissing(soort, besluit, partij_id if composed.others_stay else None),
            opnieuw=tuple(composed.opnieuw) if composed.others_stay else (),
        )

    def bare(self, contact_id: str, partij_id: str, *, leegt: bool) -> Wissing:
        besluit = self.besluit(contact_id)
        composed = without_details(besluit, partij_id, self.stored())
        wissing = _wissing(SoortWissing.GEGEVENS, besluit, partij_id)
        return replace(wissing, leegt=leegt, opnieuw=tuple(composed.opnieuw))

    def stored(self) -> Stored:
        kept = self.projected().collections
        return Stored(kept[Collection.KLANTCONTACTEN], kept[Collection.PARTIJEN])


def _wissing(soort: SoortWissing, besluit: BesluitRecord | None, partij_id: str | None = None) -> Wissing:
    return Wissing(
        opdracht=f"{soort} {besluit.key if besluit else ''} {partij_id}",
        soort=soort,
        verzoek="Z-1",
        reden=Reden.GEWIST,
        contact_key=besluit.key if besluit else None,
        partij_id=partij_id,
        revisie=besluit.revisie if besluit else 0,
        besluitversie=besluit.besluitversie if besluit else 0,
    )


async def _killed(work: Awaitable[None], at: int) -> bool:
    """Run until the await with that number, and kill it there; return whether it came so far."""
    task = asyncio.ensure_future(work)
    for _ in range(at + 1):
        await asyncio.sleep(0)
    if task.done():
        return False
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return True


def shown(projector: FakeRegister) -> dict[str, Any]:
    """Return what is kept, without when it was written."""
    told: dict[str, Any] = json.loads(orjson.dumps({name.value: kept for name, kept in projector.contents().items()}))
    for each in told["vervallen"].values():
        del each["sinds"]
    return told


async def _erased(town: Town, *, killed_at: int | None = None) -> int:
    """Erase Alice as the command does; return at how many of the instructions the classifier was killed."""
    alice = town.besluit("c-2").partijen[0].partij_id
    killed = int(await town.ask(_wissing(SoortWissing.KOPPELINGEN, None, alice), killed_at=killed_at))
    killed += await town.ask(town.without("c-1", alice), killed_at=killed_at)
    killed += await town.ask(town.without("c-2", alice), killed_at=killed_at)
    return killed + await town.ask(_wissing(SoortWissing.PARTIJ, None, alice), killed_at=killed_at)


async def _town() -> Town:
    town = Town()
    await town.bring(*CONTACTS)
    return town


async def test_a_crash_at_every_await_leaves_what_no_crash_leaves() -> None:
    smooth = await _town()
    await _erased(smooth)
    crashes = 0
    for at in range(MOST_AWAITS):
        town = await _town()
        killed = await _erased(town, killed_at=at)
        assert [(each.topic, each.key) for each in town.topics.messages] == [
            (each.topic, each.key) for each in smooth.topics.messages
        ]
        assert shown(town.projected()) == shown(smooth.projected())
        assert town.store.register.gewist.keys() == smooth.store.register.gewist.keys()
        if not killed:
            break
        crashes += killed
    assert crashes >= 10
    assert at < MOST_AWAITS - 1


async def test_the_erased_are_nowhere_and_the_others_keep_everything() -> None:
    town = await _town()
    before, bob = shown(town.projected()), town.besluit("c-0").partijen[0].partij_id
    alice = town.besluit("c-2").partijen[0].partij_id
    await _erased(town)
    after = shown(town.projected())
    assert MARKED not in json.dumps(after)
    assert alice not in json.dumps({name: kept for name, kept in after.items() if name != "vervallen"})
    assert alice not in repr(town.store.register.besluiten)
    assert after["partijen"] == {bob: before["partijen"][bob]}
    gone = town.projected().contents()[Collection.VERVALLEN]
    assert alice in gone
    untouched = {"c-0", "c-3"}
    for name in ("klantcontacten", "interne_taken"):
        kept = {key: each for key, each in before[name].items() if each["herkomst"]["contactId"] in untouched}
        assert {key: after[name][key] for key in kept} == kept
    shared = [each for each in after["klantcontacten"].values() if each["herkomst"]["contactId"] == "c-1"]
    was = [before["klantcontacten"][each["_id"]] for each in shared]
    assert [each["klantcontact"] for each in shared] == [each["klantcontact"] for each in was]
    assert [each["betrokkenen"] for each in shared] == [
        [person for person in each["betrokkenen"] if person["wasPartij"]["partijId"] == bob] for each in was
    ]


@pytest.mark.parametrize("seed", range(SHUFFLES))
async def test_events_in_any_order_and_twice_come_to_the_same(seed: int) -> None:
    town = await _ready()
    chance, facts = Random(seed), town.facts()
    parts = [*facts, *chance.sample(facts, len(facts) // 2)]
    chance.shuffle(parts)
    projector = FakeRegister()
    while parts:
        cut = chance.randint(1, 5)
        projector.merge(parts[:cut])
        del parts[:cut]
    assert shown(projector) == shown(town.projected())


_READY: list[Town] = []


async def _ready() -> Town:
    """Return a town in which all was erased: made once, and only read."""
    if not _READY:
        town = await _town()
        await _erased(town)
        _READY.append(town)
    return _READY[0]


async def test_whatever_comes_again_changes_nothing() -> None:
    town = await _town()
    await _erased(town)
    before, number = shown(town.projected()), len(town.topics.messages)
    await town.bring(*CONTACTS[1:3], *[{**each, "revisie": 2} for each in CONTACTS[1:3]])
    assert len(town.topics.messages) == number
    await town.bring(contact("c-9", betrokkenen=[_alice()]))
    after = shown(town.projected())
    [back] = after["partijen"].keys() - before["partijen"].keys()
    assert after["partijen"][back]["versie"] == 1
    assert after["partijen"][back]["nummer"] not in {each["nummer"] for each in before["partijen"].values()}


async def test_details_go_and_the_rest_of_the_klant_stays() -> None:
    town = await _town()
    alice = town.besluit("c-2").partijen[0].partij_id
    before = shown(town.projected())
    await town.ask(town.bare("c-1", alice, leegt=True))
    await town.ask(town.bare("c-2", alice, leegt=False))
    assert all(isinstance(each, Executed) for each in town.store.answers.values())
    after = shown(town.projected())
    assert MARKED not in json.dumps(after)
    assert MARKED not in json.dumps(
        [json.loads(each.value or b"{}") for each in town.topics.messages[-8:] if each.topic in SETTINGS.output_topics]
    )
    assert after["klantcontacten"].keys() == before["klantcontacten"].keys()
    assert after["partijen"][alice]["nummer"] == before["partijen"][alice]["nummer"]
    assert after["partijen"][alice]["toestemming"] == "gegeven"
    bob = town.besluit("c-0").partijen[0].partij_id
    assert after["partijen"][bob] == before["partijen"][bob]


# Generated histories

HISTORIES: Final = whole(60, 3_000)


def _compared(register: FakeRegister) -> dict[str, Any]:
    """Return what anybody reads, without which event gave a field, and when it was written."""
    told = shown(register)
    for each in (*told["partijen"].values(), *told["vervallen"].values()):
        each.pop("versies", None)
        # Of an employer each contact of a contactpersoon names what it knew (`test_compaction.py`).
        each.get("werkteVoorPartij", {}).pop("partijIdentificatoren", None)
    return told


def _projection(sent: Sequence[Kept]) -> FakeRegister:
    register = FakeRegister()
    register.merge([read_event(each.value, OWN_SOURCES).fact for each in sent])
    return register


def _erase_klant(eraser: Eraser, sent: list[Kept], partij_id: str) -> list[InstructionAnswer]:
    """Erase a klant as the command does, contact after contact."""
    answers = [eraser.erase(SoortWissing.KOPPELINGEN, None, partij_id=partij_id)]
    for besluit in list(eraser.desk.register.besluiten.values()):
        if partij_id not in besluit.partijen_ever:
            continue
        kept = _projection(sent).collections
        klantcontacten = {**kept[Collection.KLANTCONTACTEN], **kept[Collection.KLANTCONTACTEN_VERTROUWELIJK]}
        named = any(each.partij_id == partij_id for each in besluit.partijen)
        stored = Stored(klantcontacten, kept[Collection.PARTIJEN])
        composed = without_betrokkene(besluit, partij_id, stored) if named else Composed(others_stay=True)
        wissing = _wissing(SoortWissing.BETROKKENE if composed.others_stay else SoortWissing.CONTACT, besluit)
        if composed.others_stay:
            opnieuw, vervallen = tuple(composed.opnieuw), tuple(composed.vervallen)
            wissing = replace(wissing, partij_id=partij_id, opnieuw=opnieuw, vervallen=vervallen)
        answer = execute(eraser.desk.register, wissing, eraser.desk.now, CLASSIFIER)
        sent += _kept(eraser.sent(answer))
        answers.append(answer)
    return [*answers, eraser.erase(SoortWissing.PARTIJ, None, partij_id=partij_id)]


def _kept(sent: Sequence[Sent]) -> list[Kept]:
    return [Kept(each.stream, each.key, each.value) for each in sent]


@pytest.mark.parametrize("seed", range(HISTORIES))
def test_in_any_history_a_klant_goes_and_the_others_stay(seed: int) -> None:
    chance, eraser = Random(seed), Eraser()
    sent: list[Kept] = []
    for source, data in random_history(chance):
        sent += _kept(eraser.desk.bring(data, source=source).sent)
    register = eraser.desk.register
    if not register.partijen:
        return
    partij_id = chance.choice(sorted(register.partijen))
    before = _compared(_projection(sent))
    others = {key: each for key, each in register.partijen.items() if key != partij_id}

    answers = _erase_klant(eraser, sent, partij_id)

    assert all(isinstance(each, Executed) for each in answers)
    after = _compared(_projection(sent))
    everywhere = {name: kept for name, kept in after.items() if name != "vervallen"}
    assert partij_id not in json.dumps(everywhere)
    assert partij_id not in repr(register.besluiten)
    # An entry without an identificator stays, without anything but its number, while its contact may be corrected.
    assert {key: each for key, each in register.partijen.items() if key != partij_id} == others
    assert after["partijen"] == {key: each for key, each in before["partijen"].items() if key != partij_id}
    left = compacted(sent, chance)
    chance.shuffle(left)
    assert _compared(_projection(left)) == after
