"""Each service and command works under its role in MongoDB, and whatever the role does not grant is refused.

The two databases are apart here, so that a right on the wrong one shows too.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from pymongo import MongoClient
from pymongo.errors import OperationFailure

from services.classifier.mongo.register import BESLUITEN
from services.local.servers.stack import Stack
from services.local.system import System
from services.runtime.mongo.client import Document
from services.runtime.mongo.roles import ROLES, Holder, role_name
from services.runtime.settings import Settings
from services.runtime.stops.store import STOPS
from tests.acceptance.pipeline import publish, wait_until_all_is_stored
from tests.acceptance.secure_town import contacts
from tests.acceptance.shared_system import shared_system
from tests.support.commands import run_command
from tests.support.guarded import guarded_stack
from tests.support.leftovers import remove_database
from tests.support.logins import login

pytestmark = pytest.mark.server

UNAUTHORIZED = 13

COMMANDS: dict[str, Document] = {
    "find": {"find": "", "limit": 1},
    "insert": {"insert": "", "documents": [{"marked": 1}]},
    "update": {"update": "", "updates": [{"q": {"marked": 1}, "u": {"$set": {"marked": 2}}}]},
    "remove": {"delete": "", "deletes": [{"q": {"marked": 1}, "limit": 0}]},
    "createIndex": {"createIndexes": "", "indexes": [{"key": {"marked": 1}, "name": "marked"}]},
    "listIndexes": {"listIndexes": ""},
    "dropIndex": {"dropIndexes": "", "index": "marked"},
    "collMod": {"collMod": "", "validationLevel": "strict"},
    "dropCollection": {"drop": ""},
}
"""What is tried, by the action that MongoDB asks for it. The first value is the name of the collection."""


def every_collection() -> set[tuple[Holder, str]]:
    return {
        (right.holder, name) for role in ROLES.values() for right in role.rights for name in right.collections if name
    }


@pytest.fixture(scope="module")
def guarded(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The servers, with a MongoDB that asks who a client is, also where KLANTCONTACT_TEST_MONGO names another."""
    with guarded_stack(stack, tmp_path_factory.mktemp("guarded")) as guarded:
        yield guarded


@pytest.fixture(scope="module")
def apart(guarded: Stack) -> Iterator[Settings]:
    """Two databases, each with every collection of both."""
    name = f"test-{uuid4().hex[:12]}"
    settings = Settings(mongo_uri=guarded.mongo_uri, mongo_database=name, mongo_register_database=f"{name}-register")
    with MongoClient[Document](guarded.mongo_uri) as client:
        for database in (settings.mongo_database, settings.register_database):
            for _, collection in every_collection():
                client[database][collection].insert_one({})
    yield settings
    for database in (settings.mongo_database, settings.register_database):
        remove_database(guarded.mongo_uri, database)


@pytest.mark.parametrize("role", ROLES)
def test_a_role_may_do_what_it_says_and_nothing_else(apart: Settings, role: str) -> None:
    file = login(apart.mongo_uri, apart.mongo_database, apart.mongo_register_database, role)
    databases = {Holder.REGISTER: apart.register_database, Holder.PROJECTION: apart.mongo_database}
    every = {name for _, name in every_collection()}
    granted = {
        (databases[right.holder], collection, action)
        for right in ROLES[role].rights
        for named in right.collections
        for collection in ((named,) if named else every | {""})
        for action in right.actions
    }
    with MongoClient[Document](file.read_text()) as client:
        tried = {
            (database, collection, action): is_refused(client, database, {**command, next(iter(command)): collection})
            for database in databases.values()
            for _, collection in every_collection()
            for action, command in COMMANDS.items()
        }
        tried |= {
            (database, "", "listCollections"): is_refused(client, database, {"listCollections": 1})
            for database in databases.values()
        }
        assert is_refused(client, "local", {"find": "oplog.rs", "limit": 1})
        assert is_refused(client, apart.mongo_database, {"dropDatabase": 1})
        assert is_refused(client, "admin", {"find": "system.users"})
    # Whether a collection is there, and so whether a command succeeds, does not matter: only who is refused does.
    assert {right for right, refused in tried.items() if not refused} == granted & tried.keys()
    assert sum(tried.values()) > len(tried) / 2


def is_refused(client: MongoClient[Document], database: str, command: Document) -> bool:
    """Whether MongoDB refuses a command for want of a right."""
    try:
        client[database].command(command)
    except OperationFailure as error:
        return error.code == UNAUTHORIZED
    return False


def test_the_services_see_nothing_of_each_other() -> None:
    def seen(role: str) -> set[tuple[Holder, str]]:
        return {(right.holder, name) for right in ROLES[role].rights for name in right.collections}

    assert {holder for holder, _ in seen("classifier")} == {Holder.REGISTER}
    assert {holder for holder, _ in seen("projector")} == {Holder.PROJECTION}


# A day under the roles ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def system(guarded: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """Both services under their roles, on two databases; they have taken in five contacts and a broken event."""
    register = f"test-{uuid4().hex[:12]}-register"
    with shared_system(guarded, tmp_path_factory.mktemp("roles"), mongo_register_database=register) as running:
        publish(running, [*contacts(), b'{"kapot": true}'])
        wait_until_all_is_stored(running)
        yield running
    remove_database(guarded.mongo_uri, register)


def run(system: System, *arguments: str) -> str:
    """Run a command under its role, and return what it wrote."""
    done = run_command(system.settings, *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "refuses this user" not in done.stdout + done.stderr
    return done.stdout


def test_each_service_keeps_its_own_in_its_own_database(system: System) -> None:
    settings = system.settings
    with MongoClient[Document](settings.mongo_uri) as client:
        register, projection = client[settings.register_database], client[settings.mongo_database]
        assert register[BESLUITEN].count_documents({}) == 5
        assert projection["klantcontacten"].count_documents({}) == 5
        there = {(Holder.REGISTER, name) for name in register.list_collection_names()}
        there |= {(Holder.PROJECTION, name) for name in projection.list_collection_names()}
    assert there <= every_collection()
    assert {name for holder, name in there if holder is Holder.PROJECTION}.isdisjoint({BESLUITEN, "partijregister"})


def test_an_operator_does_all_work_under_the_role_operator(system: System, tmp_path: Path) -> None:
    letters = json.loads(run(system, "dlq", "list", "--json"))
    letter = letters["groups"][0]["example"]
    run(system, "dlq", "show", letter, "--content")
    run(system, "dlq", "export", str(tmp_path / "letters.jsonl"))
    run(system, "dlq", "redrive", "--all")
    wait_until_all_is_stored(system)
    run(system, "dlq", "discard", "--all", "--reason", "a test")
    assert "V3" in run(system, "explain", "c-known", "--contact")
    run(system, "stats")
    run(system, "replay")
    run(system, "rebuild", "--dry-run")
    run(system, "rebuild")
    run(system, "rebuild", "--drop-old")
    assert "exactly the rights of the role operator" in run(system, "doctor", "--as", "operator")


def test_an_operator_skips_what_either_service_stopped_at(system: System) -> None:
    settings = system.settings
    for topic, database in (
        (settings.contact_topics[0], settings.register_database),
        (settings.registered_topic, settings.mongo_database),
    ):
        stop = {"topic": topic, "partition": 0, "offset": 10**6, "reasons": [], "starts": 1, "since": datetime.now(UTC)}
        with MongoClient[Document](settings.mongo_uri) as client:
            client[database][STOPS].insert_one({"_id": f"{topic}/0", **stop})
            run(system, "skip", topic, "0", str(10**6), "--reason", "a test")
            skipped = client[database][STOPS].find_one_and_delete({"_id": f"{topic}/0"})
            assert skipped is not None
            assert skipped["skip"]["reason"] == "a test"


@pytest.mark.parametrize("role", ["classifier", "projector", "reader", "taken-confidential"])
def test_a_command_under_another_role_is_refused_and_says_so(system: System, role: str) -> None:
    settings = system.settings
    file = login(settings.mongo_uri, settings.mongo_database, settings.mongo_register_database, role)
    for command in (["explain", "c-known"], ["dlq", "discard", "--all", "--reason", "none"], ["rebuild"]):
        other = {**settings.environment(), "KLANTCONTACT_MONGO_URI_FILE": str(file)}
        del other["KLANTCONTACT_MONGO_URI"]
        done = run_command(None, *command, variables=other)
        assert done.returncode == 2, done.stdout + done.stderr
        assert "refuses this user (code 13)" in done.stderr


def test_the_doctor_sees_a_register_that_was_left_behind(system: System) -> None:
    settings = system.settings
    assert f"the register stands in {settings.register_database}" in run_command(settings, "doctor", "--json").stdout
    with MongoClient[Document](settings.mongo_uri) as client:
        client[settings.mongo_database][BESLUITEN].insert_one({})
        told = run_command(settings, "doctor", "--json")
        client[settings.mongo_database][BESLUITEN].drop()
    assert told.returncode == 1
    assert f"besluiten stand in {settings.mongo_database}, where the classifier does not look" in told.stdout


# `doctor --as` --------------------------------------------------------------------------------------------------------


def as_user(system: System, role: str, name: str) -> tuple[int, str]:
    """Return the status and the answer of `doctor --as NAME` under a role."""
    settings = system.settings
    file = login(settings.mongo_uri, settings.mongo_database, settings.mongo_register_database, role)
    theirs = {**settings.environment(), "KLANTCONTACT_MONGO_URI_FILE": str(file)}
    del theirs["KLANTCONTACT_MONGO_URI"]
    done = run_command(None, "doctor", "--as", name, "--json", variables=theirs)
    check: dict[str, Any] = json.loads(done.stdout)["checks"][0]
    return done.returncode, check["found"]


@pytest.mark.parametrize("role", ROLES)
def test_the_doctor_finds_each_role_exact(system: System, role: str) -> None:
    status, found = as_user(system, role, role)
    assert (status, found.split(" has ")[1]) == (0, f"exactly the rights of the role {role}")


def test_the_doctor_names_what_is_missing_and_what_is_too_much(system: System) -> None:
    database = system.settings.mongo_database
    status, found = as_user(system, "taken", "reader-confidential")
    assert status == 1
    assert f"missing: find on {database}.interne_taken_vertrouwelijk" in found
    assert f"too many: update on {database}.interne_taken" in found


def test_a_user_that_may_do_all_has_too_much(system: System) -> None:
    done = run_command(None, "doctor", "--as", "reader", "--json", variables=system.settings.environment())
    (check,) = json.loads(done.stdout)["checks"]
    assert done.returncode == 1
    assert "missing" not in check["found"]
    assert "on every database" in check["found"]


def test_an_administrator_asks_about_another_user(system: System) -> None:
    settings = system.settings
    user = role_name(settings, "projector")
    done = run_command(None, "doctor", "--as", user, "--json", variables=settings.environment())
    (check,) = json.loads(done.stdout)["checks"]
    assert (done.returncode, check["found"]) == (0, f"user {user} has exactly the rights of the role projector")
    status, found = as_user(system, "reader", "nobody")
    assert status == 1
    assert "none of the roles" in found
