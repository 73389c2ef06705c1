"""The register in MongoDB judges as the one in memory does, whatever the batches, and when two instances race."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count
from typing import Any

import pytest
from pymongo import AsyncMongoClient

from schemas.outputs import PartijResultaat
from schemas.positions import Position
from schemas.reading.coherence import passes_elfproef
from schemas.reading.decoding import Received, decode
from services.classifier.mongo import register as register_of_mongo
from services.classifier.mongo.register import (
    BESLUITEN,
    PARTIJREGISTER,
    MongoRegister,
    kept_without_trace,
)
from services.classifier.ports import HeavyBatch
from services.domain.besluit import BesluitRecord
from services.domain.case import Case, prepare
from services.domain.numbers import LAST_NUMBER, NumberKind, Numbers
from services.domain.outcome import Decided, Erased, Outcome, Refused, Repeated
from services.domain.policy import DEFAULT
from services.domain.register import Register
from services.domain.sleutels import Sleutels
from services.local.scenarios import load_scenarios
from services.runtime.settings import Settings

NOW = datetime(2126, 11, 20, 10, 0, tzinfo=UTC)
"""MongoDB forgets by its own clock what has come to its term: not in the time of these tests."""
SLEUTELS = Sleutels(b"a key of the tests, thirty-two bytes")

Client = AsyncMongoClient[dict[str, Any]]


@pytest.fixture
async def client(mongo_uri: str) -> AsyncIterator[Client]:
    async with AsyncMongoClient[dict[str, Any]](mongo_uri, tz_aware=True) as client:
        yield client


async def _store(client: Client, database: str) -> MongoRegister:
    store = MongoRegister(client, database, DEFAULT)
    await store.prepare()
    return store


def _cases(events: Sequence[dict[str, Any]]) -> list[Case]:
    received = [decode(json.dumps(event).encode()) for event in events]
    return [prepare(each, SLEUTELS, DEFAULT) for each in received if isinstance(each, Received)]


def _judge_all(register: Register, cases: Sequence[Case]) -> list[Outcome]:
    return [register.judge(case, NOW) for case in cases]


async def _transact(store: MongoRegister, cases: Sequence[Case]) -> list[Outcome]:
    return list(await store.transact(cases, lambda register: _judge_all(register, cases)))


def _without_numbers(outcome: Outcome) -> object:
    """Return an outcome without numbers: two registers hand out different ones, and all else must be equal."""
    if isinstance(outcome, (Refused, Erased)):
        return outcome
    besluit = outcome.besluit
    return (
        type(outcome),
        besluit.onderwerpen,
        besluit.intrekkingen and len(besluit.intrekkingen),
        [
            (each.partij_id, each.versie, each.geleegd_bij, each.resultaat, each.sleutels, each.stand)
            for each in besluit.partijen
        ],
    )


async def test_the_indexes_of_earlier_builds_go_and_a_second_start_changes_nothing(
    client: Client, database: str
) -> None:
    besluiten = client[database][BESLUITEN]
    await besluiten.create_index("contactId")
    await besluiten.create_index("uitgegeven.klantcontactNummer", sparse=True)
    indexes = []
    for _ in range(2):
        await _store(client, database)
        indexes.append(await besluiten.index_information())

    assert indexes[0] == indexes[1]
    assert indexes[0].keys() == {"_id_", "partijen.partijId_1", "uitgegeven.klantcontactId_1", "vervaltOp_1"}


EVERY_EVENT = [event for scenario in load_scenarios() for event in scenario.gebeurtenissen]


@pytest.mark.parametrize("size", [1, 4, 500], ids="batches of {}".format)
async def test_every_scenario_is_judged_as_in_memory(client: Client, database: str, size: int) -> None:
    cases = _cases(EVERY_EVENT)
    store = await _store(client, database)
    in_memory = _judge_all(Register(DEFAULT, Numbers(count(1), count(1), count(1))), cases)
    stored: list[Outcome] = []
    for start in range(0, len(cases), size):
        stored += await _transact(store, cases[start : start + size])
    assert [_without_numbers(each) for each in stored] == [_without_numbers(each) for each in in_memory]


async def test_a_repeat_finds_the_very_same_decision(client: Client, database: str) -> None:
    cases = _cases(EVERY_EVENT)
    store = await _store(client, database)
    first = [each.besluit for each in await _transact(store, cases) if isinstance(each, Decided)]
    in_force: dict[str, BesluitRecord] = {besluit.key: besluit for besluit in first}
    again = await _transact(await _store(client, database), cases)
    assert not [each for each in again if isinstance(each, Decided)]
    repeated = [each.besluit for each in again if isinstance(each, Repeated)]
    assert repeated
    assert all(besluit == in_force[besluit.key] for besluit in repeated if not besluit.without_trace)
    short = [besluit for besluit in repeated if besluit.without_trace]
    assert short
    assert [each.shortened() for each in short] == [in_force[each.key].shortened() for each in short]
    assert [each.contact_id for each in short] == [in_force[each.key].contact_id for each in short]


def _new_klant(contact_id: str, bsn: str) -> dict[str, Any]:
    event: dict[str, Any] = json.loads(json.dumps(load_scenarios()[-1].gebeurtenissen[0]))
    event["data"] = {
        "contactId": contact_id,
        "kanaal": "telefoon",
        "plaatsgevondenOp": "2026-03-02T09:50:00Z",
        "actoren": [{"soortActor": "medewerker", "naam": "KCC"}],
        "betrokkenen": [
            {
                "ref": "k",
                "rol": "klant",
                "authenticatie": {"middel": "digid"},
                "toestemmingHergebruik": "gegeven",
                "partijIdentificatoren": [
                    {
                        "codeRegister": "brp",
                        "codeObjecttype": "natuurlijk_persoon",
                        "codeSoortObjectId": "bsn",
                        "objectId": bsn,
                    }
                ],
            }
        ],
        "onderwerpen": [{"onderwerp": "Vraag"}],
    }
    return event


async def test_one_new_klant_on_many_instances_at_once_gets_one_partij_and_one_number(
    client: Client, database: str
) -> None:
    stores = [await _store(client, database) for _ in range(4)]
    batches = [_cases([_new_klant(f"c-{store}-{each}", "999940004") for each in range(5)]) for store in range(4)]
    outcomes = await asyncio.gather(*(_transact(*pair) for pair in zip(stores, batches, strict=True)))
    judged = [each.besluit for outcome in outcomes for each in outcome if isinstance(each, Decided)]
    assert len(judged) == 20
    assert len({each.partijen[0].partij_id for each in judged}) == 1
    assert len({each.partijen[0].nummer for each in judged}) == 1
    assert sorted(each.partijen[0].versie for each in judged) == list(range(1, 21))
    assert [each.partijen[0].resultaat for each in judged].count(PartijResultaat.NIEUW) == 1
    numbers = [each.uitgegeven[0].klantcontact_nummer for each in judged]
    assert len(set(numbers)) == 20
    assert await client[database][PARTIJREGISTER].count_documents({}) == 1


class _Meeting(MongoRegister):
    """A register that records a batch only when another one has looked up as well."""

    def __init__(self, client: Client, database: str, both: asyncio.Barrier) -> None:
        super().__init__(client, database, DEFAULT)
        self._both: asyncio.Barrier | None = both

    async def _look_up(self, *asked: Any, **named: Any) -> None:  # noqa: ANN401 - handed on
        await super()._look_up(*asked, **named)
        if self._both is not None:
            both, self._both = self._both, None
            await both.wait()


async def test_a_partij_that_one_instance_makes_and_forgets_is_not_made_again_by_another_at_once(
    client: Client, database: str
) -> None:
    """The first corrects its contact within the batch: the klant did not take part after all."""
    await _store(client, database)
    both = asyncio.Barrier(2)
    corrected = _new_klant("c-1", "999940004") | {"id": "e-2"}
    corrected["data"] = corrected["data"] | {"revisie": 2, "betrokkenen": [{"ref": "b", "rol": "klant"}]}
    batches = [
        # Of two partitions, which are counted apart.
        [replace(case, position=Position("contact.ended", partition, 0)) for case in _cases(events)]
        for partition, events in enumerate(
            [[_new_klant("c-1", "999940004"), corrected], [_new_klant("c-2", "999940004")]]
        )
    ]
    outcomes = await asyncio.gather(*(_transact(_Meeting(client, database, both), batch) for batch in batches))
    assert [type(each) for outcome in outcomes for each in outcome] == [Decided] * 3
    assert await client[database][PARTIJREGISTER].count_documents({}) == 1


def _organisatie(contact_id: str, numbers: dict[str, str], *, revisie: int = 1) -> dict[str, Any]:
    event = _new_klant(contact_id, "")
    event["data"]["revisie"] = revisie
    event["data"]["betrokkenen"][0] |= {
        "soortPartij": "organisatie",
        "partijIdentificatoren": [
            {
                "codeRegister": "hr",
                "codeObjecttype": "niet_natuurlijk_persoon",
                "codeSoortObjectId": soort,
                "objectId": number,
            }
            for soort, number in numbers.items()
        ],
    }
    return event


async def test_provisional_numbers_are_higher_than_any_real_number(client: Client, database: str) -> None:
    """The partij with the lowest number comes back, of two without contacts: never one with a provisional number."""
    register = await (await _store(client, database)).look_up([])
    assert all(int(register.numbers.take(kind)) > LAST_NUMBER for kind in NumberKind)


async def test_a_sleutel_moves_from_one_known_partij_to_another_within_a_batch(client: Client, database: str) -> None:
    """Many at once: with one, the order of the writes would be right by chance half of the time."""
    store = await _store(client, database)
    rsins = [number for number in map(str, range(900000000, 900000200)) if passes_elfproef(number)]
    pairs = [(rsins[at], rsins[at + 1], f"1234000{at}") for at in range(0, 10, 2)]
    before: list[dict[str, Any]] = []
    after: list[dict[str, Any]] = []
    for own, other, kvk in pairs:
        before += [
            _organisatie(f"a-{kvk}", {"rsin": own, "kvk_nummer": kvk}),
            _organisatie(f"b-{kvk}", {"rsin": other}),
        ]
        after += [
            _organisatie(f"a-{kvk}", {"rsin": own}, revisie=2),
            _organisatie(f"c-{kvk}", {"rsin": other, "kvk_nummer": kvk}),
        ]
    first = await _transact(store, _cases(before))
    second = await _transact(store, _cases(after))

    assert [type(each) for each in (*first, *second)] == [Decided] * 4 * len(pairs)
    owners = [each.besluit.partijen[0].partij_id for each in first if isinstance(each, Decided)]
    stored = {each["_id"]: len(each["sleutels"]) async for each in client[database][PARTIJREGISTER].find()}
    assert [stored[owner] for owner in owners] == [1, 2] * len(pairs)


async def test_a_batch_that_fails_leaves_nothing(client: Client, database: str) -> None:
    store = await _store(client, database)

    def fail(register: Register) -> Sequence[Outcome]:
        _judge_all(register, cases)
        raise RuntimeError

    cases = _cases([_new_klant("c-1", "999940004")])
    with pytest.raises(RuntimeError):
        await store.transact(cases, fail)
    assert await client[database][BESLUITEN].count_documents({}) == 0
    assert await client[database][PARTIJREGISTER].count_documents({}) == 0


async def test_decisions_that_are_too_much_for_memory_are_not_read_but_for_a_single_contact(
    client: Client, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = await _store(client, database)
    cases = _cases([_new_klant("c-1", "999940004"), _new_klant("c-2", "999940004")])
    await _transact(store, cases)
    before = await client[database][BESLUITEN].find().to_list()
    monkeypatch.setattr(register_of_mongo, "MAX_BESLUITEN_BYTES", 100)
    with pytest.raises(HeavyBatch):
        await _transact(store, _cases([_new_klant("c-3", "999940004"), _new_klant("c-1", "999940004")]))
    assert await client[database][BESLUITEN].find().to_list() == before
    assert [type(each) for each in await _transact(store, cases[:1])] == [Repeated]


async def test_corrections_of_a_klant_with_many_contacts_are_judged_by_fewer_at_once(
    client: Client, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = await _store(client, database)
    cases = _cases([_new_klant(f"c-{number}", "999940004") for number in range(4)])
    await _transact(store, cases)
    corrections = [_new_klant(f"c-{number}", "999940004") for number in range(4)]
    for each in corrections:
        each["data"]["revisie"] = 2
    monkeypatch.setattr(register_of_mongo, "MAX_FOLDED", 10)
    with pytest.raises(HeavyBatch):
        await _transact(store, _cases(corrections))
    outcomes = [*await _transact(store, _cases(corrections[:2])), *await _transact(store, _cases(corrections[2:3]))]
    assert [type(each) for each in outcomes] == [Decided] * 3


async def test_only_a_decision_without_trace_is_deleted_some_day(client: Client, database: str) -> None:
    store = await _store(client, database)
    with_trace = _new_klant("c-1", "999940004")
    without = _new_klant("c-2", "999940016")
    del without["data"]["betrokkenen"][0]["authenticatie"]
    cases = _cases([with_trace, without])
    await _transact(store, cases)
    kept = {each["_id"]: each.get("vervaltOp") async for each in client[database][BESLUITEN].find()}
    assert kept[cases[0].key] is None
    assert kept[cases[1].key] == datetime(2127, 3, 20, 10, 0, tzinfo=UTC)


def test_a_decision_without_trace_is_kept_longer_than_any_topic_keeps_records() -> None:
    assert kept_without_trace(Settings()).days == 120
    assert kept_without_trace(Settings(contact_retention_days=365)).days == 395


async def test_the_register_holds_no_contact_details_and_no_readable_number(client: Client, database: str) -> None:
    store = await _store(client, database)
    await _transact(store, _cases(EVERY_EVENT))
    besluiten = await client[database][BESLUITEN].find().to_list()
    partijen = await client[database][PARTIJREGISTER].find().to_list()
    text = json.dumps([besluiten, partijen], default=str)
    for event in EVERY_EVENT:
        for betrokkene in event["data"]["betrokkenen"]:
            for identificator in betrokkene.get("partijIdentificatoren", []):
                assert identificator["objectId"] not in text
            for adres in betrokkene.get("digitaleAdressen", []):
                assert adres["adres"] not in text
            name = (betrokkene.get("contactnaam") or {}).get("achternaam")
            assert name is None or name not in text
