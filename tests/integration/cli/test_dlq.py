"""`klantcontact dlq …` as a person types it: its refusals, their words and its exit status."""

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from services.runtime.settings import Settings
from tests.support.commands import environment, run_command
from tests.support.kafka_tools import make_topics
from tests.support.letters import publish_letters

SECONDS = 60

DONE, FAULTS_FOUND, WRONG_USE = 0, 1, 2


@pytest.fixture
def settings(kafka_bootstrap: str, mongo_uri: str, topics: str, database: str) -> Settings:
    made = Settings(
        kafka_bootstrap=kafka_bootstrap,
        mongo_uri=mongo_uri,
        mongo_database=database,
        contact_topics=(f"{topics}.contact.ended",),
        consent_topics=(f"{topics}.toestemming.gewijzigd",),
        dead_letter_topic=f"{topics}.contact.ended.dlq",
        audit_topic=f"{topics}.klantcontact.audit",
    )
    make_topics(kafka_bootstrap, *made.input_topics, made.dead_letter_topic, made.audit_topic)
    return made


@contextmanager
def _started(*arguments: str, settings: Settings) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(
        [sys.executable, "-m", "services.cli", "dlq", *arguments],
        env=environment(settings, ["dlq", *arguments]),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def _dlq(*arguments: str, settings: Settings | None = None) -> subprocess.CompletedProcess[str]:
    return run_command(settings, "dlq", *arguments, variables={"COLUMNS": "200"})


def test_the_content_of_a_letter_shows_only_when_it_is_asked_for(settings: Settings) -> None:
    publish_letters(settings, [b"zqcanaryqz\x1b[2J"])
    for arguments in (
        ["list"],
        ["list", "--json"],
        ["show", "0-0"],
        ["show", "--json", "0-0"],
        ["redrive", "--all", "--dry-run"],
    ):
        done = _dlq(*arguments, settings=settings)
        assert done.returncode == DONE, done.stderr
        assert "zqcanaryqz" not in done.stdout + done.stderr
    shown = _dlq("show", "--content", "--json", "0-0", settings=settings)
    assert json.loads(shown.stdout)["value"] == "zqcanaryqz\x1b[2J"
    assert "zqcanaryqz" not in shown.stderr
    assert "\x1b" not in shown.stdout


def test_an_export_is_for_its_owner_only_and_overwrites_nothing(settings: Settings, tmp_path: Path) -> None:
    publish_letters(settings, [b"1", b"2"])
    file = tmp_path / "letters.jsonl"
    first, second = (_dlq("export", str(file), settings=settings) for _ in range(2))
    assert (first.returncode, first.stdout) == (DONE, "")
    assert (second.returncode, "File exists" in second.stderr) == (WRONG_USE, True)
    assert file.stat().st_mode & 0o777 == 0o600
    assert [json.loads(line)["letter"] for line in file.read_text().splitlines()] == ["0-0", "0-1"]
    on_stdout = _dlq("export", "--id", "0-1", settings=settings)
    assert [json.loads(line)["event"] for line in on_stdout.stdout.splitlines()] == [2]


def test_an_export_that_fails_leaves_no_file(settings: Settings, tmp_path: Path) -> None:
    file = tmp_path / "letters.jsonl"
    done = _dlq("export", str(file), "--id", "0-7", settings=settings)
    assert done.returncode == FAULTS_FOUND
    assert f"0-7 is not in {settings.dead_letter_topic}, or no longer." in done.stderr
    assert not file.exists()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT], ids=lambda number: number.name)
def test_an_export_that_is_ended_leaves_no_file(settings: Settings, tmp_path: Path, number: signal.Signals) -> None:
    file = tmp_path / "letters.jsonl"
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(SECONDS)
        host, port = silent.getsockname()
        nobody_answers = settings.model_copy(update={"kafka_bootstrap": f"{host}:{port}"})
        with _started("export", str(file), settings=nobody_answers) as process:
            asked, _ = silent.accept()
            with asked:
                assert file.exists()
                process.send_signal(number)
                _, told = process.communicate(timeout=SECONDS)
    assert process.returncode != DONE
    assert b"Traceback" not in told
    assert not file.exists()


def test_an_export_whose_reader_stops_early_ends_without_a_message(settings: Settings) -> None:
    publish_letters(settings, [b"x" * 1_000] * 4_000)  # more than a pipe takes
    with _started("export", "-", settings=settings) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline()
        process.stdout.close()
        told = process.stderr.read().decode()
        assert process.wait(SECONDS) == FAULTS_FOUND
    assert told == ""


def test_a_letter_that_can_not_be_sent_back_ends_with_1_and_the_reason(settings: Settings) -> None:
    publish_letters(settings, [b"1"])
    publish_letters(settings, [b"2"], topic="elsewhere")
    skipped = f"  1 skipped: it did not come from {' or '.join(settings.input_topics)}\n"
    plan = _dlq("redrive", "--all", "--dry-run", settings=settings)
    assert (plan.returncode, skipped in plan.stderr) == (FAULTS_FOUND, True)
    done = _dlq("redrive", "--all", settings=settings)
    assert (done.returncode, done.stdout) == (FAULTS_FOUND, "1 letter sent back, 1 skipped\n")
    assert done.stderr == skipped


def test_json_output_reports_what_was_done(settings: Settings) -> None:
    publish_letters(settings, [b"1", b"2"])
    plan = json.loads(_dlq("redrive", "--all", "--dry-run", "--json", settings=settings).stdout)
    assert [group["letters"] for group in plan["groups"]] == [2]
    sent = _dlq("redrive", "--id", "0-0", "--json", settings=settings)
    assert json.loads(sent.stdout) == {"done": 1, "earlier": 0, "skipped": {}}
    discarded = _dlq("discard", "--all", "--reason", "a test", "--json", settings=settings)
    assert json.loads(discarded.stdout) == {"done": 1, "earlier": 0, "skipped": {}}
    everything = json.loads(_dlq("list", "--state", "all", "--json", settings=settings).stdout)
    assert {group["state"]: group["letters"] for group in everything["groups"]} == {"redriven": 1, "discarded": 1}


def test_a_letter_that_went_back_before_is_reported_with_the_option_that_sends_it_again(
    settings: Settings, tmp_path: Path
) -> None:
    publish_letters(settings, [b"1", b"2"])
    file = tmp_path / "letters.jsonl"
    assert _dlq("export", str(file), settings=settings).returncode == DONE
    assert _dlq("redrive", "--from", str(file), settings=settings).returncode == DONE
    again = _dlq("redrive", "--from", str(file), settings=settings)
    assert (again.returncode, again.stdout) == (DONE, "0 letters sent back, 2 earlier\n")
    assert again.stderr == (
        "  2 sent back earlier, and not again. To send them again, for example after a change of their lines, add "
        "--state redriven.\n"
    )
    for_a_program = _dlq("redrive", "--from", str(file), "--json", settings=settings)
    assert json.loads(for_a_program.stdout) == {"done": 0, "earlier": 2, "skipped": {}}
    once_more = _dlq("redrive", "--from", str(file), "--state", "redriven", "--state", "discarded", settings=settings)
    assert (once_more.returncode, once_more.stdout) == (DONE, "2 letters sent back\n")


def test_unreadable_corrections_are_reported_by_line_and_end_with_1(settings: Settings, tmp_path: Path) -> None:
    publish_letters(settings, [b"1"])
    file = tmp_path / "corrected.jsonl"
    file.write_text('{"letter": "0-0", "event": {}}\nzqcanaryqz\n')
    done = _dlq("redrive", "--from", str(file), settings=settings)
    assert (done.returncode, done.stdout) == (FAULTS_FOUND, "")
    assert done.stderr == "Nothing was done:\n  line 2: is no JSON\n"
