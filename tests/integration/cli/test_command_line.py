"""`klantcontact …` as a person or a program uses it: its output and its exit status."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from schemas.faults import HINTS, FaultKind
from services.local.servers.network import HOST, free_port
from services.runtime.secret import HOW_TO_GET_ONE
from services.runtime.settings import Settings
from tests.support.commands import klantcontact
from tests.support.contacts import SOURCE, contact_ended
from tests.support.kafka_tools import topic_names

SECONDS = 60

DONE, FAULTS_FOUND, WRONG_USE = 0, 1, 2


def _line(event: object) -> bytes:
    return json.dumps(event).encode() + b"\n"


@pytest.fixture
def settings(kafka_bootstrap: str, topics: str) -> Settings:
    return Settings(kafka_bootstrap=kafka_bootstrap, topic_partitions=2, **topic_names(topics))


@pytest.fixture
def away() -> Settings:
    return Settings(kafka_bootstrap=f"{HOST}:{free_port()}")


# classify ------------------------------------------------------------------------------------------------------------


def test_classify_prints_one_compact_object_a_line_and_ends_with_0(tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    file.write_bytes(_line(contact_ended("c-1")) + b"\n" + _line(contact_ended("contact één")))

    done = klantcontact("classify", str(file))

    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == DONE
    assert [answer["contactId"] for answer in answers] == ["c-1", "contact één"]
    assert [outcome["regel"] for answer in answers for outcome in answer["uitkomsten"]] == ["V2", "V2"]
    assert "één".encode() in done.stdout
    assert done.stdout == b"".join(
        json.dumps(answer, ensure_ascii=False, separators=(",", ":")).encode() + b"\n" for answer in answers
    )


def test_classify_of_an_invalid_event_prints_line_and_faults_and_ends_with_1() -> None:
    event: dict[str, Any] = contact_ended("c-1")
    del event["data"]["kanaal"]

    done = klantcontact("classify", "-", stdin=b"\n" + _line(event))

    assert done.returncode == FAULTS_FOUND
    assert json.loads(done.stdout) == {
        "regelnummer": 2,
        "contactId": "c-1",
        "fouten": [{"pad": "data.kanaal", "soort": "ontbreekt"}],
    }


def test_classify_reads_stdin_when_no_file_is_named() -> None:
    done = klantcontact("classify", stdin=_line(contact_ended("c-1")))

    assert (done.returncode, json.loads(done.stdout)["contactId"]) == (DONE, "c-1")


def test_classify_of_empty_input_prints_nothing() -> None:
    done = klantcontact("classify", "-")

    assert (done.returncode, done.stdout, done.stderr) == (DONE, b"", b"")


def test_classify_judges_by_the_given_policy(tmp_path: Path) -> None:
    policy = tmp_path / "beleid.toml"
    policy.write_text("[voldoende_middelen]\nnummerherkenning = '*'\n")
    event: dict[str, Any] = contact_ended("c-1")
    event["data"]["betrokkenen"][0]["authenticatie"] = {"middel": "nummerherkenning"}

    default = klantcontact("classify", stdin=_line(event))
    option = klantcontact("classify", "--policy", str(policy), stdin=_line(event))
    variable = klantcontact("classify", stdin=_line(event), variables={"KLANTCONTACT_BELEID_FILE": str(policy)})

    assert [json.loads(done.stdout)["uitkomsten"][0]["regel"] for done in (default, option, variable)] == [
        "V2",
        "V3",
        "V3",
    ]


@pytest.mark.parametrize("command", ["classify", "validate"])
def test_events_are_judged_as_on_the_topic_that_is_named_or_that_of_the_settings(command: str, tmp_path: Path) -> None:
    policy = tmp_path / "beleid.toml"
    policy.write_text(f'[bronnen."{SOURCE}"]\ntopics = ["contact.telefonie"]\n')
    arguments = [command, "--policy", str(policy), "-"]
    stdin = _line(contact_ended("c-1"))

    by_default = klantcontact(*arguments, stdin=stdin)
    option = klantcontact(*arguments, "--topic", "contact.telefonie", stdin=stdin)
    variable = klantcontact(*arguments, stdin=stdin, variables={"KLANTCONTACT_CONTACT_TOPICS": "contact.telefonie"})

    several = klantcontact(*arguments, stdin=stdin, variables={"KLANTCONTACT_CONTACT_TOPICS": "contact.telefonie,mail"})

    assert [done.returncode for done in (by_default, option, variable, several)] == [1, 0, 0, WRONG_USE]
    assert b"bron_niet_toegestaan" in by_default.stdout
    assert b"Name one: contact.telefonie, mail." in several.stderr


def test_a_reader_that_closes_the_pipe_causes_no_crash() -> None:
    # `head -1` takes one line and goes.
    events = _line(contact_ended("c-1")) * 5000
    done = subprocess.run(
        ["/bin/sh", "-c", f"{sys.executable} -m services.cli classify | head -1"],
        input=events,
        capture_output=True,
        check=False,
        timeout=SECONDS,
    )

    assert (json.loads(done.stdout)["contactId"], done.stderr) == ("c-1", b"")


# Wrong use -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        pytest.param(["classify", "/nowhere/events.jsonl"], "No such file or directory", id="no such file"),
        pytest.param(["publish", "/nowhere/events.jsonl"], "No such file or directory", id="no file to publish"),
        pytest.param(["publish"], "Missing argument", id="no file named"),
        pytest.param(["clasify"], "Did you mean 'classify'?", id="no such command"),
        pytest.param(["run", "everything"], "No such command", id="no such service"),
    ],
)
def test_wrong_use_is_told_and_ends_with_2(arguments: list[str], told: str) -> None:
    done = klantcontact(*arguments)

    assert (done.returncode, done.stdout) == (WRONG_USE, b"")
    assert told in done.stderr.decode()


@pytest.mark.parametrize("arguments", [["classify"], ["publish", "-"], ["topics", "create"], ["doctor"], ["up"]])
def test_wrong_settings_are_told_and_end_with_2(arguments: list[str]) -> None:
    done = klantcontact(*arguments, variables={"KLANTCONTACT_COLOUR": "blue"})

    assert (done.returncode, done.stdout) == (WRONG_USE, b"")
    assert done.stderr.decode() == (
        "The settings don't fit:\n"
        "  KLANTCONTACT_COLOUR is not a setting. Remove it: docs/settings.md lists what can be set.\n"
    )


def test_a_service_without_a_key_refuses_to_start_and_says_how_to_make_one() -> None:
    done = klantcontact("run", "classifier")

    entry = json.loads(done.stderr)
    assert (done.returncode, done.stdout) == (WRONG_USE, b"")
    assert (entry["event"], entry["level"], entry["reason"]) == (
        "service.refused",
        "critical",
        f"The register has no key. {HOW_TO_GET_ONE}",
    )


@pytest.mark.parametrize("service", ["classifier", "projector"])
def test_a_service_warns_of_a_key_that_everybody_may_read(service: str, settings: Settings, tmp_path: Path) -> None:
    file = tmp_path / "sleutel"
    file.write_text("s" * 32)
    file.chmod(0o644)

    done = klantcontact("run", service, settings=settings, variables={"KLANTCONTACT_SLEUTEL_FILE": str(file)})

    warning = json.loads(done.stderr.splitlines()[0])
    assert (warning["event"], warning["level"]) == ("secret.readable_by_others", "warning")
    assert (warning["setting"], warning["file"]) == ("KLANTCONTACT_SLEUTEL_FILE", str(file))
    assert "0600" in warning["advice"]


@pytest.mark.parametrize("service", ["classifier", "projector"])
def test_a_service_without_its_topics_refuses_to_start_and_says_how_to_make_them(
    service: str, settings: Settings
) -> None:
    done = klantcontact("run", service, settings=settings, variables={"KLANTCONTACT_SLEUTEL": "s" * 32})

    reasons = [entry["reason"] for entry in map(json.loads, done.stderr.splitlines()) if "reason" in entry]
    assert done.returncode == WRONG_USE
    assert "has no topic" in reasons[-1]
    assert "Run `klantcontact topics create`" in reasons[-1]


# With servers --------------------------------------------------------------------------------------------------------


def test_topics_are_made_once_and_a_difference_is_reported_and_accepted_by_the_services(settings: Settings) -> None:
    first = klantcontact("topics", "create", settings=settings)
    second = klantcontact("topics", "create", "--json", settings=settings)
    third = klantcontact("topics", "create", settings=settings, variables={"KLANTCONTACT_CONTACT_RETENTION_DAYS": "3"})

    assert first.returncode == DONE
    assert first.stdout.decode().count("made") == len(settings.every_topic)
    assert second.returncode == DONE
    assert json.loads(second.stdout)["topics"][0] == {
        "name": settings.contact_topics[0],
        "exists": True,
        "created": False,
        "partitions": 2,
        "departures": [],
    }
    assert third.returncode == DONE
    assert "should be 259200000" in " ".join(third.stdout.decode().split())


def test_publish_reports_the_number_of_sent_events_and_a_refusal_of_the_broker_ends_with_1(
    settings: Settings, tmp_path: Path
) -> None:
    klantcontact("topics", "create", settings=settings)
    good, large = tmp_path / "good.jsonl", tmp_path / "large.jsonl"
    good.write_bytes(_line(contact_ended("c-1")) * 3)
    large.write_bytes(b"\n" + b"x" * 2_000_000 + b"\n" + _line(contact_ended("c-1")))

    done = klantcontact("publish", str(good), settings=settings)
    refused = klantcontact("publish", "--json", str(large), settings=settings)
    from_stdin = klantcontact("publish", "-", settings=settings, stdin=_line(contact_ended("c-2")))

    assert (done.returncode, done.stdout.decode()) == (DONE, "3 sent, 0 refused by the broker\n")
    assert refused.returncode == FAULTS_FOUND
    assert json.loads(refused.stdout) == {
        "sent": 1,
        "refused": 1,
        "refusals": [
            {"lineNumber": 2, "reason": "larger than the topic takes", "hint": HINTS[FaultKind.TE_GROOT]},
        ],
    }
    assert from_stdin.stdout.decode() == "1 sent, 0 refused by the broker\n"


@pytest.mark.parametrize("arguments", [["publish", "-"], ["topics", "create"]])
def test_a_server_that_is_away_is_reported_and_ends_with_1(arguments: list[str], away: Settings) -> None:
    done = klantcontact(*arguments, settings=away)

    assert (done.returncode, done.stdout) == (FAULTS_FOUND, b"")
    assert done.stderr.decode() == f"Kafka at {away.kafka_bootstrap} does not answer.\n"


def test_the_doctor_prints_the_same_checks_as_text_and_as_json(
    settings: Settings, mongo_uri: str, database: str
) -> None:
    healthy = settings.model_copy(update={"mongo_uri": mongo_uri, "mongo_database": database})
    klantcontact("topics", "create", settings=healthy)

    well = klantcontact("doctor", "--json", settings=healthy, variables={"KLANTCONTACT_SLEUTEL": "s" * 32})
    ill = klantcontact("doctor", settings=healthy)

    checks = json.loads(well.stdout)["checks"]
    assert well.returncode == DONE
    assert [(check["name"], check["ok"]) for check in checks] == [
        ("versions", True),
        ("key", True),
        ("policy", True),
        ("retention", True),
        ("kafka", True),
        ("topics", True),
        ("transactions", True),
        ("mongodb", True),
        ("rebuild", True),
        ("slow queries", True),
        ("oplog", True),
        ("stops", True),
        ("audit trail", True),
    ]
    assert ill.returncode == FAULTS_FOUND
    assert "(umask 077; openssl rand -hex 32 > sleutel)" in " ".join(ill.stdout.decode().split())


# Help ----------------------------------------------------------------------------------------------------------------


def test_help_names_every_command_and_three_to_try_first() -> None:
    done = klantcontact("--help")

    page = done.stdout.decode()
    assert done.returncode == DONE
    commands = (
        *("validate", "classify", "publish", "run", "topics", "doctor", "explain", "stats", "replay", "dlq", "rebuild"),
        *("demo", "up"),
    )
    for command in commands:
        assert f" {command} " in page
    first = page.index("Three things to try first")
    assert first < page.index("klantcontact demo") < page.index("klantcontact classify") < page.index("klantcontact up")


# rebuild -------------------------------------------------------------------------------------------------------------


def test_rebuild_refuses_to_drop_the_old_and_do_something_else_at_once() -> None:
    done = klantcontact("rebuild", "--drop-old", "--accept-differences")

    assert done.returncode == WRONG_USE
    assert b"--drop-old does nothing else" in done.stderr


def test_rebuild_reports_that_kafka_is_away_and_ends_with_1(away: Settings) -> None:
    done = klantcontact("rebuild", settings=away)

    assert done.returncode == FAULTS_FOUND
    assert done.stderr.decode() == f"Kafka at {away.kafka_bootstrap} does not answer.\n"
