"""A day of an operator: contacts of which a tenth is broken, a new policy, a rebuild, and three questions.

The pages type it with 5,000 contacts, as `make privacy` does. A short run has fewer.
"""

import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from services.local.sample import sample
from services.local.servers.stack import Stack
from services.local.system import System
from tests.acceptance.pipeline import documents, publish, wait_until_all_is_stored
from tests.acceptance.policy import system_with_policy_file
from tests.support.commands import run_command
from tests.support.whole import whole

OF_THE_PAGES = (5_000, 500)
CONTACTS, BROKEN = whole((1_500, 150), OF_THE_PAGES)
STRICT = 'versie = "2"\n[voldoende_middelen]\neherkenning = "*"\ndossier = "*"\n'

Event = dict[str, Any]


def _corrected(line: Event) -> Event:
    """Mend what is wrong, as a person would in the file."""
    mended: Event = line["event"]
    mended.setdefault("time", "2026-11-20T10:00:00Z")
    data = mended["data"]
    data.setdefault("kanaal", "telefoon")
    data["actoren"][0]["naam"] = "KCC"
    if not re.search(r"(Z|[+-]\d\d:\d\d)$", data["plaatsgevondenOp"]):
        data["plaatsgevondenOp"] += "Z"
    return line


@pytest.fixture(scope="module")
def system(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """Both services, with a policy file that changes in the course of the day."""
    home = tmp_path_factory.mktemp("system")
    with system_with_policy_file(stack, home, partitions=4, policy='versie = "1"\n') as running:
        yield running


def _run(system: System, *arguments: str) -> str:
    done = run_command(system.settings, *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _groups(system: System) -> list[Event]:
    groups: list[Event] = json.loads(_run(system, "dlq", "list", "--json"))["groups"]
    return groups


def _summary(system: System, *arguments: str) -> Event:
    summary: Event = json.loads(_run(system, "replay", "--json", "--diff-only", *arguments).splitlines()[-1])["summary"]
    return summary


def test_the_day_begins_with_dead_letters_of_five_kinds(system: System) -> None:
    publish(system, sample(CONTACTS, broken=BROKEN))
    wait_until_all_is_stored(system)
    groups = _groups(system)
    assert {path for group in groups for path in group["paths"]} == {
        "",
        "time",
        "data.kanaal",
        "data.plaatsgevondenOp",
        "data.actoren.*.naam",
    }
    assert sum(group["letters"] for group in groups) == BROKEN
    assert "letter" in _run(system, "dlq", "show", groups[0]["example"])


def test_what_can_be_mended_is_sent_back_and_the_rest_is_discarded(system: System) -> None:
    reason = ("--reason", "cut off by the PBX, which sends them anew")
    assert _run(system, "dlq", "discard", "--kind", "onleesbaar", *reason) == f"{BROKEN // 5} letters discarded\n"
    letters, corrected = system.home / "letters.jsonl", system.home / "corrected.jsonl"
    _run(system, "dlq", "export", str(letters))
    lines = [json.loads(line) for line in letters.read_text().splitlines()]
    corrected.write_text("".join(f"{json.dumps(_corrected(line))}\n" for line in lines))
    _run(system, "dlq", "redrive", "--from", str(corrected), "--dry-run")
    assert _run(system, "dlq", "redrive", "--from", str(corrected)) == f"{BROKEN - BROKEN // 5} letters sent back\n"
    wait_until_all_is_stored(system)
    # Where a correction of the contact came before, its broken revisie is none that can be mended like this.
    assert {group["kind"] for group in _groups(system)} == {"revisie_conflict"}


def test_a_stricter_policy_is_looked_at_first_and_then_carried_out(system: System) -> None:
    strict = system.home / "strict.toml"
    strict.write_text(STRICT)
    shown = _summary(system, "--policy", str(strict))
    changes = shown["records"]["changes"]
    assert changes > CONTACTS // 5
    assert {(each["was"], each["wordt"]) for each in shown["regels"]} >= {("V4", "V1"), ("V4", "V2"), ("V3", "V1")}
    assert system.settings.beleid_file is not None
    system.settings.beleid_file.write_text(STRICT)
    classifier = system.services["classifier"]
    classifier.stop()
    classifier.start()
    done = _summary(system, "--execute")
    assert done["answers"] == {"judged as shown": changes}
    assert done["regels"] == shown["regels"]
    assert _summary(system)["records"]["changes"] == 0
    wait_until_all_is_stored(system)


def test_the_collections_are_rebuilt_while_publishing_goes_on(system: System) -> None:
    before = documents(system)["klantcontacten"]
    more = list(sample(CONTACTS + 1_000))[CONTACTS:]
    with ThreadPoolExecutor(max_workers=1) as aside:
        publishing = aside.submit(publish, system, more)
        _run(system, "rebuild", "--accept-differences")
        publishing.result()
    wait_until_all_is_stored(system)
    after = documents(system)
    stored = {each["_id"] for each in after["klantcontacten"]}
    decided = [each for besluit in after["besluiten"] for each in besluit["onderwerpen"] if each.get("klantcontact")]
    assert {each["_id"] for each in before} <= stored
    assert len(stored) == len(decided)
    assert "klantcontacten_vorige" in after
    _run(system, "rebuild", "--drop-old")
    assert "klantcontacten_vorige" not in documents(system)


def test_three_contacts_are_explained(system: System) -> None:
    stored = documents(system)["klantcontacten"][0]
    by_id = _run(system, "explain", stored["_id"])
    by_number = _run(system, "explain", "--nummer", stored["klantcontact"]["nummer"])
    assert by_id == by_number
    assert f"klantcontact {stored['klantcontact']['nummer']} stored" in by_id
    by_name = _run(system, "explain", "C7352-eerder-0-0")
    assert re.search(r"earlier +.* V4, policy 1", by_name)
    assert re.search(r"taken back +klantcontact \d+;", by_name)
