"""The register in a real MongoDB keeps the same documents as its fake, also with several instances at once."""

import asyncio
import random
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from typing import Any

import pytest
from prometheus_client import REGISTRY
from pymongo import AsyncMongoClient
from pymongo.asynchronous.change_stream import AsyncChangeStream
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import PyMongoError
from pymongo.read_concern import ReadConcern

from services.projector.errors import DocumentRefused
from services.projector.events import Fact
from services.projector.merging.projection import States, Touched
from services.projector.mongo import register as mongo_register
from services.projector.mongo.register import Changes, MongoProjection
from services.projector.mongo.writes import CLAIMS, SINCE, Collection, Insert, Placed, places_of
from services.runtime.errors import TransientFailure
from tests.fakes.projector_store import FakeRegister
from tests.support.projector_examples import (
    Event,
    assigned,
    email,
    fact,
    klantcontact_id,
    klantcontact_withdrawn,
    partij,
    partij_withdrawn,
    registered,
    taak_created,
    taak_id,
    taak_withdrawn,
)
from tests.support.projector_scenario import APART, scenario

Client = AsyncMongoClient[dict[str, Any]]
Documents = Mapping[Collection, Mapping[str, Event]]

REMEMBER_SECONDS = 1_000_000

WAIT_SECONDS = 60.0
"""For what takes milliseconds."""


@pytest.fixture
async def client(mongo_uri: str) -> AsyncIterator[Client]:
    async with Client(mongo_uri, tz_aware=True, w="majority") as connected:
        yield connected


@pytest.fixture(autouse=True)
async def register(client: Client, database: str) -> MongoProjection:
    prepared = MongoProjection(client, database)
    await prepared.prepare(REMEMBER_SECONDS)
    return prepared


async def contents(client: Client, database: str) -> Documents:
    return {
        collection: {each["_id"]: without_moment(each) async for each in client[database][collection].find()}
        for collection in Collection
    }


def without_moment(document: Event) -> Event:
    return {name: value for name, value in document.items() if name != SINCE}


def fake_contents(fake: FakeRegister) -> Documents:
    return {
        collection: {identifier: without_moment(each) for identifier, each in there.items()}
        for collection, there in fake.contents().items()
    }


async def test_the_register_counts_its_documents_and_its_open_taken(
    register: MongoProjection, client: Client, database: str
) -> None:
    apart = taak_created("c-3", fields={"vertrouwelijk": True})
    await register.apply(facts(registered("c-1"), registered("c-2"), taak_created("c-1"), taak_created("c-2"), apart))
    done = {"$set": {"interneTaak.status": "verwerkt"}}
    await client[database][Collection.INTERNE_TAKEN].update_one({"_id": taak_id("c-1")}, done)
    gone = [{"_id": f"gone-{number}"} for number in range(501)]
    await client[database][Collection.VERVALLEN].insert_many(gone, bypass_document_validation=True)

    await register.count()

    assert REGISTRY.get_sample_value("klantcontact_open_taken") == 2
    documents = {
        collection: REGISTRY.get_sample_value("klantcontact_collection_documents", {"collection": collection})
        for collection in Collection
    }
    assert documents == {each: 1000 if each is Collection.VERVALLEN else 0 for each in Collection}


def facts(*events: Event) -> list[Fact]:
    return [fact(event) for event in events]


async def test_the_register_keeps_the_documents_that_its_fake_keeps(
    register: MongoProjection, client: Client, database: str
) -> None:
    fake = FakeRegister()
    for batch in scenario():
        await register.apply(facts(*batch))
        fake.merge(facts(*batch))

        assert await contents(client, database) == fake_contents(fake)


async def test_everything_twice_and_shuffled_ends_in_the_same_documents(
    register: MongoProjection, client: Client, database: str
) -> None:
    fake = FakeRegister()
    events = [event for batch in scenario() for event in batch]
    fake.merge(facts(*events))
    shuffled = [*events, *events]
    random.Random(7).shuffle(shuffled)

    for start in range(0, len(shuffled), 4):
        await register.apply(facts(*shuffled[start : start + 4]))

    assert await contents(client, database) == fake_contents(fake)


async def test_changes_by_others_to_a_taak_stay(register: MongoProjection, client: Client, database: str) -> None:
    taken = client[database][Collection.INTERNE_TAKEN]
    await register.apply(facts(taak_created()))
    theirs = {"interneTaak.status": "verwerkt", "interneTaak.afgehandeldDoor": "A. de Boer", "dossier": "D1"}
    await taken.update_one({"_id": taak_id("c-1")}, {"$set": theirs})

    await register.apply(facts(taak_created(revisie=2), taak_created()))

    stored = await taken.find_one({"_id": taak_id("c-1")})
    assert stored is not None
    assert stored["interneTaak"]["gevraagdeHandeling"] == "Terugbellen, revisie 2"
    assert stored["interneTaak"]["status"] == "verwerkt"
    assert stored["interneTaak"]["afgehandeldDoor"] == "A. de Boer"
    assert stored["dossier"] == "D1"


async def test_a_taak_for_another_actor_opens_again_and_no_repeat_opens_it_once_more(
    register: MongoProjection, client: Client, database: str
) -> None:
    taken = client[database][Collection.INTERNE_TAKEN]
    await register.apply(facts(taak_created()))
    theirs = {"interneTaak.status": "verwerkt", "interneTaak.afgehandeldDoor": "A. de Boer", "dossier": "D1"}
    await taken.update_one({"_id": taak_id("c-1")}, {"$set": theirs})

    await register.apply(facts(FOR_ANOTHER))

    stored = await taken.find_one({"_id": taak_id("c-1")})
    assert stored is not None
    assert stored["interneTaak"]["status"] == "te_verwerken"
    assert stored["interneTaak"]["toegewezenAan"]["naam"] == "Belastingen"
    assert (stored["interneTaak"]["afgehandeldDoor"], stored["dossier"]) == ("A. de Boer", "D1")

    await taken.update_one({"_id": taak_id("c-1")}, {"$set": theirs})
    for batch in ([FOR_ANOTHER], [taak_created(), FOR_ANOTHER], [taak_created()]):
        await register.apply(facts(*batch))
    assert await status_in(client, database) == "verwerkt"


FOR_ANOTHER = taak_created(revisie=2, fields=assigned("Belastingen"))


async def status_in(client: Client, database: str) -> str:
    stored = await client[database][Collection.INTERNE_TAKEN].find_one({"_id": taak_id("c-1")})
    assert stored is not None
    status: str = stored["interneTaak"]["status"]
    return status


async def test_an_event_with_the_number_of_another_is_refused_and_nothing_of_its_batch_is_written(
    register: MongoProjection, client: Client, database: str
) -> None:
    await register.apply(facts(registered("c-1", fields={"nummer": "17"})))
    before = await contents(client, database)

    with pytest.raises(DocumentRefused) as caught:
        await register.apply(facts(registered("c-2"), registered("c-3", fields={"nummer": "17"}), taak_created("c-2")))

    assert str(caught.value) == "klantcontact.nummer: another document has it"
    assert await contents(client, database) == before


async def test_a_refusal_of_a_validator_is_reported_without_values(
    register: MongoProjection, client: Client, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def careless(*_: object) -> Iterator[Placed]:
        document = {"_id": klantcontact_id("c-1"), "klantcontact": {"onderwerp": "over Sam Jansen", "nummer": "Jansen"}}
        yield Collection.KLANTCONTACTEN, Insert(document)

    monkeypatch.setattr(mongo_register, "plan", careless)

    with pytest.raises(DocumentRefused) as caught:
        await register.apply(facts(registered("c-1")))

    assert "klantcontact.nummer: pattern" in str(caught.value)
    assert "besluit: required" in str(caught.value)
    assert "Jansen" not in str(caught.value)
    assert (await contents(client, database))[Collection.KLANTCONTACTEN] == {}


# Several instances at once


async def test_many_instances_that_work_on_one_partij_lose_nothing(client: Client, database: str) -> None:
    events = [
        registered(
            f"c-{versie}", partijen=[partij(versie=versie, fields={"digitaleAdressen": [email(f"{versie}@x.nl")]})]
        )
        for versie in range(1, 25)
    ]
    instances = [MongoProjection(client, database) for _ in range(4)]

    await asyncio.gather(
        *(
            _one_after_another(instance, [facts(event) for event in events[number::4]])
            for number, instance in enumerate(instances)
        )
    )

    fake = FakeRegister()
    fake.merge(facts(*events))
    assert await contents(client, database) == fake_contents(fake)


async def _one_after_another(instance: MongoProjection, batches: Sequence[Sequence[Fact]]) -> None:
    for batch in batches:
        await instance.apply(batch)


class _Paused(MongoProjection):
    """A register that waits between its first read and write until the test releases it."""

    def __init__(self, client: Client, database_name: str) -> None:
        super().__init__(client, database_name)
        self.has_read = asyncio.Event()
        self.may_write = asyncio.Event()
        self.transactions = 0

    async def _read(self, touched: Touched, session: AsyncClientSession) -> States:
        self.transactions += 1
        known = await super()._read(touched, session)
        self.has_read.set()
        await self.may_write.wait()
        return known


SHOWN_AND_GONE = [
    (registered(), klantcontact_withdrawn()),
    (taak_created(), taak_withdrawn()),
    (registered(partijen=[partij(versie=1)]), partij_withdrawn("c-2", versie=2, resultaat="vervallen")),
    (registered(fields=APART), klantcontact_withdrawn()),
    (taak_created(fields=APART), taak_withdrawn()),
    (registered(), registered(revisie=2, fields=APART)),
    (taak_created(), taak_created(revisie=2, fields=APART)),
    (taak_created(fields=APART), taak_created(revisie=2)),
]


@pytest.mark.parametrize("which_waits", [0, 1])
@pytest.mark.parametrize("events", SHOWN_AND_GONE)
async def test_one_of_two_instances_that_put_one_thing_in_two_places_tries_again(
    client: Client, register: MongoProjection, database: str, events: tuple[Event, Event], which_waits: int
) -> None:
    waits, goes_first = events[which_waits], events[1 - which_waits]
    paused = _Paused(client, database)
    waiting = asyncio.create_task(paused.apply(facts(waits)))
    await asyncio.wait_for(paused.has_read.wait(), timeout=WAIT_SECONDS)

    await register.apply(facts(goes_first))
    paused.may_write.set()
    await waiting

    fake = FakeRegister()
    fake.merge(facts(*events))
    assert await contents(client, database) == fake_contents(fake)
    assert paused.transactions == 2


async def test_an_instance_of_an_earlier_build_can_claim_several_places_in_the_same_collection(
    client: Client, database: str
) -> None:
    """It has a document for each place, without a list. Were they one key of the index, its partitions would stop."""
    claims = [{"_id": "klantcontacten/1"}, {"_id": "partijen/1"}]
    there = client[database][CLAIMS]
    async with client.start_session() as session, await session.start_transaction():
        await there.insert_many(claims, session=session)
        await there.delete_many({"_id": {"$in": [each["_id"] for each in claims]}}, session=session)
    assert await there.count_documents({}) == 0


async def test_a_change_stream_shows_what_was_stored_and_nothing_that_was_only_claimed(
    client: Client, register: MongoProjection, database: str
) -> None:
    gone = [klantcontact_withdrawn("c-1"), taak_withdrawn("c-1"), partij_withdrawn("c-1", resultaat="vervallen")]
    there = [registered("c-2", partijen=[partij("smit")]), taak_created("c-2")]
    async with await client[database].watch() as changes:
        await register.apply(facts(*gone, *there))
        await register.apply(facts(klantcontact_withdrawn("c-2")))
        await client[database]["end"].insert_one({})
        seen = [(each["ns"]["coll"], each["operationType"]) async for each in _until_end(changes)]

    assert sorted(each for each in seen if each[0] != CLAIMS) == sorted(
        [
            *[(Collection.VERVALLEN, "insert")] * 3,
            (Collection.KLANTCONTACTEN, "insert"),
            (Collection.PARTIJEN, "insert"),
            (Collection.INTERNE_TAKEN, "insert"),
            (Collection.KLANTCONTACTEN, "delete"),
            (Collection.VERVALLEN, "insert"),
        ]
    )
    assert await client[database][CLAIMS].count_documents({}) == 0


async def _until_end(changes: AsyncChangeStream[dict[str, Any]]) -> AsyncIterator[dict[str, Any]]:
    async for change in changes:
        if change["ns"]["coll"] == "end":
            return
        if change["operationType"] in {"insert", "update", "replace", "delete"}:
            yield change


@pytest.mark.parametrize("vertrouwelijk", [False, True])
async def test_a_taak_that_somebody_changes_meanwhile_keeps_the_change(
    client: Client, register: MongoProjection, database: str, *, vertrouwelijk: bool
) -> None:
    await register.apply(facts(taak_created()))
    paused = _Paused(client, database)
    newer = taak_created(revisie=2, fields={"vertrouwelijk": vertrouwelijk})
    waiting = asyncio.create_task(paused.apply(facts(newer)))
    await asyncio.wait_for(paused.has_read.wait(), timeout=WAIT_SECONDS)

    taken = client[database][Collection.INTERNE_TAKEN]
    await taken.update_one({"_id": taak_id("c-1")}, {"$set": {"interneTaak.status": "verwerkt"}})
    paused.may_write.set()
    await waiting

    there = await contents(client, database)
    place = Collection.INTERNE_TAKEN_VERTROUWELIJK if vertrouwelijk else Collection.INTERNE_TAKEN
    stored = there[place][taak_id("c-1")]
    assert (stored["interneTaak"]["status"], stored["herkomst"]["revisie"]) == ("verwerkt", 2)
    assert sum(len(there[each]) for each in places_of(Collection.INTERNE_TAKEN)) == 1


@pytest.mark.parametrize("other_instance_was_first", [False, True])
async def test_of_two_instances_with_one_correction_only_the_first_opens_the_taak_again(
    client: Client, register: MongoProjection, database: str, *, other_instance_was_first: bool
) -> None:
    await register.apply(facts(taak_created()))
    paused = _Paused(client, database)
    waiting = asyncio.create_task(paused.apply(facts(FOR_ANOTHER)))
    await asyncio.wait_for(paused.has_read.wait(), timeout=WAIT_SECONDS)

    if other_instance_was_first:
        await register.apply(facts(FOR_ANOTHER))
    taken = client[database][Collection.INTERNE_TAKEN]
    await taken.update_one({"_id": taak_id("c-1")}, {"$set": {"interneTaak.status": "verwerkt"}})
    paused.may_write.set()
    await waiting

    assert await status_in(client, database) == ("verwerkt" if other_instance_was_first else "te_verwerken")
    assert paused.transactions == 2


async def test_endless_collisions_are_a_transient_failure(
    client: Client, register: MongoProjection, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mongo_register, "pauses", lambda: iter([0.0] * mongo_register.MAX_COLLISIONS))
    collision = PyMongoError("always")
    collision._add_error_label("TransientTransactionError")

    async def always(_touched: Touched, _changes: Changes) -> None:
        raise collision

    monkeypatch.setattr(register, "_transact", always)

    with pytest.raises(TransientFailure):
        await register.apply(facts(registered()))
    assert (await contents(client, database))[Collection.KLANTCONTACTEN] == {}


async def test_reads_in_a_transaction_see_one_committed_moment(
    client: Client, register: MongoProjection, database: str
) -> None:
    """The paused register above relies on this: a batch is a transaction that sees one moment."""
    await register.apply(facts(registered()))
    async with client.start_session() as session, await session.start_transaction(read_concern=ReadConcern("snapshot")):
        klantcontacten = client[database][Collection.KLANTCONTACTEN]
        assert await klantcontacten.count_documents({}, session=session) == 1
        await register.apply(facts(registered("c-2")))
        assert await klantcontacten.count_documents({}, session=session) == 1
