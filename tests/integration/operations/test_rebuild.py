"""Making the collections anew, on real Kafka and MongoDB, without a projector. The projector at work beside it
is in tests/faults/test_rebuild_faults.py.
"""

import random
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

import pytest
from confluent_kafka import TopicPartition
from pymongo import AsyncMongoClient
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase

from services.local.servers.network import HOST, free_port
from services.operations.lock import COLLECTION as LOCK
from services.operations.lock import Lock, LockLost, LockRefused
from services.operations.mongo import Databases
from services.operations.rebuild import collections, others
from services.operations.rebuild import rebuild as rebuilding
from services.operations.rebuild.others import CarryOver
from services.operations.rebuild.rebuild import drop_old, rebuild
from services.operations.rebuild.record import RebuildRefused, RebuildStopped, locked_record
from services.operations.rebuild.verify import RebuildOutcome
from services.operations.topic_reader import Progress
from services.projector.mongo.layout import Generation
from services.projector.mongo.register import MongoProjection
from services.projector.mongo.swap import COLLECTION, ONLY, Phase
from services.projector.mongo.writes import CLAIMS, CONFIDENTIAL, SINCE, Collection
from services.runtime.errors import InvalidSettings, TransientFailure
from services.runtime.mongo.client import Document
from services.runtime.settings import Settings
from tests.support.kafka_tools import ANSWER_SECONDS, admin_client, publish_values, read_committed
from tests.support.projector_examples import (
    Event,
    assigned,
    encoded,
    fact,
    klantcontact_id,
    partij,
    partij_id,
    registered,
    taak_created,
    taak_id,
    taak_withdrawn,
)
from tests.support.projector_process import expected, outputs_of, publish, settings_for, stored
from tests.support.projector_scenario import APART, scenario

Database = AsyncDatabase[dict[str, Any]]

REMEMBER_SECONDS = 1_000_000


@pytest.fixture
def settings(kafka_bootstrap: str, mongo_uri: str, topics: str, database: str) -> Settings:
    return settings_for(kafka_bootstrap, mongo_uri, topics, database)


@pytest.fixture
async def client(mongo_uri: str) -> AsyncIterator[AsyncMongoClient[dict[str, Any]]]:
    async with AsyncMongoClient[dict[str, Any]](mongo_uri, tz_aware=True, w="majority") as connected:
        yield connected


@pytest.fixture
def there(client: AsyncMongoClient[dict[str, Any]], database: str) -> Database:
    return client[database]


@pytest.fixture(autouse=True)
def no_projector(monkeypatch: pytest.MonkeyPatch) -> None:
    """Replace the wait for the projector: there is none."""
    monkeypatch.setattr(rebuilding, "PROJECTOR_SECONDS", 0.0)


def history(scenarios: int = 4) -> list[Event]:
    """Return the events of some scenarios side by side, in an order that mixes them."""
    events = [event for number in range(scenarios) for batch in scenario(f"-{number}") for event in batch]
    random.Random(scenarios).shuffle(events)
    return events


async def published_and_projected(settings: Settings, client: AsyncMongoClient[Any], events: list[Event]) -> None:
    publish(settings, events)
    register = MongoProjection(client, settings.mongo_database)
    await register.prepare(REMEMBER_SECONDS)
    await register.apply([fact(event) for event in events])


async def names(there: Database) -> set[str]:
    return set(await there.list_collection_names())


NEW_KLANTCONTACTEN = Generation.NEW.name_of(Collection.KLANTCONTACTEN)
FORMER_KLANTCONTACTEN = Generation.FORMER.name_of(Collection.KLANTCONTACTEN)

FORMER = {Generation.FORMER.name_of(each) for each in Collection}
USUAL = {*Collection, CLAIMS, COLLECTION, LOCK}


async def test_a_rebuild_ends_in_the_same_documents_with_indexes_and_validators_and_keeps_the_former(
    settings: Settings, client: AsyncMongoClient[Any], there: Database
) -> None:
    events = history()
    await published_and_projected(settings, client, events)
    before = {each: await there[each].options() for each in Collection}
    indexes = {each: await there[each].index_information() for each in Collection}

    report = await rebuild(settings)

    assert report.outcome is RebuildOutcome.SWAPPED
    assert (report.events, report.trimmed, report.live_documents_of) == (len(events), [], None)
    assert stored(settings) == expected(events)
    assert {each.collection: (each.live, each.new, each.compared) for each in report.comparisons} == {
        collection: (len(documents),) * 3 for collection, documents in expected(events).items()
    }
    assert not any(each.differences for each in report.comparisons)
    assert await names(there) == USUAL | FORMER
    assert {each: await there[each].options() for each in Collection} == before
    there_now = {each: await there[each].index_information() for each in Collection}
    del indexes[Collection.VERVALLEN]["forgotten_after"], there_now[Collection.VERVALLEN]["forgotten_after"]
    assert there_now == indexes


async def test_the_former_collections_are_dropped_on_request_and_not_overwritten_before(
    settings: Settings, client: AsyncMongoClient[Any], there: Database
) -> None:
    events = history()
    await published_and_projected(settings, client, events)
    await rebuild(settings)
    await rebuild(settings, dry_run=True)
    record = await there["herbouw"].find_one({})
    assert record is not None
    assert record["swapped"] < record["started"], "the dry run after it began later, and moved nothing"
    with pytest.raises(RebuildRefused, match=r"klantcontacten_vorige.*--drop-old"):
        await rebuild(settings)

    dropped = await drop_old(settings)

    assert dropped == {collection: len(documents) for collection, documents in expected(events).items()}
    assert await names(there) == USUAL
    assert await drop_old(settings) == {}
    assert (await rebuild(settings)).outcome is RebuildOutcome.SWAPPED
    assert stored(settings) == expected(events)


async def test_a_dry_run_compares_and_changes_nothing(
    settings: Settings, client: AsyncMongoClient[Any], there: Database
) -> None:
    events = history()
    await published_and_projected(settings, client, events)
    await there[Collection.KLANTCONTACTEN].delete_many({})

    report = await rebuild(settings, dry_run=True)

    kept = expected(events)[Collection.KLANTCONTACTEN]
    assert report.outcome is RebuildOutcome.COMPARED
    assert set(report.comparisons[0].only_new) == set(kept)
    assert await names(there) == USUAL
    assert stored(settings) == {**expected(events), Collection.KLANTCONTACTEN: {}}


async def damaged(there: Database) -> dict[Collection, dict[str, list[str]]]:
    """Change, delete and add documents by hand, and return the ids."""
    changed, deleted, added = klantcontact_id("c-1-0"), taak_id("c-3-0"), partij_id("nobody")
    assert (
        await there[Collection.KLANTCONTACTEN].update_one(
            {"_id": changed}, {"$set": {"klantcontact.onderwerp": "Iets anders"}}
        )
    ).modified_count == 1
    assert (await there[Collection.INTERNE_TAKEN].delete_one({"_id": deleted})).deleted_count == 1
    one = await there[Collection.PARTIJEN].find_one()
    assert one is not None
    await there[Collection.PARTIJEN].insert_one({**one, "_id": added, "nummer": "123"})
    return {
        Collection.KLANTCONTACTEN: {"changed": [changed]},
        Collection.INTERNE_TAKEN: {"only_new": [deleted]},
        Collection.PARTIJEN: {"only_live": [added]},
    }


async def test_damage_is_reported_by_id_and_the_collections_are_not_swapped(
    settings: Settings, client: AsyncMongoClient[Any], there: Database
) -> None:
    await published_and_projected(settings, client, history())
    wrong = await damaged(there)
    before = stored(settings)

    report = await rebuild(settings)

    assert report.outcome is RebuildOutcome.DIFFERENT
    found = {
        each.collection: {
            kind: listed
            for kind, listed in (
                ("only_live", each.only_live),
                ("only_new", each.only_new),
                ("changed", each.changed),
            )
            if listed
        }
        for each in report.comparisons
        if each.differences
    }
    assert found == wrong
    assert stored(settings) == before
    assert await names(there) == USUAL


async def test_damage_is_repaired_when_the_differences_are_accepted(
    settings: Settings, client: AsyncMongoClient[Any], there: Database
) -> None:
    events = history()
    await published_and_projected(settings, client, events)
    await damaged(there)

    report = await rebuild(settings, accept_differences=True)

    assert report.outcome is RebuildOutcome.SWAPPED
    assert stored(settings) == expected(events)


async def test_fields_of_others_are_carried_over(
    settings: Settings, client: AsyncMongoClient[Any], there: Database
) -> None:
    events = [registered(partijen=[partij()]), taak_created(), taak_created("c-2")]
    await published_and_projected(settings, client, events)
    theirs = {"interneTaak.status": "verwerkt", "interneTaak.afgehandeldDoor": "A", "dossier": {"nummer": 1}}
    await there[Collection.INTERNE_TAKEN].update_one({"_id": taak_id("c-1")}, {"$set": theirs})
    await there[Collection.KLANTCONTACTEN].update_many({}, {"$set": {"bewaartermijn": 5}})
    await there[Collection.PARTIJEN].update_many({}, {"$set": {"notitie": "x"}})
    before = stored(settings)

    report = await rebuild(settings)

    assert report.carried_over == 3
    assert stored(settings) == before != expected(events)


async def test_a_change_by_others_in_the_last_moment_before_the_swap_is_carried_over_too(
    settings: Settings, client: AsyncMongoClient[Any], there: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    events = [taak_created(f"c-{number}") for number in range(4)]
    await published_and_projected(settings, client, events)
    await set_status(there, "c-0", "in_behandeling")
    await set_status(there, "c-1", "in_behandeling")

    async def put_in_place(database: Database, made: Mapping[Collection, UUID], lock: Lock) -> None:
        await set_status(there, "c-0", "verwerkt")
        await set_status(there, "c-2", "verwerkt")
        await set_status(there, "c-3", "verwerkt")
        await collections.put_in_place(database, made, lock)
        await set_status(there, "c-3", "te_laat")

    monkeypatch.setattr(rebuilding, "put_in_place", put_in_place)

    await rebuild(settings)

    contacts = [f"c-{number}" for number in range(4)]
    assert list(statuses(settings, contacts).values()) == ["verwerkt", "in_behandeling", "verwerkt", "te_laat"]


async def test_a_taak_that_goes_to_another_actor_during_it_ends_with_the_status_that_stands_live(
    settings: Settings, client: AsyncMongoClient[Any], there: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The corrections are published before or after the statuses are carried over, and projected in time or not."""
    contacts = ["unchanged", "before", "handled", "late", "behind"]
    await published_and_projected(settings, client, [taak_created(contact) for contact in contacts])
    for contact in contacts:
        await set_status(there, contact, "verwerkt")
    corrected = {contact: taak_created(contact, revisie=2, fields=assigned("Belastingen")) for contact in contacts}
    publish(settings, [corrected["behind"]])
    register = MongoProjection(client, settings.mongo_database)
    before_swap = CarryOver.before_swap

    async def and_then_corrected(self: CarryOver, chosen: Iterable[Collection], show: Progress) -> int:
        carried = await before_swap(self, chosen, show)
        publish(settings, [corrected[each] for each in ("before", "handled", "late")])
        await register.apply([fact(corrected[each]) for each in ("before", "handled")])
        await set_status(there, "handled", "verwerkt")
        return carried

    monkeypatch.setattr(CarryOver, "before_swap", and_then_corrected)

    await rebuild(settings, accept_differences=True)
    await register.apply([fact(corrected[each]) for each in ("late", "behind")])

    assert statuses(settings, contacts) == {
        "unchanged": "verwerkt",
        "before": "te_verwerken",
        "handled": "verwerkt",
        "late": "te_verwerken",
        "behind": "te_verwerken",
    }


async def test_a_taak_that_the_projector_opens_again_while_a_late_status_is_carried_stays_open(
    settings: Settings, client: AsyncMongoClient[Any], there: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await published_and_projected(settings, client, [taak_created("c-1"), taak_created("c-2")])
    register = MongoProjection(client, settings.mongo_database)
    look, put_in_place = others._there, collections.put_in_place

    async def changed_and_put_in_place(database: Database, made: Mapping[Collection, UUID], lock: Lock) -> None:
        for contact in ("c-1", "c-2"):
            await set_status(there, contact, "verwerkt")
        await put_in_place(database, made, lock)
        monkeypatch.setattr(others, "_there", look_and_then_correct)

    async def look_and_then_correct(
        target: AsyncCollection[Document], collection: Collection, identifiers: list[str]
    ) -> dict[str, others.Theirs]:
        found = await look(target, collection, identifiers)
        await register.apply([fact(taak_created("c-1", revisie=2, fields=assigned("Belastingen")))])
        return found

    monkeypatch.setattr(rebuilding, "put_in_place", changed_and_put_in_place)

    await rebuild(settings)

    assert statuses(settings, ["c-1", "c-2"]) == {"c-1": "te_verwerken", "c-2": "verwerkt"}


def statuses(settings: Settings, contacts: Sequence[str]) -> dict[str, str]:
    taken = stored(settings)[Collection.INTERNE_TAKEN]
    return {contact: taken[taak_id(contact)]["interneTaak"]["status"] for contact in contacts}


async def set_status(there: Database, contact: str, status: str) -> None:
    await there[Collection.INTERNE_TAKEN].update_one(
        {"_id": taak_id(contact)}, {"$set": {"interneTaak.status": status}}
    )


# Confidential things stand apart


async def test_a_rebuild_puts_confidential_things_apart_and_what_others_own_goes_along(
    settings: Settings, client: AsyncMongoClient[Any], there: Database
) -> None:
    """An earlier release kept all in one collection."""
    events = [
        registered("c-1", fields=APART),
        taak_created("c-1", fields=APART),
        registered("c-2"),
        taak_created("c-2"),
    ]
    await published_and_projected(settings, client, events)
    theirs: dict[Collection, dict[str, Any]] = {
        Collection.KLANTCONTACTEN: {"bewaartermijn": 5},
        Collection.INTERNE_TAKEN: {"behandelaar": "A"},
    }
    for ordinary, apart in CONFIDENTIAL.items():
        document = await there[apart].find_one_and_delete({})
        assert document is not None
        await there[ordinary].insert_one(document | theirs[ordinary], bypass_document_validation=True)

    assert (await rebuild(settings)).outcome is RebuildOutcome.DIFFERENT
    report = await rebuild(settings, accept_differences=True, from_live=True)

    assert report.carried_over == 2
    right = expected(events)
    for ordinary, apart in CONFIDENTIAL.items():
        for document in right[apart].values():
            document.update(theirs[ordinary])
    assert stored(settings) == right


async def test_a_change_by_others_just_before_the_swap_reaches_a_taak_that_moves_meanwhile(
    settings: Settings, client: AsyncMongoClient[Any], there: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await published_and_projected(settings, client, [taak_created()])

    async def put_in_place(database: Database, made: Mapping[Collection, UUID], lock: Lock) -> None:
        await set_status(there, "c-1", "verwerkt")
        await collections.put_in_place(database, made, lock)
        publish(settings, [taak_created(revisie=2, fields=APART)])

    monkeypatch.setattr(rebuilding, "put_in_place", put_in_place)

    await rebuild(settings)

    taken = stored(settings)
    assert taken[Collection.INTERNE_TAKEN] == {}
    moved = taken[Collection.INTERNE_TAKEN_VERTROUWELIJK][taak_id("c-1")]
    assert (moved["interneTaak"]["status"], moved["herkomst"]["revisie"]) == ("verwerkt", 2)


# A topic that was trimmed


def trim(settings: Settings, topic: str) -> int:
    """Remove all but the last record of each partition, as retention does, and return how many were removed."""
    ends = Counter(message.partition() for message in read_committed(settings.kafka_bootstrap, [topic]))
    cut = {partition: end - 1 for partition, end in ends.items()}
    remove_before(settings, topic, cut)
    return sum(cut.values())


def remove_before(settings: Settings, topic: str, offsets: Mapping[int | None, int]) -> None:
    places = [TopicPartition(topic, partition or 0, offset) for partition, offset in offsets.items()]
    for deletion in admin_client(settings.kafka_bootstrap).delete_records(places).values():
        deletion.result(timeout=ANSWER_SECONDS)


async def test_a_rebuild_of_trimmed_topics_starts_from_the_live_documents_and_says_so(
    settings: Settings, client: AsyncMongoClient[Any], there: Database
) -> None:
    events = history()
    await published_and_projected(settings, client, events)
    await there[Collection.INTERNE_TAKEN].update_many({}, {"$set": {"interneTaak.status": "verwerkt"}})
    before = stored(settings)
    removed = sum(trim(settings, topic) for topic in outputs_of(settings)[::2])

    report = await rebuild(settings)

    assert report.outcome is RebuildOutcome.SWAPPED
    assert report.live_documents_of is not None
    assert report.live_documents == sum(len(documents) for documents in before.values())
    assert sum(each.first for each in report.trimmed) == removed > 0
    assert report.events == len(events) - removed
    assert stored(settings) == before


async def test_documents_in_trimmed_topics_are_repaired_too(
    settings: Settings, client: AsyncMongoClient[Any], there: Database
) -> None:
    events = [registered("c-1"), registered("c-2"), registered("c-3")]
    register = MongoProjection(client, settings.mongo_database)
    await register.prepare(REMEMBER_SECONDS)
    await register.apply([fact(event) for event in events])
    publish_values(settings.kafka_bootstrap, settings.registered_topic, [b"long ago"], partition=0)
    publish_values(settings.kafka_bootstrap, settings.registered_topic, [b"long ago"], partition=1)
    publish(settings, events[1:])
    remove_before(settings, settings.registered_topic, {0: 1, 1: 1})
    klantcontacten = there[Collection.KLANTCONTACTEN]
    await klantcontacten.update_one(
        {"_id": klantcontact_id("c-2")}, {"$set": {"klantcontact.onderwerp": "Iets anders", "hunne": 1}}
    )
    await klantcontacten.delete_one({"_id": klantcontact_id("c-3")})

    report = await rebuild(settings, accept_differences=True)

    assert [each.first for each in report.trimmed] == [1, 1]
    now = stored(settings)
    assert now[Collection.KLANTCONTACTEN][klantcontact_id("c-2")].pop("hunne") == 1
    assert now == expected(events)


async def test_an_unreadable_document_stops_a_start_from_the_live_ones(
    settings: Settings, client: AsyncMongoClient[Any], there: Database
) -> None:
    await published_and_projected(settings, client, [registered()])
    damage = {"$unset": {"herkomst.revisie": 1}, "$set": {"klantcontact.onderwerp": "Geheim"}}
    await there[Collection.KLANTCONTACTEN].update_one({}, damage, bypass_document_validation=True)

    with pytest.raises(RebuildStopped, match=f"{klantcontact_id('c-1')} of klantcontacten.*no 'revisie'") as stopped:
        await rebuild(settings, from_live=True)

    assert "Geheim" not in str(stopped.value)
    assert await names(there) == USUAL


# Reasons to stop


async def let_lease_lapse(there: Database) -> None:
    """Move the last renewal of the operators' lock into the past."""
    await there[LOCK].update_one({}, [{"$set": {"seen": {"$subtract": ["$seen", 60_000]}}}])


async def test_records_that_are_not_ours_are_passed_over_and_told(
    settings: Settings, client: AsyncMongoClient[Any]
) -> None:
    events = history()
    before = "urn:nld:oin:00000001003214345000:systeem:klantcontact"
    await published_and_projected(settings, client, events)
    elsewhere = encoded(registered("c-8") | {"source": "urn:nld:oin:1:systeem:anders"})
    values = [None, b"no JSON", b'{"type": "Geheim"}', elsewhere]
    for topic in outputs_of(settings):
        publish_values(settings.kafka_bootstrap, topic, values, partition=1)
    publish(settings, [registered("c-9") | {"source": before}])

    report = await rebuild(settings.model_copy(update={"former_sources": before}), accept_differences=True)

    assert report.outcome is RebuildOutcome.SWAPPED
    assert report.events == len(events) + 1
    assert report.passed_over == dict.fromkeys(("no_value", "no_json", "other_type", "other_source"), 4)
    assert stored(settings) == expected([*events, registered("c-9")])


async def test_an_event_that_cant_be_projected_stops_a_rebuild_there_and_nothing_of_it_stays(
    settings: Settings, client: AsyncMongoClient[Any], there: Database
) -> None:
    await published_and_projected(settings, client, [registered()])
    wrong = encoded(taak_created(fields={"nummer": "Geheim"}))
    publish_values(settings.kafka_bootstrap, settings.taak_topic, [wrong], partition=1)

    with pytest.raises(RebuildStopped, match=f"{settings.taak_topic}, partition 1, offset 0") as stopped:
        await rebuild(settings)

    assert "Geheim" not in str(stopped.value)
    assert await names(there) == USUAL
    assert stored(settings) == expected([registered()])


async def test_a_second_rebuild_is_refused_with_the_holder_of_the_lock(settings: Settings, there: Database) -> None:
    async with locked_record(Databases(there, there), "rebuild"):
        with pytest.raises(LockRefused, match=r"`klantcontact rebuild` holds the operators' lock: process \d+ of .*@"):
            await rebuild(settings)
        with pytest.raises(LockRefused, match="holds the operators' lock"):
            await drop_old(settings)

    assert (await rebuild(settings)).outcome is RebuildOutcome.SWAPPED


@pytest.mark.usefixtures("never_renewed")
async def test_a_rebuild_whose_lease_was_taken_can_not_continue(there: Database) -> None:
    async with locked_record(Databases(there, there), "rebuild") as first:
        await let_lease_lapse(there)
        async with locked_record(Databases(there, there), "rebuild") as second:
            await second.begin()
            with pytest.raises(LockLost, match="another took the operators' lock"):
                await first.move(Phase.IDLE)

    state = await there[COLLECTION].find_one(ONLY)
    assert state is not None
    assert state["phase"] == Phase.BUILDING


@pytest.mark.usefixtures("never_renewed")
async def test_a_rebuild_that_lost_the_lock_drops_and_renames_nothing(there: Database) -> None:
    await there[FORMER_KLANTCONTACTEN].insert_one({})
    await there[NEW_KLANTCONTACTEN].insert_one({})
    made = await collections.identities(there, Generation.NEW)
    async with locked_record(Databases(there, there), "rebuild") as first:
        await let_lease_lapse(there)
        async with locked_record(Databases(there, there), "rebuild"):
            first.lock._renewed_at -= 60
            with pytest.raises(LockLost):
                await collections.drop(there, Generation.FORMER, first.lock)
            with pytest.raises(LockLost):
                await collections.put_in_place(there, made, first.lock)

    assert await names(there) == {FORMER_KLANTCONTACTEN, NEW_KLANTCONTACTEN, COLLECTION, LOCK}


async def test_a_missing_topic_is_an_invalid_setting(settings: Settings, there: Database) -> None:
    nowhere = settings.model_copy(update={"taak_topic": f"{settings.taak_topic}.nowhere"})
    with pytest.raises(InvalidSettings, match="nowhere"):
        await rebuild(nowhere)
    assert await names(there) == {CLAIMS, COLLECTION, LOCK}


async def test_servers_that_are_away_are_reported(settings: Settings) -> None:
    at = f"{HOST}:{free_port()}"
    with pytest.raises(TransientFailure, match=f"Kafka at {at} does not answer"):
        await rebuild(settings.model_copy(update={"kafka_bootstrap": at}))
    with pytest.raises(TransientFailure, match=f"MongoDB at {at} does not answer"):
        await rebuild(settings.model_copy(update={"mongo_uri": f"mongodb://{at}/?replicaSet=rs0"}))


async def test_a_withdrawn_document_that_is_missing_from_the_live_collections_stays_gone(
    settings: Settings, client: AsyncMongoClient[Any], there: Database
) -> None:
    await published_and_projected(settings, client, [taak_created(), taak_withdrawn()])
    await rebuild(settings, from_live=True)

    (gone,) = [each async for each in there[Collection.VERVALLEN].find()]
    assert {name: gone[name] for name in gone if name != SINCE} == {
        "_id": taak_id("c-1"),
        "collectie": "interne_taken",
        "revisie": 2,
        "besluitversie": 1,
    }
