"""`klantcontact selftest` finds a running system right, and wrong where it is; and leaves nothing but markers."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from pymongo import MongoClient

from services.local.servers.stack import Stack
from services.local.system import System
from services.operations.selftest.contacts import contact_ids, own_source
from tests.acceptance.pipeline import documents, read_all
from tests.acceptance.shared_system import shared_system
from tests.support.commands import run_command
from tests.support.guarded import guarded_stack
from tests.support.logins import as_role
from tests.support.operators_commands import command_stopped_before

MARKED: Final = "selftest@example.nl"
KEPT: Final = {"vervallen", "wissingen", "besluiten", "tellingen", "nummers", "sleutelcontrole"}
"""What may hold something of a selftest afterwards: markers, requests, tombstones, counts and numbers."""


@pytest.fixture(scope="module")
def system(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    with (
        guarded_stack(stack, tmp_path_factory.mktemp("guarded")) as guarded,
        shared_system(guarded, tmp_path_factory.mktemp("system"), topic_partitions=3) as running,
    ):
        yield running


def tried(system: System, *options: str) -> tuple[int, dict[str, Any]]:
    done = run_command(system.settings, "selftest", "--json", *options)
    return done.returncode, json.loads(done.stdout) if done.stdout else {"said": done.stderr}


def failed(told: dict[str, Any]) -> list[str]:
    return [each["name"] for each in told["checks"] if not each["ok"]]


def left(system: System) -> set[str]:
    """Return the collections that still hold documents of contacts."""
    return {name for name, kept in documents(system).items() if kept} - KEPT


def test_a_running_system_is_found_right_and_nothing_stays(system: System) -> None:
    status, told = tried(system)

    assert (status, told["right"], failed(told)) == (0, True, []), told
    assert [each["name"] for each in told["checks"]] == ["decisions", "documents", "events", "taken back"]
    assert told["checks"][0]["found"] == "as the policy says: V1; V2; V4 (nieuw); V4 (bestaand)"
    assert told["seconds"].keys() == {"published", "stored", "taken back"}
    assert left(system) == set()
    assert MARKED not in json.dumps(documents(system), default=str)
    [answered] = [each for each in documents(system)["besluiten"] if "gewistOp" not in each]
    assert answered["source"] == own_source(system.settings.source)
    events = [json.loads(each.value)["type"].removeprefix("nl.klantinteracties.") for each in _outputs(system)]
    assert events.count("klantcontact.registered") == 4
    assert "klantcontact.withdrawn" in events


def test_a_classifier_with_another_policy_is_found(system: System, tmp_path: Path) -> None:
    other = tmp_path / "other.toml"
    other.write_text('versie = "anders"\n[voldoende_middelen]\nstempas = "*"\n')

    status, told = tried(system, "--policy", str(other))

    assert (status, failed(told)) == (1, ["decisions", "events"]), told
    assert left(system) == set()


def test_a_policy_that_does_not_name_the_source_takes_nothing(system: System, tmp_path: Path) -> None:
    other = tmp_path / "other.toml"
    other.write_text('[bronnen."urn:nld:oin:00000000000000000000:systeem:ander"]\n')
    before = len(_outputs(system))

    status, told = tried(system, "--policy", str(other))

    assert (status, "nothing was sent" in told["said"]) == (1, True), told
    assert len(_outputs(system)) == before


def test_a_login_that_may_not_read_the_documents_sends_nothing(system: System) -> None:
    operator = as_role(system.settings, ["dlq", "list"])
    assert operator != system.settings, "this MongoDB has no logins by role, so nothing would be refused"
    before = len(_outputs(system))

    done = run_command(operator, "selftest")

    assert (done.returncode, "docs/roles.md names the role" in done.stderr) == (2, True), done.stderr
    assert "begins" not in done.stderr
    assert len(_outputs(system)) == before


def test_what_an_interrupted_run_left_is_taken_back(system: System) -> None:
    words = ["selftest", "--json"]
    with (
        command_stopped_before(
            system.settings, words, module="services.operations.selftest.selftest", function="_take_back"
        ),
        MongoClient[dict[str, Any]](system.settings.mongo_uri) as client,
    ):
        besluiten = client[system.settings.mongo_database]["besluiten"]
        [contact_id] = [each["contactId"] for each in besluiten.find({"uitgegeven.taakNummer": {"$exists": True}})]
    run = contact_id.split("-")[1]
    assert contact_id in contact_ids(run).values()
    assert left(system) == {"klantcontacten", "interne_taken", "partijen", "partijregister"}

    status, told = tried(system, "--take-back", run)

    assert (status, failed(told)) == (0, []), told
    assert left(system) == set()
    status, told = tried(system, "--take-back", run)
    assert (status, failed(told)) == (0, []), "and again there is nothing left to do"
    status, told = tried(system, "--take-back", "a" * 10)
    assert (status, told["checks"][0]["found"]) == (0, "nothing: no contact of run aaaaaaaaaa is registered"), told


def _outputs(system: System) -> list[Any]:
    return [each for each in read_all(system, system.settings.output_topics) if each.value]
