"""A day of the person on duty: 5,000 contacts of which 500 are broken, a new policy, a rebuild, and three questions."""

import json
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from services.local.system import System, running_system
from services.runtime.settings import Settings
from tests.acceptance.pipeline import documents, publish, wait_until_all_is_stored
from tests.contacts import contact_ended, encoded
from tests.examples import contact, email, event, known, nth_bsn

NUMBER = 5_000
BROKEN = 500
KNOWN = 100
"""Contacts of klanten who are gekend by DigiD, about whom the stricter policy decides otherwise."""

WAYS = 5
STRICT = 'versie = "zonder digid"\n[voldoende_middelen]\ndossier = "*"\n'

Event = dict[str, Any]


def _events(first: int, number: int) -> Iterator[Event | bytes]:
    for at in range(first, first + number):
        if at % (NUMBER // BROKEN) == 1:
            yield _broken(at)
        elif at % (NUMBER // KNOWN) == 0:
            klant = known(number=nth_bsn(at % 97), toestemming="gegeven", adressen=[email()])
            yield event(contact(f"day-{at}", betrokkenen=[klant]))
        else:
            yield contact_ended(f"day-{at}")


def _broken(at: int) -> Event | bytes:
    """Break an event in one of five ways."""
    broken = contact_ended(f"day-{at}")
    match at // (NUMBER // BROKEN) % WAYS:
        case 0:
            del broken["data"]["kanaal"]
        case 1:
            broken["data"]["betrokkenen"][0]["rol"] = "beller"
        case 2:
            broken["data"]["plaatsgevondenOp"] = "2026-11-20 09:50"
        case 3:
            del broken["time"]
        case _:
            return encoded(broken)[:-1]
    return broken


def _repaired(line: Event) -> Event:
    mended: Event = line["event"]
    mended.setdefault("time", "2026-11-20T09:59:00Z")
    mended["data"].setdefault("kanaal", "telefoon")
    mended["data"]["plaatsgevondenOp"] = "2026-11-20T09:50:00Z"
    mended["data"]["betrokkenen"][0]["rol"] = "klant"
    return line


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """Both services, with a policy file that changes in the course of the day."""
    home: Path = tmp_path_factory.mktemp("system")
    beleid = home / "beleid.toml"
    beleid.write_text('versie = "ochtend"\n')
    with running_system(Settings(topic_partitions=4, beleid_file=beleid), folder=home, say=print) as running:
        yield running


def _run(system: System, *arguments: str) -> str:
    done = system.run(*arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_day_begins_with_500_dead_letters_in_five_groups(system: System) -> None:
    publish(system, _events(0, NUMBER))
    wait_until_all_is_stored(system)
    groups = json.loads(_run(system, "dlq", "list", "--json"))["groups"]
    assert [group["letters"] for group in groups] == [BROKEN // WAYS] * WAYS
    assert "letter" in _run(system, "dlq", "show", groups[0]["example"])


def test_what_can_be_mended_is_sent_back_and_the_rest_is_discarded(system: System) -> None:
    assert f"{BROKEN // WAYS} letters" in _run(
        system, "dlq", "discard", "--kind", "onleesbaar", "--reason", "cut off by the PBX, which sends them anew"
    )
    letters, mended = system.home / "letters.jsonl", system.home / "mended.jsonl"
    _run(system, "dlq", "export", str(letters))
    lines = [json.loads(line) for line in letters.read_text().splitlines()]
    mended.write_text("".join(f"{json.dumps(_repaired(line))}\n" for line in lines))
    _run(system, "dlq", "redrive", "--from", str(mended), "--dry-run")
    _run(system, "dlq", "redrive", "--from", str(mended))
    wait_until_all_is_stored(system)
    assert json.loads(_run(system, "dlq", "list", "--json"))["groups"] == []
    assert len(documents(system)["besluiten"]) == NUMBER - BROKEN // WAYS


def test_a_stricter_policy_is_looked_at_first_and_then_carried_out(system: System) -> None:
    strict = system.home / "strict.toml"
    strict.write_text(STRICT)
    shown = json.loads(_run(system, "replay", "--json", "--diff-only", "--policy", str(strict)).splitlines()[-1])
    assert shown["summary"]["regels"] == [{"was": "V4", "wordt": "V1", "onderwerpen": KNOWN}]
    assert system.settings.beleid_file is not None
    system.settings.beleid_file.write_text(STRICT)
    classifier = system.services["classifier"]
    classifier.stop()
    classifier.start()
    done = json.loads(_run(system, "replay", "--json", "--diff-only", "--execute").splitlines()[-1])
    assert done["summary"]["answers"] == {"judged as shown": KNOWN}
    wait_until_all_is_stored(system)
    assert documents(system)["partijen"] == []


def test_the_collections_are_rebuilt_while_publishing_goes_on(system: System) -> None:
    before = documents(system)
    publishing = threading.Thread(target=publish, args=(system, list(_events(NUMBER + 2, 8))))
    publishing.start()
    _run(system, "rebuild", "--accept-differences")
    publishing.join()
    wait_until_all_is_stored(system)
    after = documents(system)
    new = {each["_id"]: each for each in after["klantcontacten"]}
    assert [new[each["_id"]] for each in before["klantcontacten"]] == before["klantcontacten"]
    assert len(new) == len(before["klantcontacten"]) + 8
    assert {"klantcontacten_vorige", "partijen_vorige"} <= set(after)
    _run(system, "rebuild", "--drop-old")
    assert "klantcontacten_vorige" not in documents(system)


def test_three_contacts_are_explained(system: System) -> None:
    [mended] = [each for each in documents(system)["klantcontacten"] if each["herkomst"]["contactId"] == "day-1"]
    by_name = _run(system, "explain", "day-0")
    by_number = _run(system, "explain", "--nummer", mended["klantcontact"]["nummer"])
    by_id = _run(system, "explain", mended["_id"])
    assert "V1" in by_name
    assert "zonder digid" in by_name
    assert "day-1 " in by_number
    assert re.search(r"dead letters +\d+-\d+, .* contact_ongeldig at data\.kanaal", by_number)
    assert by_id == by_number
