"""A dry run shows the results of executing: it carries the changes of its contacts over the data in real MongoDB."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from aiokafka import ConsumerRecord
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pymongo import AsyncMongoClient

from schemas.positions import Position
from services.classifier.mongo.documents import besluit_document, partij_document
from services.classifier.mongo.register import BESLUITEN, PARTIJREGISTER, MongoRegister
from services.domain.case import prepare
from services.domain.herbeoordeling import Feiten, Herbeoordeling
from services.domain.outcome import Outcome, Rejudged
from services.domain.policy import DEFAULT, Beleid
from services.operations.replay import judging as carrying
from services.operations.replay.differences import Difference
from services.operations.replay.judging import CarriedRegister, Examined, Judge, LookUp
from services.operations.replay.selection import ContactSelection
from services.operations.topic_reader import Progress, Records, Stretch, TopicReader
from tests.support.examples import SOURCE, Wire, betrokkene, bsn, contact, event, line, received
from tests.support.thoroughness import EXAMPLES
from tests.unit.domain.desk import NOW, SLEUTELS
from tests.unit.domain.policies import LOOSE, POLICIES, TURNED
from tests.unit.domain.strategies import History, histories

Documents = dict[str, Any]
"""By their `_id`."""

MADE_UP = {"nummer", "klantcontactNummer", "taakNummer", "beslotenOp", "vervaltOp"}
TOPIC = "contact.ended"
LONGEST = 12

THOROUGH = settings(
    EXAMPLES,
    max_examples=max(1, EXAMPLES.max_examples // 3),
    suppress_health_check=[*EXAMPLES.suppress_health_check, HealthCheck.function_scoped_fixture],
)
"""One example takes some hundredths of a second, and begins with empty collections."""


class HistoryReader(TopicReader):
    """A reader that returns a history as the records of one partition, in steps of the given sizes."""

    def __init__(self, history: History, sizes: Sequence[int]) -> None:
        self._held = [_record(offset, source, data) for offset, (source, data) in enumerate(history)]
        self._sizes = sizes

    async def records(
        self,
        stretches: Sequence[Stretch],
        progress: Progress = lambda _done, _of: None,
        *,
        oversized: bool = False,  # noqa: ARG002 - as of the reader
    ) -> AsyncIterator[Records]:
        [stretch] = stretches
        at = stretch.begin
        for size in self._sizes:
            batch = self._held[at : min(at + size, stretch.end)]
            if batch:
                yield batch
            at += len(batch)
            progress(at - stretch.begin, stretch.length)


def _record(offset: int, source: str, data: Wire) -> "ConsumerRecord[bytes, bytes]":
    value = line(event(data, source=source))
    return ConsumerRecord(TOPIC, 0, offset, int(NOW.timestamp() * 1000), 1, None, value, None, -1, len(value), ())


@dataclass
class Town:
    """Contacts that MongoDB holds, and their new judgement."""

    client: AsyncMongoClient[dict[str, Any]]
    database: str
    history: History = field(default_factory=list)
    beleid: Beleid = DEFAULT
    feiten: Feiten = Feiten.VASTGELEGD

    @property
    def store(self) -> MongoRegister:
        return MongoRegister(self.client, self.database, self.beleid)

    async def live_through(self, history: History) -> None:
        """Empty the collections, and judge these contacts for the first time, by the default policy."""
        for collection in (PARTIJREGISTER, BESLUITEN):
            await self.client[self.database][collection].delete_many({})
        self.history, self.beleid = history, DEFAULT
        await self._judge([(offset, None) for offset in range(len(history))])

    async def dry(self, sizes: Sequence[int]) -> tuple[list[Examined], CarriedRegister]:
        """Return the rows of a dry run with steps of these sizes, and the register that it carries at its end."""
        carried = CarriedRegister(self.store)
        return [each async for batch in self._examined(carried.look_up, sizes) for each in batch], carried

    async def execute(self, sizes: Sequence[int]) -> list[Examined]:
        """Execute each batch before the next is examined; return the rows."""
        shown: list[Examined] = []
        async for batch in self._examined(self.store.look_up, sizes):
            shown += batch
            outcomes = await self._judge([(each.record.offset, each.difference) for each in batch if each.difference])
            assert all(isinstance(each, Rejudged) for each in outcomes)
        return shown

    def _examined(self, look_up: LookUp, sizes: Sequence[int]) -> AsyncIterator[Sequence[Examined]]:
        whole = [Stretch(TOPIC, 0, first=0, begin=0, end=len(self.history))]
        reader, judge = HistoryReader(self.history, sizes), Judge(look_up, SLEUTELS, self.beleid, self.feiten)
        return judge.examine(reader, whole, ContactSelection(), whole, progress=lambda _done, _of: None)

    async def stored(self) -> Documents:
        """Return the stored documents, as far as they can be compared."""
        found: Documents = {}
        for collection in (PARTIJREGISTER, BESLUITEN):
            async for document in self.client[self.database][collection].find():
                found[document["_id"]] = _comparable(document)
        return found

    async def _judge(self, asked: Sequence[tuple[int, Difference | None]]) -> Sequence[Outcome]:
        """Judge contacts as the classifier does: for the first time, or again where there is a difference."""
        cases = [
            prepare(
                received(self.history[offset][1], source=self.history[offset][0]),
                SLEUTELS,
                self.beleid,
                position=Position(TOPIC, 0, offset),
                herbeoordeling=Herbeoordeling(found.besluitversie, self.feiten) if found else None,
            )
            for offset, found in asked
        ]
        return await self.store.transact(cases, lambda register: [register.judge(case, NOW) for case in cases])


@pytest.fixture
async def town(mongo_uri: str, database: str) -> AsyncIterator[Town]:
    async with AsyncMongoClient[dict[str, Any]](mongo_uri, tz_aware=True) as client:
        town = Town(client, database)
        await town.store.prepare()
        yield town


def _of_klant(contact_id: str, middel: str) -> tuple[str, Wire]:
    klant = betrokkene(middel=middel, identificatoren=[bsn()], toestemming="gegeven")
    return SOURCE, contact(contact_id, betrokkenen=[klant])


@THOROUGH
# The partij that nobody knows after the first is the one that the second finds.
@example([_of_klant("a", "digid"), _of_klant("b", "controlevragen")], TURNED, Feiten.VASTGELEGD, [1] * LONGEST)
@given(
    histories(longest=LONGEST),
    st.sampled_from(POLICIES),
    st.sampled_from(list(Feiten)),
    st.lists(st.integers(1, 4), min_size=LONGEST, max_size=LONGEST),
)
async def test_a_dry_run_shows_what_executing_shows_whatever_the_batches(
    town: Town, history: History, beleid: Beleid, feiten: Feiten, sizes: list[int]
) -> None:
    await town.live_through(history)
    town.beleid, town.feiten = beleid, feiten
    before = await town.stored()
    shown, carried = await town.dry(sizes)
    assert await town.stored() == before
    assert shown == await town.execute(sizes)
    assert before | _changed(carried) == await town.stored()


def _changed(carried: CarriedRegister) -> Documents:
    register = carried.register
    assert register is not None, "something was looked up"
    besluiten = [besluit_document(register.besluiten[each], timedelta()) for each in register.changed_besluiten]
    partijen = [partij_document(register.partijen[each]) for each in register.changed_partijen]
    return {each["_id"]: _comparable(each) for each in (*besluiten, *partijen)}


def _comparable(value: object) -> object:
    """Return a value without numbers, which are provisional in a dry run, and without moments of decision."""
    if isinstance(value, list | tuple):
        return [_comparable(each) for each in value]
    if isinstance(value, dict):
        return {name: _comparable(each) for name, each in value.items() if name not in MADE_UP}
    return value


@pytest.mark.parametrize(
    ("most", "partijen", "forgotten"),
    [
        pytest.param(4, ["nieuw", "bestaand", "bestaand", "bestaand"], 0, id="all are carried"),
        pytest.param(1, ["nieuw", "bestaand", "nieuw", "bestaand"], 2, id="more than one can't be carried"),
    ],
)
async def test_contacts_of_one_klant_in_different_batches_see_each_other_up_to_a_limit(
    town: Town, monkeypatch: pytest.MonkeyPatch, most: int, partijen: list[str], forgotten: int
) -> None:
    monkeypatch.setattr(carrying, "MAX_CARRIED", most)
    await town.live_through([_of_klant(f"c-{number}", "controlevragen") for number in range(4)])
    town.beleid = LOOSE
    shown, carried = await town.dry([1] * 4)
    assert [each.difference and each.difference.onderwerpen[0].wordt.partij for each in shown] == partijen
    assert carried.forgotten == forgotten
