"""A command stands still past the lease of the operators' lock, and wakes when another has done its work."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.database import Database

from services.operations.dead_letters.states import COLLECTION
from services.operations.lock import operator_name
from services.projector.mongo.layout import Generation
from services.projector.mongo.register import MongoProjection
from services.projector.mongo.writes import Collection
from services.runtime.mongo.client import connect
from services.runtime.settings import Settings
from tests.faults.classifier_process import World
from tests.support.commands import run_command
from tests.support.kafka_tools import read_committed
from tests.support.letters import publish_letters
from tests.support.operators_commands import command_stopped_before, go_on, let_lease_lapse, let_lease_last, renew_lease
from tests.support.projector_examples import fact, taak_created
from tests.support.projector_process import publish, settings_for, stored
from tests.support.rebuild_process import report_of, run_rebuild, stopped_before
from tests.support.waiting import wait_for

DONE, FAULTS_FOUND = 0, 1

LETTERS = 20
PER_SECOND = 5
"""As many are marked at once."""

SENT = 7
"""Before the redrive stands still: five of them are marked."""

LOST = "This command stood still for too long, and another took the operators' lock."


@pytest.fixture
def there(world: World) -> Iterator[Database[dict[str, Any]]]:
    with MongoClient[dict[str, Any]](world.settings.mongo_uri) as client:
        yield client[world.settings.mongo_database]


def publish_some(world: World) -> None:
    publish_letters(world.settings, [json.dumps({"number": number}).encode() for number in range(LETTERS)])


def numbers_sent(world: World) -> list[int]:
    messages = read_committed(world.settings.kafka_bootstrap, [world.settings.contact_topics[0]])
    return [json.loads(each.value() or b"")["number"] for each in messages]


def states(there: Database[dict[str, Any]]) -> dict[str, list[str]]:
    """Return the changes of each letter that has any."""
    found = there[COLLECTION].find({"changes": {"$exists": True}})
    return {each["_id"].split("/")[1].split("@")[0]: [change["state"] for change in each["changes"]] for each in found}


def test_a_redrive_that_slept_past_its_lease_sends_and_marks_nothing_more(
    world: World, there: Database[dict[str, Any]]
) -> None:
    """The lease lapses by itself here, as that of a command that was killed does."""
    publish_some(world)
    slow = ["dlq", "redrive", "--all", "--rate", str(PER_SECOND)]
    discard = ["dlq", "discard", "--all", "--reason", "a test"]
    path = "services.operations.dead_letters.states"
    with command_stopped_before(
        world.settings, slow, module=path, function="LetterStates.confirm", calls=SENT
    ) as redriving:
        let_lease_last(there)
        refused = run_command(world.settings, *discard)
        assert refused.returncode == FAULTS_FOUND
        holder = f"`klantcontact dlq redrive` holds the operators' lock: process {redriving.pid} of {operator_name()}, "
        assert refused.stderr.startswith(holder)
        renew_lease(there)
        wait_for("the lease lapses", lambda: run_command(world.settings, *discard).returncode == DONE)
        before = states(there)

        status, said = go_on(redriving)

    assert (status, said.startswith(LOST)) == (FAULTS_FOUND, True), said
    assert f"{PER_SECOND} letters sent back and marked; of {SENT - PER_SECOND} more it is not known." in said
    assert numbers_sent(world) == list(range(SENT))
    assert states(there) == before
    assert list(before.values()).count(["redriven"]) == PER_SECOND
    assert list(before.values()).count(["discarded"]) == LETTERS - PER_SECOND


@pytest.mark.parametrize("command", [["redrive", "--all"], ["discard", "--all", "--reason", "a test"]])
def test_a_command_that_slept_past_its_lease_before_it_marked_letters_marks_none(
    world: World, there: Database[dict[str, Any]], command: list[str]
) -> None:
    publish_some(world)
    path = "services.operations.dead_letters.states"
    with command_stopped_before(
        world.settings, ["dlq", *command], module=path, function="LetterStates.change"
    ) as marking:
        let_lease_lapse(there)
        other = run_command(world.settings, "dlq", "discard", "--all", "--reason", "another")
        assert (other.returncode, other.stdout) == (DONE, f"{LETTERS} letters discarded\n"), other.stderr
        before = list(there[COLLECTION].find())

        status, said = go_on(marking)

    assert (status, said.startswith(LOST)) == (FAULTS_FOUND, True), said
    assert list(there[COLLECTION].find()) == before


async def published_and_projected(settings: Settings) -> None:
    events = [taak_created(f"c-{number}") for number in range(20)]
    publish(settings, events)
    async with await connect(settings) as client:
        register = MongoProjection(client, settings.mongo_database)
        await register.prepare(1_000_000)
        await register.apply([fact(event) for event in events])


@pytest.mark.parametrize("function", ["compare", "identities", "put_in_place"])
async def test_a_rebuild_that_slept_past_its_lease_puts_nothing_in_place(
    kafka_bootstrap: str, mongo_uri: str, topics: str, database: str, function: str
) -> None:
    settings = settings_for(kafka_bootstrap, mongo_uri, topics, database)
    await published_and_projected(settings)
    with (
        MongoClient[dict[str, Any]](mongo_uri, w="majority") as client,
        stopped_before(settings, function, module="rebuild", calls=function == "identities") as rebuilding,
    ):
        there = client[database]
        let_lease_lapse(there)
        other = run_rebuild(settings, "--json")
        assert other.returncode == DONE, other.stderr
        assert report_of(other)["outcome"] == ("finished" if function == "put_in_place" else "swapped")
        after = {each["name"]: each["info"]["uuid"] for each in there.list_collections()}
        documents = stored(settings)

        status, said = go_on(rebuilding)

        assert (status, said.startswith(LOST)) == (FAULTS_FOUND, True), said
        assert {each["name"]: each["info"]["uuid"] for each in there.list_collections()} == after
        assert stored(settings) == documents
        assert not {Generation.NEW.name_of(each) for each in Collection} & after.keys()
