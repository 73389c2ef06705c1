"""Input and output of `klantcontact …`: a file, a pipe, a closed stream, a full disk, a terminal."""

import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.commands import environment
from tests.support.contacts import contact_ended, encoded

SECONDS = 60

DONE, FAULTS_FOUND, WRONG_USE = 0, 1, 2

KLANTCONTACT = f"{shlex.quote(sys.executable)} -m services.cli"


def _bash(script: str, folder: Path) -> subprocess.CompletedProcess[bytes]:
    """Run a script in which `$klantcontact` is the command, and `$folder` a folder for this test."""
    plain = environment()
    return subprocess.run(
        ["/bin/bash", "-c", script],
        env=plain | {"klantcontact": KLANTCONTACT, "folder": str(folder)},
        capture_output=True,
        check=False,
        timeout=SECONDS,
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with three events."""
    events = [contact_ended("c-1"), contact_ended("c-2"), contact_ended("c-3")]
    (tmp_path / "events.jsonl").write_bytes(b"".join(encoded(event) + b"\n" for event in events))
    return tmp_path


# Pipes ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "script",
    [
        pytest.param("$klantcontact validate <(cat $folder/events.jsonl)", id="a pipe as a file"),
        pytest.param("cat $folder/events.jsonl | $klantcontact validate /dev/stdin", id="stdin by its name"),
        pytest.param("cat $folder/events.jsonl | $klantcontact validate -", id="stdin"),
        pytest.param("$klantcontact validate - < $folder/events.jsonl", id="a file as stdin"),
    ],
)
def test_every_line_is_read_from_any_kind_of_input(script: str, folder: Path) -> None:
    done = _bash(script, folder)

    assert (done.returncode, done.stdout, done.stderr) == (DONE, b"3 events: 3 valid, 0 invalid\n", b"")


def test_lines_that_another_program_read_from_stdin_are_not_read_again(folder: Path) -> None:
    done = _bash("(read -r first; $klantcontact validate -) < $folder/events.jsonl", folder)

    assert (done.returncode, done.stdout) == (DONE, b"2 events: 2 valid, 0 invalid\n")


# Closed streams, full disks -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["validate", "classify"])
def test_stdin_that_is_closed_is_empty(command: str, folder: Path) -> None:
    done = _bash(f"$klantcontact {command} - <&-", folder)

    assert (done.returncode, done.stderr) == (DONE, b"")


def test_stdin_that_is_closed_gives_nothing_to_publish(folder: Path) -> None:
    # As far as Kafka, which is away.
    done = _bash("KLANTCONTACT_KAFKA_BOOTSTRAP=127.0.0.1:1 $klantcontact publish - <&-", folder)

    assert (done.returncode, done.stderr) == (FAULTS_FOUND, b"Kafka at 127.0.0.1:1 does not answer.\n")


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&- >&- 2>&-"])
def test_output_that_is_closed_changes_nothing(closed: str, folder: Path) -> None:
    valid = _bash(f"$klantcontact validate $folder/events.jsonl {closed}", folder)
    # With a loop of uvloop, which insists on stdin, stdout and stderr.
    away = _bash(f"KLANTCONTACT_KAFKA_BOOTSTRAP=127.0.0.1:1 $klantcontact topics create --json {closed}", folder)

    assert (valid.returncode, away.returncode) == (DONE, FAULTS_FOUND)
    assert b"Traceback" not in valid.stderr + away.stderr


@pytest.mark.parametrize(
    "command",
    [
        "sample 10",
        "classify $folder/events.jsonl",
        "validate $folder/events.jsonl",
        "validate --json $folder/events.jsonl",
    ],
)
def test_output_that_does_not_fit_is_reported_in_one_line_and_ends_with_1(command: str, folder: Path) -> None:
    done = _bash(f"$klantcontact {command} > /dev/full", folder)

    assert (done.returncode, done.stderr) == (
        FAULTS_FOUND,
        b"The output is not complete: No space left on device.\n",
    )


@pytest.mark.parametrize(
    "arguments",
    [r"explain $'caf\xe9'", r"explain x --source $'\xe9'", r"replay --contact $'\xe9'", r"validate $'\xe9.jsonl'"],
)
def test_arguments_that_are_not_text_are_refused_before_anything_is_done(arguments: str, folder: Path) -> None:
    done = _bash(f"$klantcontact {arguments}", folder)

    assert (done.returncode, done.stdout) == (WRONG_USE, b"")
    assert done.stderr.startswith(b"Not everything typed is UTF-8")
    assert done.stderr.count(b"\n") == 1


@pytest.mark.parametrize(
    ("name", "told"), [("events.jsonl", b"is a file"), ("/proc/nope", b"/proc/nope: No such file or directory")]
)
def test_a_path_that_can_not_be_a_folder_is_refused(name: str, told: bytes, folder: Path) -> None:
    done = _bash(f"cd $folder; PYTHONPATH={Path.cwd()} $klantcontact up --folder {name}", folder)

    assert (done.returncode, done.stdout) == (WRONG_USE, b"")
    assert told in b" ".join(done.stderr.split())
