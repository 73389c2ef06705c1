"""The collections in a real MongoDB: its refusals, the indexes in use, and the retention of removed documents."""

from collections.abc import AsyncIterator, Callable, Mapping
from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

import pytest
from pymongo import AsyncMongoClient
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import WriteError

from services.projector.mongo import layout
from services.projector.mongo.register import MongoProjection
from services.projector.mongo.validators import VALIDATORS
from services.projector.mongo.writes import Collection, places_of
from services.runtime.settings import Settings
from tests.support.projector_examples import (
    SOURCE,
    Event,
    email,
    fact,
    identifier,
    klantcontact_id,
    klantcontact_withdrawn,
    kvk,
    partij,
    partij_id,
    partij_withdrawn,
    registered,
    taak_created,
    taak_id,
)
from tests.support.projector_scenario import APART

Database = AsyncDatabase[dict[str, Any]]
REMEMBER_SECONDS = 1_000_000


@pytest.fixture
async def there(mongo_uri: str, database: str) -> AsyncIterator[Database]:
    async with AsyncMongoClient[dict[str, Any]](mongo_uri, tz_aware=True, w="majority") as client:
        register = MongoProjection(client, database)
        await register.prepare(REMEMBER_SECONDS)
        employer = {"organisatienaam": "Bakkerij", "partijIdentificatoren": [kvk()]}
        details = {"contactnaam": {"achternaam": "Jansen"}, "digitaleAdressen": [email("b@example.nl")]}
        listed = partij(fields={**details, "werkteVoorPartij": employer})
        events = [
            registered(partijen=[listed]),
            registered("c-2", partijen=[partij("smit", resultaat="leeg")]),
            taak_created(),
            registered("c-4", fields=APART),
            taak_created("c-4", fields=APART),
            klantcontact_withdrawn("c-3"),
            partij_withdrawn("c-3", "bakker"),
        ]
        await register.apply([fact(event) for event in events])
        yield client[database]


# Validators


def put(path: str, value: object) -> Callable[[Event], None]:
    def change(document: Event) -> None:
        *steps, name = path.split(".")
        holder: Any = document
        for step in steps:
            holder = holder[int(step)] if isinstance(holder, list) else holder[step]
        holder[name] = value

    return change


def drop(path: str) -> Callable[[Event], None]:
    def change(document: Event) -> None:
        *steps, name = path.split(".")
        holder: Any = document
        for step in steps:
            holder = holder[step]
        del holder[name]

    return change


KLANTCONTACT = Collection.KLANTCONTACTEN, klantcontact_id("c-1")
TAAK = Collection.INTERNE_TAKEN, taak_id("c-1")
APART_KLANTCONTACT = Collection.KLANTCONTACTEN_VERTROUWELIJK, klantcontact_id("c-4")
APART_TAAK = Collection.INTERNE_TAKEN_VERTROUWELIJK, taak_id("c-4")
PARTIJ = Collection.PARTIJEN, partij_id("jansen")
EMPTY_PARTIJ = Collection.PARTIJEN, partij_id("smit")
GONE_KLANTCONTACT = Collection.VERVALLEN, klantcontact_id("c-3")
GONE_PARTIJ = Collection.VERVALLEN, partij_id("bakker")

EMPLOYER = {"organisatienaam": "Bakkerij", "partijIdentificatoren": [kvk()]}
BROUGHT = {"source": SOURCE, "contactId": "c-9", "versie": 1, "contactnaam": {"achternaam": "Jansen"}}

REFUSED: list[tuple[tuple[Collection, str], Callable[[Event], None], str]] = [
    (KLANTCONTACT, put("klantcontact.plaatsgevondenOp", "2026-03-02T09:50:00Z"), "a moment is a date"),
    (KLANTCONTACT, put("klantcontact.nummer", 17), "a number is a text of digits"),
    (KLANTCONTACT, drop("klantcontact.nummer"), "a klantcontact has a number"),
    (KLANTCONTACT, drop("herkomst.contactId"), "where it comes from is known"),
    (KLANTCONTACT, put("besluit.regel", "V9"), "the rule is one of the table"),
    (KLANTCONTACT, put("herkomst.revisie", 1.5), "a revisie is whole"),
    (KLANTCONTACT, put("betrokkenen.0.wasPartij", {"nummer": "1"}), "a partij is pointed at by its id"),
    (TAAK, put("interneTaak.toegewezenOp", None), "a moment is a date"),
    (TAAK, drop("interneTaak.toegewezenAan"), "a taak is somebody's"),
    (TAAK, drop("interneTaak.aanleidinggevendKlantcontact.klantcontactId"), "a taak has a klantcontact"),
    (KLANTCONTACT, put("klantcontact.vertrouwelijk", value=True), "a confidential klantcontact stands apart"),
    (TAAK, put("interneTaak.vertrouwelijk", value=True), "a confidential taak stands apart"),
    (
        APART_KLANTCONTACT,
        put("klantcontact.vertrouwelijk", value=False),
        "an ordinary klantcontact does not stand apart",
    ),
    (APART_TAAK, put("interneTaak.vertrouwelijk", value=False), "an ordinary taak does not stand apart"),
    (APART_TAAK, drop("interneTaak.vertrouwelijk"), "a taak that stands apart says that it is confidential"),
    (APART_KLANTCONTACT, drop("klantcontact.nummer"), "what stands apart has the same form"),
    (APART_TAAK, drop("interneTaak.toegewezenAan"), "what stands apart has the same form"),
    (PARTIJ, put("toestemming", "geen"), "without consent there is no name and no detail"),
    (PARTIJ, put("soortPartij", "hond"), "a partij is of a known kind"),
    (PARTIJ, put("versie", "1"), "a versie is a number"),
    (PARTIJ, put("versies.identificatoren", {"paspoort": 1}), "an identificator is of a known kind"),
    (
        PARTIJ,
        put("bijdragen", [{"source": SOURCE, "contactId": f"c-{n}", "versie": 1} for n in range(51)]),
        "50 suffice",
    ),
    (EMPTY_PARTIJ, put("contactnaam", {"achternaam": "Jansen"}), "without consent there is no contactnaam"),
    (EMPTY_PARTIJ, put("organisatienaam", "Bakkerij"), "without consent there is no organisatienaam"),
    (EMPTY_PARTIJ, put("digitaleAdressen", [email("b@example.nl")]), "without consent there is no e-mail address"),
    (EMPTY_PARTIJ, put("bezoekadres", {"stad": "Almere"}), "without consent there is no bezoekadres"),
    (EMPTY_PARTIJ, put("correspondentieadres", {"stad": "Almere"}), "without consent there is no correspondentieadres"),
    (EMPTY_PARTIJ, put("werkteVoorPartij", EMPLOYER), "without consent an employer is not named"),
    (EMPTY_PARTIJ, put("bijdragen", [BROUGHT]), "without consent nothing is kept that a contact brought"),
    (GONE_KLANTCONTACT, put("onderwerp", "Paspoort"), "what is gone has no contents"),
    (GONE_KLANTCONTACT, drop("sinds"), "what is gone is forgotten some day"),
    (GONE_PARTIJ, put("contactnaam", {"achternaam": "Jansen"}), "what is gone has no contents"),
    (GONE_PARTIJ, put("bijdragen", [BROUGHT]), "what is gone has no contents"),
]


@pytest.mark.parametrize(("which", "change", "why"), REFUSED)
async def test_mongodb_refuses_a_document_of_the_wrong_form(
    there: Database, which: tuple[Collection, str], change: Callable[[Event], None], why: str
) -> None:
    collection, identifier_of_it = which
    stored = await there[collection].find_one({"_id": identifier_of_it})
    assert stored is not None
    changed = deepcopy(stored)
    change(changed)

    await there[collection].replace_one({"_id": identifier_of_it}, stored)
    with pytest.raises(WriteError) as caught:
        await there[collection].replace_one({"_id": identifier_of_it}, changed)

    assert caught.value.code == 121, why
    assert await there[collection].find_one({"_id": identifier_of_it}) == stored


@pytest.mark.parametrize("collection", Collection)
async def test_a_document_without_contents_is_refused(there: Database, collection: Collection) -> None:
    with pytest.raises(WriteError):
        await there[collection].insert_one({"_id": identifier("empty")})


async def test_mongodb_accepts_fields_that_others_add(there: Database) -> None:
    for collection, identifier_of_it in (KLANTCONTACT, TAAK, PARTIJ, APART_KLANTCONTACT, APART_TAAK):
        added = await there[collection].update_one({"_id": identifier_of_it}, {"$set": {"vanOns": {"iets": 1}}})
        assert added.modified_count == 1


async def test_mongodb_accepts_a_taak_of_an_earlier_release_that_does_not_say_whether_it_is_confidential(
    there: Database,
) -> None:
    collection, identifier_of_it = TAAK
    said = {"interneTaak.vertrouwelijk": ""}
    assert (await there[collection].update_one({"_id": identifier_of_it}, {"$unset": said})).modified_count == 1


# Indexes


async def plan_of(
    collection: AsyncCollection[dict[str, Any]], query: Mapping[str, Any], sort: Mapping[str, int] | None = None
) -> list[Mapping[str, Any]]:
    """Return the stages by which MongoDB answers, the outermost first."""
    cursor = collection.find(query)
    explained = await (cursor.sort(sort) if sort else cursor).explain()
    stage = explained["queryPlanner"]["winningPlan"]
    stages = []
    while stage is not None:
        stages.append(stage)
        stage = stage.get("inputStage")
    return stages


@pytest.mark.parametrize(
    ("collection", "query", "sort", "index"),
    [
        (
            Collection.KLANTCONTACTEN,
            {"betrokkenen.wasPartij.partijId": partij_id("jansen")},
            {"klantcontact.plaatsgevondenOp": -1},
            "of_partij_newest_first",
        ),
        (Collection.KLANTCONTACTEN, {"klantcontact.nummer": "17"}, None, "nummer"),
        (Collection.PARTIJEN, {"nummer": "17"}, None, "nummer"),
        (Collection.INTERNE_TAKEN, {"interneTaak.nummer": "17"}, None, "nummer"),
        (Collection.KLANTCONTACTEN, {"herkomst.contactId": "c-1", "herkomst.source": SOURCE}, None, "of_contact"),
        (Collection.KLANTCONTACTEN, {"herkomst.contactId": "c-1"}, None, "of_contact"),
        (Collection.INTERNE_TAKEN, {"herkomst.contactId": "c-1", "herkomst.source": SOURCE}, None, "of_contact"),
        (
            Collection.INTERNE_TAKEN,
            {
                "interneTaak.status": "te_verwerken",
                "interneTaak.toegewezenAan.soortActor": "organisatorische_eenheid",
                "interneTaak.toegewezenAan.naam": "Vergunningen",
            },
            {"interneTaak.plaatsgevondenOp": 1},
            "open_of_actor_longest_waiting_first",
        ),
    ],
)
async def test_a_frequent_query_uses_an_index(
    there: Database, collection: Collection, query: Mapping[str, Any], sort: Mapping[str, int] | None, index: str
) -> None:
    for place in places_of(collection):
        stages = await plan_of(there[place], query, sort)

        assert [stage["stage"] for stage in stages] == ["FETCH", "IXSCAN"]
        assert stages[1]["indexName"] == index


# Made once, and mended


async def test_preparing_again_changes_nothing(there: Database) -> None:
    async def state() -> list[object]:
        cursor = await there.list_collections()
        described = sorted([each async for each in cursor], key=lambda each: str(each["name"]))
        return [described, *[await there[each].index_information() for each in Collection]]

    before = await state()
    await layout.prepare(there, REMEMBER_SECONDS)

    assert await state() == before


async def test_another_retention_and_an_older_validator_are_mended(there: Database) -> None:
    await there.command("collMod", Collection.PARTIJEN.value, validator={"$jsonSchema": {"required": ["ooit"]}})

    await layout.prepare(there, 2 * REMEMBER_SECONDS)

    indexes = await there[Collection.VERVALLEN].index_information()
    assert indexes[layout.TTL_INDEX]["expireAfterSeconds"] == 2 * REMEMBER_SECONDS
    cursor = await there.list_collections(filter={"name": Collection.PARTIJEN.value})
    assert (await cursor.to_list())[0]["options"]["validator"] == VALIDATORS[Collection.PARTIJEN]


def test_removed_documents_are_remembered_longer_than_the_topics_keep_events() -> None:
    settings = Settings(output_retention_days=90)

    assert layout.remembered_seconds(settings) == 120 * 24 * 60 * 60


async def test_a_removed_document_has_the_moment_from_which_it_is_kept(there: Database) -> None:
    for collection, identifier_of_it in (GONE_KLANTCONTACT, GONE_PARTIJ):
        stored = await there[collection].find_one({"_id": identifier_of_it})
        assert stored is not None
        assert abs((datetime.now(UTC) - stored["sinds"]).total_seconds()) < 60
