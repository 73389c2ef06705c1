"""Events that are broken in five ways, from the classifier's refusal to their repair, as an operator types it."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from services.local.system import System
from tests.acceptance.pipeline import documents, publish, wait_until_all_is_stored
from tests.support.commands import run_command
from tests.support.contacts import SOURCE, contact_ended, encoded

EACH = 4

CANARY = "zqinhoudqz"
"""Stands in every broken event, where a person would have written; nobody may see it who does not ask for contents."""

WAYS = ("no kanaal", "unknown rol", "blank naam of an actor", "no time", "no JSON")


def _broken(way: str, contact_id: str) -> dict[str, Any] | bytes:
    event = contact_ended(contact_id)
    data = event["data"]
    data["onderwerpen"][0]["inhoud"] = CANARY
    match way:
        case "no kanaal":
            del data["kanaal"]
        case "unknown rol":
            data["betrokkenen"][0]["rol"] = CANARY
        case "blank naam of an actor":
            data["actoren"][0]["naam"] = " "
        case "no time":
            del event["time"]
        case "no JSON":
            return encoded(event)[:-1]
    return event


def _repair(line: dict[str, Any]) -> dict[str, Any]:
    """Mend what is wrong, as a person would in the file."""
    if "value" in line:
        line["event"] = json.loads(line.pop("value") + "}")
    event = line["event"]
    event.setdefault("time", "2026-11-20T09:59:00Z")
    event["data"].setdefault("kanaal", "telefoon")
    event["data"]["betrokkenen"][0]["rol"] = "klant"
    event["data"]["actoren"][0]["naam"] = "Balie"
    return line


def _contacts() -> Iterator[tuple[str, str]]:
    return ((way, f"dlq-{way.replace(' ', '-')}-{number}") for way in WAYS for number in range(EACH))


def _listed(system: System, *options: str) -> list[dict[str, Any]]:
    done = run_command(system.settings, "dlq", "list", "--json", *options)
    assert done.returncode == 0, done.stderr
    groups: list[dict[str, Any]] = json.loads(done.stdout)["groups"]
    return groups


def _number(system: System, *options: str) -> int:
    return sum(group["letters"] for group in _listed(system, *options))


def _done(system: System, *arguments: str) -> subprocess.CompletedProcess[str]:
    done = run_command(system.settings, "dlq", *arguments)
    assert done.returncode == 0, done.stderr
    return done


@pytest.fixture(scope="module")
def broken(system: System) -> System:
    publish(system, [contact_ended("dlq-good"), *(_broken(way, contact_id) for way, contact_id in _contacts())])
    wait_until_all_is_stored(system)
    return system


def test_broken_events_are_listed_shown_repaired_and_decided(broken: System, tmp_path: Path) -> None:
    groups = _listed(broken, "--source", SOURCE, "--source", "-")
    kinds = {(group["kind"], tuple(group["paths"]), group["source"]) for group in groups}
    assert kinds == {
        ("contact_ongeldig", ("data.kanaal",), SOURCE),
        ("contact_ongeldig", ("data.betrokkenen.*.rol",), SOURCE),
        ("contact_ongeldig", ("data.actoren.*.naam",), SOURCE),
        ("envelop_ongeldig", ("time",), SOURCE),
        ("onleesbaar", ("",), SOURCE),
    }
    assert {group["letters"] for group in groups} == {EACH}

    for shown in (_done(broken, "list"), *(_done(broken, "show", group["example"]) for group in groups)):
        assert CANARY not in shown.stdout + shown.stderr
    example = groups[0]["example"]
    with_content = _done(broken, "show", "--content", example)
    assert CANARY in with_content.stdout
    assert CANARY not in with_content.stderr
    noted = json.loads(run_command(broken.settings, "audit", "show", "--json").stdout.splitlines()[-1])
    assert (noted["command"], noted["ids"]) == ("dlq show --content", [example])

    letters = tmp_path / "letters.jsonl"
    _done(broken, "export", str(letters), "--source", SOURCE, "--source", "-")
    corrected = tmp_path / "corrected.jsonl"
    lines = [json.loads(line) for line in letters.read_text().splitlines()]
    corrected.write_text("".join(json.dumps(_repair(line)) + "\n" for line in lines))
    assert len(lines) == len(WAYS) * EACH
    assert CANARY not in "".join(_done(broken, "redrive", "--from", str(corrected), "--dry-run").stdout)
    sent = _done(broken, "redrive", "--from", str(corrected))
    assert sent.stdout == f"{len(lines)} letters sent back\n"

    wait_until_all_is_stored(broken)
    stored = {each["herkomst"]["contactId"] for each in documents(broken)["klantcontacten"]}
    assert stored >= {contact_id for _, contact_id in _contacts()}
    assert _number(broken, "--source", SOURCE, "--source", "-") == 0
    assert _number(broken, "--source", SOURCE, "--source", "-", "--state", "redriven") == len(lines)
    assert CANARY not in json.dumps(documents(broken)["dead_letters"], default=str)
    assert not any(CANARY in service.log_since_start() for service in broken.services.values())


def test_a_letter_that_fails_again_counts_on_and_keeps_its_history(system: System) -> None:
    source = ("--source", "urn:nld:oin:00000001823288444000:systeem:balie")
    publish(system, [{**contact_ended("dlq-again"), "source": source[1], "time": None}])
    wait_until_all_is_stored(system)
    (group,) = _listed(system, *source)
    first = group["example"]

    _done(system, "redrive", "--id", first)
    wait_until_all_is_stored(system)

    (again,) = _listed(system, *source)
    second = again["example"]
    told = json.loads(_done(system, "show", "--json", second).stdout)
    assert (told["attempt"], told["state"], told["earlier"]) == (2, "open", [first])
    of_first = json.loads(_done(system, "show", "--json", first).stdout)
    assert (of_first["state"], of_first["later"]) == ("redriven", [second])
    assert [change["state"] for change in of_first["changes"]] == ["redriven"]

    _done(system, "discard", *source, "--reason", "sent by a test")
    assert _number(system, *source) == 0
    assert json.loads(_done(system, "show", "--json", second).stdout)["changes"][0]["reason"] == "sent by a test"
