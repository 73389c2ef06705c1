"""What `klantcontact …` reads from and writes to: a file, a pipe, nothing at all, a full disk, a terminal."""

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.contacts import contact_ended, encoded

SECONDS = 60

DONE, FAULTS_FOUND, WRONG_USE = 0, 1, 2

KLANTCONTACT = f"{shlex.quote(sys.executable)} -m services.cli"


def _bash(script: str, folder: Path) -> subprocess.CompletedProcess[bytes]:
    """Run a script in which `$klantcontact` is the command, and `$folder` a folder for this test."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("KLANTCONTACT_")}
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
def test_every_line_is_read_whatever_it_comes_from(script: str, folder: Path) -> None:
    done = _bash(script, folder)

    assert (done.returncode, done.stdout, done.stderr) == (DONE, b"3 events: 3 valid, 0 invalid\n", b"")


def test_what_was_read_of_stdin_before_is_not_read_again(folder: Path) -> None:
    done = _bash("(read -r first; $klantcontact validate -) < $folder/events.jsonl", folder)

    assert (done.returncode, done.stdout) == (DONE, b"2 events: 2 valid, 0 invalid\n")
