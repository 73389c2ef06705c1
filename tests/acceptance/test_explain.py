"""What an operator is told of contacts that went through the running system."""

import json
from typing import Any

import pytest

from services.local.system import System
from tests.acceptance.pipeline import publish, wait_until_all_is_stored
from tests.support.commands import run_command
from tests.support.examples import CALL_BACK, Wire, contact, email, event, known, onderwerp

EARLIER = contact("mail-1", betrokkenen=[known(toestemming="gegeven", adressen=[email()])], op="2026-03-01T09:50:00Z")
CALL = contact("call-1", betrokkenen=[known()], onderwerpen=[onderwerp("o1", opvolging=CALL_BACK)])
WITHDRAWN = contact("call-2", onderwerpen=[onderwerp("o1", opvolging=CALL_BACK)])
REFUSED: Wire = {name: value for name, value in contact("broken-1").items() if name != "kanaal"}


@pytest.fixture(scope="module")
def fed(system: System) -> System:
    contacts = [EARLIER, CALL, WITHDRAWN, REFUSED]
    # One key: they are judged in this order.
    publish(system, [event(each, event_id=f"e-{at}", other={"partitionkey": "k"}) for at, each in enumerate(contacts)])
    publish(system, [event(contact("call-2", revisie=2), event_id="e-9", other={"partitionkey": "k"})])
    wait_until_all_is_stored(system)
    publish(system, [event(WITHDRAWN, event_id="e-10", other={"partitionkey": "k"})])
    wait_until_all_is_stored(system)
    return system


def told(system: System, text: str, *, status: int = 0) -> dict[str, Any]:
    done = run_command(system.settings, "explain", text, "--json")
    assert done.returncode == status, done.stdout + done.stderr
    read: dict[str, Any] = json.loads(done.stdout)
    return read


def test_a_registered_contact_is_told_with_the_consent_of_an_earlier_one_and_stands_as_decided(fed: System) -> None:
    found = told(fed, "call-1")

    [outcome], [facts] = found["decision"]["onderwerpen"], found["decision"]["partijen"]
    assert (outcome["regel"], outcome["partij"], facts["consent"]) == ("V4", "bestaand", True)
    assert facts["statement"]["contact"]["contactId"] == "mail-1"
    assert [(each["kind"], each["state"]) for each in found["projected"]] == [
        ("klantcontact", "stored"),
        ("interne_taak", "stored"),
        ("partij", "stored"),
    ]
    assert (found["kafka"]["recordIsHeld"], found["kafka"]["projectorBehind"]) == (True, 0)
    assert told(fed, outcome["klantcontact"]["nummer"])["decision"]["contactId"] == "call-1"


def test_a_correction_is_told_with_what_it_took_back(fed: System) -> None:
    found = told(fed, "call-2")

    assert [each["kind"] for each in found["decision"]["takenBack"]] == ["klantcontact", "interne_taak"]
    assert [each["regels"] for each in found["decision"]["voorgangers"]] == [["V2"]]
    assert {each["state"] for each in found["projected"]} == {"removed"}


def test_a_revisie_that_came_too_late_is_told(fed: System) -> None:
    overtaken = told(fed, "call-2")["kafka"]["overtaken"]

    assert [each["revisie"] for each in overtaken["newest"]] == [1]
    assert told(fed, "call-1")["kafka"]["overtaken"]["number"] == 0


def test_a_record_is_told_by_its_position(fed: System) -> None:
    late, refused = told(fed, "call-2")["kafka"]["overtaken"]["newest"][0], told(fed, "broken-1", status=1)

    of_late = told(fed, "{topic}:{partition}:{offset}".format(**late["position"]))
    of_refused = told(fed, "{topic}:{partition}:{offset}".format(**refused["sightings"][0]["position"]), status=1)

    assert (of_late["record"]["isHandled"], of_late["decision"]["revisie"]) == (True, 2)
    assert of_refused["letters"] == refused["letters"]


def test_a_refused_contact_is_told_with_its_dead_letter(fed: System) -> None:
    found = told(fed, "broken-1", status=1)

    assert found["decided"] is False
    assert [each["isJudged"] for each in found["sightings"]] == [True]
    assert [each["paths"] for each in found["letters"]["newest"]] == [["data.kanaal"]]


def test_decisions_are_counted(fed: System) -> None:
    counted = json.loads(run_command(fed.settings, "stats", "--json").stdout)

    assert counted == {
        "counts": [{"rule": "V1", "number": 1}, {"rule": "V2", "number": 1}, {"rule": "V4", "number": 2}],
        "total": 4,
    }
