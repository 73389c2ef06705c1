"""Stored contacts are judged again under another policy, while the services run: first dry, then for real."""

import json
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from services.local.servers.stack import Stack
from services.local.system import System
from tests.acceptance.pipeline import documents, publish, read_all, wait_until_all_is_stored
from tests.acceptance.policy import STRICT, start_classifier_with, system_with_policy_file
from tests.support.commands import run_command
from tests.support.examples import CALL_BACK, Wire, betrokkene, bsn, contact, email, event, known, nth_bsn, onderwerp
from tests.support.kafka_tools import committed_offsets

CONTACTS: list[Wire] = [
    contact("v4", betrokkenen=[known(toestemming="gegeven", adressen=[email()])]),
    contact("v1"),
    contact("v2", onderwerpen=[onderwerp(opvolging=CALL_BACK)]),
    contact("v3", betrokkenen=[known(number=nth_bsn(7))], onderwerpen=[onderwerp("t", opvolging=CALL_BACK)]),
    contact(
        "dossier", betrokkenen=[betrokkene(middel="dossier", identificatoren=[bsn(nth_bsn(8))], toestemming="gegeven")]
    ),
]


@pytest.fixture(scope="module")
def system(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """Both services, with a policy file that a test can change."""
    with system_with_policy_file(stack, tmp_path_factory.mktemp("system"), partitions=2) as running:
        publish(running, [event(each) for each in CONTACTS])
        wait_until_all_is_stored(running)
        yield running


def replay(system: System, *arguments: str) -> subprocess.CompletedProcess[str]:
    return run_command(system.settings, "replay", *arguments)


def answered(done: subprocess.CompletedProcess[str]) -> tuple[dict[str, list[list[str]]], Wire]:
    """Return for each contact that differs the rules before and after, and the summary."""
    *rows, last = map(json.loads, done.stdout.splitlines())
    rules = {
        row["contactId"]: [[each["was"]["regel"], each["wordt"]["regel"]] for each in row.get("onderwerpen", [])]
        for row in rows
    }
    return rules, last["summary"]


def outputs(system: System) -> list[dict[str, Any]]:
    settings = system.settings
    topics = settings.output_topics
    return [json.loads(each.value) for each in read_all(system, topics)]


def of_contact(system: System, contact_id: str) -> Counter[tuple[str, int]]:
    """Count the events of a contact by id and besluitversie."""
    return Counter(
        (each["id"], each["data"]["besluit"]["besluitversie"])
        for each in outputs(system)
        if each["data"]["herkomst"]["contactId"] == contact_id
    )


def positions(system: System) -> list[int]:
    settings = system.settings
    return committed_offsets(
        settings.kafka_bootstrap, group=settings.classifier_group, topic=settings.contact_topics[0], partitions=2
    )


def test_under_the_policy_in_force_nothing_would_change(system: System) -> None:
    before, at = documents(system), positions(system)
    done = replay(system, "--json")
    rules, summary = answered(done)
    assert done.returncode == 0, done.stderr
    assert rules == {each["contactId"]: [] for each in CONTACTS}
    assert summary["records"]["same"] == len(CONTACTS)
    assert (documents(system), positions(system)) == (before, at)


def test_a_dry_run_under_another_policy_shows_the_difference_and_changes_nothing(
    system: System, tmp_path: Path
) -> None:
    strict = tmp_path / "strict.toml"
    strict.write_text(STRICT)
    before, at = documents(system), positions(system)
    done = replay(system, "--json", "--diff-only", "--policy", str(strict))
    rules, summary = answered(done)
    assert done.returncode == 0, done.stderr
    assert rules == {"v4": [["V4", "V1"]], "v3": [["V3", "V2"]]}
    assert summary["regels"] == [
        {"was": "V3", "wordt": "V2", "onderwerpen": 1},
        {"was": "V4", "wordt": "V1", "onderwerpen": 1},
    ]
    assert (documents(system), positions(system)) == (before, at)
    shown = replay(system, "--diff-only", "--policy", str(strict))
    assert "V4 → V1" in shown.stdout
    assert "Nothing was changed." in shown.stderr


def test_what_the_classifier_does_otherwise_than_shown_is_told(system: System, tmp_path: Path) -> None:
    strict = tmp_path / "strict.toml"
    strict.write_text(STRICT)
    before = documents(system)
    done = replay(system, "--execute", "--contact", "v4", "--policy", str(strict))
    assert done.returncode == 1
    assert "left as it was" in done.stdout
    assert "does the classifier run with the policy that was used here?" in done.stderr
    assert documents(system) == before


def test_executed_it_brings_about_what_was_shown_and_a_second_time_nothing(system: System) -> None:
    start_classifier_with(system, STRICT)
    before = {(each["type"], each["id"]) for each in outputs(system)}
    done = replay(system, "--execute", "--json", "--diff-only")
    rules, summary = answered(done)
    assert done.returncode == 0, done.stdout + done.stderr
    assert rules == {"v4": [["V4", "V1"]], "v3": [["V3", "V2"]]}
    assert summary["answers"] == {"judged as shown": 2}
    wait_until_all_is_stored(system)
    new = [each for each in outputs(system) if (each["type"], each["id"]) not in before]
    assert sorted((each["type"].split(".", 2)[2], each["data"]["herkomst"]["contactId"]) for each in new) == [
        ("klantcontact.registered", "v3"),
        ("klantcontact.withdrawn", "v4"),
        ("partij.withdrawn", "v3"),
        ("partij.withdrawn", "v4"),
        ("taak.created", "v3"),
    ]
    assert {each["data"]["besluit"]["besluitversie"] for each in new} == {2}
    stored = documents(system)
    assert {each["herkomst"]["contactId"] for each in stored["klantcontacten"]} == {"v2", "v3", "dossier"}
    again = replay(system, "--execute", "--json", "--diff-only")
    assert answered(again)[0] == {}
    assert len(outputs(system)) == len(before) + len(new)


def test_a_redelivery_afterwards_publishes_nothing(system: System) -> None:
    before = of_contact(system, "v3")
    publish(system, [event(CONTACTS[3])])
    wait_until_all_is_stored(system)
    assert of_contact(system, "v3") == before


def test_asked_to_publish_again_it_publishes_the_newest_judgement_once_for_each_request(system: System) -> None:
    before, stored = of_contact(system, "v3"), documents(system)
    newest = Counter(key for key in before if key[1] == 2)
    assert len(newest) == 3
    dry = replay(system, "--publish-again", "--contact", "v3", "--json")
    assert dry.returncode == 0, dry.stderr
    assert answered(dry)[1]["events"] == 3
    assert of_contact(system, "v3") == before
    done = replay(system, "--publish-again", "--contact", "v3", "--execute")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "published again: 3 events" in done.stdout
    wait_until_all_is_stored(system)
    assert of_contact(system, "v3") == before + newest
    assert documents(system) == stored


@pytest.mark.parametrize(
    ("arguments", "status", "told"),
    [
        (["--from", "yesterday"], 2, "a moment looks like"),
        (["--from", "2026-11-02T00:00:00Z", "--to", "2026-11-01T00:00:00Z"], 2, "--from must lie before --to"),
        (["--offsets", "0:9-3"], 2, "--offsets looks like"),
        (["--offsets", "0:1-2", "--contact", "v4"], 2, "not several of them"),
        (["--offsets", "0:0-0", "--offsets", "0:1-1"], 2, "--offsets names partition 0 twice"),
        (["--publish-again", "--with-current-register"], 2, "--publish-again judges nothing"),
        (["--offsets", "9:0-1"], 2, "contact.ended has no partition 9"),
        (["--offsets", "0:0-100000"], 2, "Partition 0 ends before offset"),
        (["--contact", "nobody\x1b[2J"], 1, "There is no decision about contact nobody\ufffd[2J:"),
        (["--source", "urn:nobody"], 0, "No record fits the selection"),
    ],
)
def test_what_can_not_be_selected_is_told(system: System, arguments: list[str], status: int, told: str) -> None:
    done = replay(system, *arguments)
    assert (done.returncode, done.stdout) == (status, "")
    # A box around the message may break its lines.
    assert told in " ".join(done.stderr.replace("│", " ").split())


def test_contacts_are_found_by_their_names_without_reading_the_topic(system: System) -> None:
    names = [each["contactId"] for each in CONTACTS]
    done = replay(system, "--json", *[option for name in names for option in ("--contact", name)])
    rules, _ = answered(done)
    assert rules.keys() == set(names)


def test_one_contact_is_found_by_its_name_without_reading_the_topic(system: System) -> None:
    done = replay(system, "--json", "--contact", "v2")
    rules, summary = answered(done)
    assert rules == {"v2": []}
    assert sum(summary["records"].values()) == 1


def test_contacts_of_one_klant_in_other_batches_come_out_as_the_dry_run_shows(system: System) -> None:
    names = [f"q{number}" for number in range(6)]
    klant = betrokkene(middel="controlevragen", identificatoren=[bsn(nth_bsn(9))], toestemming="gegeven")
    # A batch is of one partition, and the key of each contact puts it on one of the two.
    publish(system, [event(contact(each, betrokkenen=[klant]), other={"partitionkey": each}) for each in names])
    wait_until_all_is_stored(system)
    start_classifier_with(system, 'versie = "met controlevragen"\n[voldoende_middelen]\ncontrolevragen = "*"\n')
    selected = [option for name in names for option in ("--contact", name)]
    shown = [json.loads(each) for each in replay(system, "--json", *selected).stdout.splitlines()[:-1]]
    done = [json.loads(each) for each in replay(system, "--json", "--execute", *selected).stdout.splitlines()[:-1]]
    assert {each["partition"] for each in shown} == {0, 1}
    assert Counter(each["onderwerpen"][0]["wordt"]["partij"] for each in shown) == {"nieuw": 1, "bestaand": 5}
    assert done == [{**each, "answer": "judged as shown"} for each in shown]


def test_a_policy_that_names_other_sources_lets_what_was_accepted_be_judged_again_and_refuses_what_is_new(
    system: System,
) -> None:
    start_classifier_with(system, 'versie = "eerst"\n')
    publish(system, [event(contact("before", betrokkenen=[known(number=nth_bsn(10), toestemming="gegeven")]))])
    wait_until_all_is_stored(system)
    start_classifier_with(system, f'{STRICT}[bronnen."urn:another"]\n')
    publish(system, [event(contact("refused"))])
    wait_until_all_is_stored(system)
    assert answered(replay(system, "--json"))[1]["records"]["dead letter"] == 1
    shown = replay(system, "--json", "--contact", "before")
    assert answered(shown)[0] == {"before": [["V4", "V1"]]}
    done = replay(system, "--json", "--contact", "before", "--execute")
    assert done.returncode == 0, done.stdout + done.stderr
    assert answered(done)[1]["answers"] == {"judged as shown": 1}
    listed = json.loads(run_command(system.settings, "dlq", "list", "--json").stdout)["groups"]
    assert [(each["kind"], each["letters"]) for each in listed] == [("bron_niet_toegestaan", 1)]
    told = run_command(system.settings, "explain", "refused")
    assert "bron_niet_toegestaan" in told.stdout, told.stderr
