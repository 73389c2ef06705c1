"""A rebuild whose servers go away in the middle of it, or refuse its user: it says so and leaves nothing half done."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest
from pymongo import MongoClient
from pymongo.database import Database

from services.local.servers.kafka import kafka_server
from services.local.servers.mongod import administrator_uri as uri_of
from services.local.servers.mongod import mongod_server
from services.local.servers.process import Server
from services.operations.audit.head import COLLECTION as AUDIT_HEAD
from services.operations.lock import COLLECTION as LOCK
from services.projector.mongo.register import MongoProjection
from services.projector.mongo.swap import COLLECTION, ONLY, Phase
from services.projector.mongo.writes import CLAIMS, Collection
from services.runtime.mongo.client import connect
from services.runtime.settings import Settings
from tests.support.operators_commands import go_on, let_lease_lapse
from tests.support.projector_examples import fact, taak_created
from tests.support.projector_process import expected, publish, settings_for, stored
from tests.support.rebuild_process import report_of, run_rebuild, stopped_before

T = TypeVar("T")

DONE, FAULTS_FOUND, WRONG_USE = 0, 1, 2

EVENTS = [taak_created(f"c-{number}") for number in range(20)]


@pytest.fixture
def own_mongod(tmp_path: Path) -> Iterator[Server]:
    with mongod_server(tmp_path / "mongod") as server:
        yield server


@pytest.fixture
def own_kafka(tmp_path: Path) -> Iterator[Server]:
    with kafka_server(tmp_path / "kafka", say=print) as server:
        yield server


async def published_and_projected(settings: Settings) -> None:
    publish(settings, EVENTS)
    async with await connect(settings) as client:
        register = MongoProjection(client, settings.mongo_database)
        await register.prepare(1_000_000)
        await register.apply([fact(event) for event in EVENTS])


def in_database(settings: Settings, look: Callable[[Database[dict[str, Any]]], T]) -> T:
    with MongoClient[dict[str, Any]](settings.mongo_uri, w="majority") as client:
        return look(client[settings.mongo_database])


def names(settings: Settings) -> set[str]:
    return in_database(settings, lambda database: set(database.list_collection_names()))


def state(settings: Settings) -> dict[str, Any]:
    return in_database(settings, lambda database: database[COLLECTION].find_one(ONLY) or {})


@pytest.mark.parametrize(
    ("function", "outcome"), [("compare", "swapped"), ("identities", "swapped"), ("put_in_place", "finished")]
)
async def test_mongodb_that_goes_away_is_told_and_the_next_one_begins_anew_or_finishes(
    kafka_bootstrap: str, topics: str, own_mongod: Server, function: str, outcome: str
) -> None:
    settings = settings_for(kafka_bootstrap, uri_of(own_mongod), topics, "klantcontact")
    await published_and_projected(settings)

    with stopped_before(settings, function, module="rebuild", calls=function == "identities") as rebuilding:
        own_mongod.stop()
        status, said = go_on(rebuilding)
    own_mongod.start()

    assert status == FAULTS_FOUND
    assert said.startswith(f"MongoDB at {own_mongod.address} does not answer.")
    assert ("run `klantcontact rebuild` again, which finishes it" in said) == (outcome == "finished")
    assert stored(settings) == expected(EVENTS)
    in_database(settings, let_lease_lapse)
    again = run_rebuild(settings, "--json")
    assert (again.returncode, report_of(again)["outcome"]) == (DONE, outcome)
    assert report_of(again)["interrupted"]
    assert stored(settings) == expected(EVENTS)


@pytest.mark.parametrize(("function", "calls"), [("compare", 0), ("identities", 1)])
async def test_kafka_that_goes_away_before_the_swap_leaves_nothing_behind(
    mongo_uri: str, database: str, own_kafka: Server, function: str, calls: int
) -> None:
    settings = settings_for(own_kafka.address, mongo_uri, "away", database)
    await published_and_projected(settings)
    # Something to look at again, so that Kafka is asked for more.
    in_database(settings, lambda there: there[Collection.INTERNE_TAKEN].delete_many({}) if not calls else None)

    with stopped_before(settings, function, module="rebuild", calls=calls) as rebuilding:
        own_kafka.stop()
        status, said = go_on(rebuilding)

    assert (status, said) == (FAULTS_FOUND, f"Kafka at {own_kafka.address} does not answer.\n")
    assert names(settings) == {*Collection, CLAIMS, COLLECTION, LOCK, AUDIT_HEAD}
    assert state(settings)["phase"] == Phase.IDLE
    assert in_database(settings, lambda there: there[LOCK].find_one({"holder": {"$exists": True}})) is None


# Rights

WITHOUT_DROPPING = [
    *("find", "insert", "update", "remove", "createCollection", "createIndex"),
    *("listCollections", "listIndexes", "collMod"),
]
"""Renaming takes the right to drop as well."""

PASSWORD = "password"  # noqa: S105 - of a server that lives for a test


@pytest.fixture
def guarded_mongod(tmp_path: Path) -> Iterator[Server]:
    """A mongod with logins: `reader` may read, `writer` may do all but rename and drop."""
    with mongod_server(tmp_path / "mongod") as server:
        with MongoClient[dict[str, Any]](uri_of(server)) as client:
            rights = [{"resource": {"db": "klantcontact", "collection": ""}, "actions": WITHOUT_DROPPING}]
            client.klantcontact.command("createRole", "writing", privileges=rights, roles=[])
            client.klantcontact.command("createUser", "reader", pwd=PASSWORD, roles=["read"])
            client.klantcontact.command("createUser", "writer", pwd=PASSWORD, roles=["writing"])
        yield server


@pytest.mark.parametrize("user", ["reader", "writer"])
def test_a_right_that_is_missing_shows_before_anything_was_done(
    kafka_bootstrap: str, topics: str, guarded_mongod: Server, user: str
) -> None:
    hosts = uri_of(guarded_mongod).rsplit("@", 1)[1]
    login = f"mongodb://{user}:{PASSWORD}@{hosts}&authSource=klantcontact"
    settings = settings_for(kafka_bootstrap, login, topics, "klantcontact")

    run = run_rebuild(settings)

    assert run.returncode == WRONG_USE
    assert "refuses this user (code 13)" in run.stderr
    assert "(the role operator of docs/roles.md) in the database klantcontact" in run.stderr
    assert PASSWORD not in run.stderr
    with MongoClient[dict[str, Any]](uri_of(guarded_mongod)) as client:
        left = set(client.klantcontact.list_collection_names())
    assert left == ({LOCK, COLLECTION, AUDIT_HEAD} if user == "writer" else set())
