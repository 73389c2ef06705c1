"""`klantcontact …` in the image: without the local servers and the libraries that only they need."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from services.cli.lazy import WHERE_IT_RUNS
from tests.support.commands import environment
from tests.support.contacts import contact_ended, encoded

SECONDS = 60

ROOT = Path(__file__).parents[3]

DONE, FAULTS_FOUND, WRONG_USE = 0, 1, 2


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the image's files; a library for tests can't be imported beside it."""
    folder = tmp_path_factory.mktemp("image")
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    for package in ("schemas", "services"):
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    for pattern in ignored:
        if pattern.startswith("services/"):
            shutil.rmtree(folder / pattern)
    (folder / "confluent_kafka.py").write_text("raise ModuleNotFoundError(name='confluent_kafka')\n")
    return folder


def _run(image: Path, *arguments: str, stdin: bytes = b"", **variables: str) -> subprocess.CompletedProcess[bytes]:
    plain = environment()
    command = [sys.executable, "-m", "services.cli", *arguments]
    return subprocess.run(
        command, cwd=image, env=plain | variables, input=stdin, capture_output=True, check=False, timeout=SECONDS
    )


def test_the_commands_run_from_the_copy(image: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import services.cli as cli; print(cli.__file__)"],
        cwd=image,
        capture_output=True,
        text=True,
        check=True,
        timeout=SECONDS,
    )

    assert done.stdout.strip() == str(image / "services/cli/__init__.py")
    assert not (image / "services/local/servers").exists()


def test_help_names_every_command(image: Path) -> None:
    done = _run(image, "--help")

    assert done.returncode == DONE
    assert re.findall(r"│ (\w+)  ", done.stdout.decode())[-3:] == ["demo", "sample", "up"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["run", "classifier", "--help"],
        ["run", "projector", "--help"],
        ["doctor", "--help"],
        ["topics", "create", "--help"],
        ["publish", "--help"],
        ["validate", "--help"],
        ["explain", "--help"],
        ["stats", "--help"],
        ["replay", "--help"],
        ["rebuild", "--help"],
        ["dlq", "export", "--help"],
        ["dlq", "redrive", "--help"],
    ],
    ids=" ".join,
)
def test_every_command_for_services_and_operators_loads(image: Path, arguments: list[str]) -> None:
    done = _run(image, *arguments)

    assert (done.returncode, done.stderr) == (DONE, b"")


@pytest.mark.parametrize("service", ["classifier", "projector"])
def test_a_service_starts_as_far_as_its_settings_go(image: Path, service: str) -> None:
    done = _run(image, "run", service, KLANTCONTACT_KAFKA_SECURITY_PROTOCOL="SSL", KLANTCONTACT_KAFKA_CA_FILE="absent")

    assert done.returncode == WRONG_USE
    assert json.loads(done.stderr.splitlines()[-1])["event"] == "service.refused"


def test_events_are_judged(image: Path) -> None:
    done = _run(image, "classify", "-", stdin=encoded(contact_ended("c-1")) + b"\n")

    assert (done.returncode, json.loads(done.stdout)["contactId"]) == (DONE, "c-1")


def test_events_are_made_up(image: Path) -> None:
    done = _run(image, "sample", "2")

    assert (done.returncode, done.stdout.count(b"\n")) == (DONE, 2)


@pytest.mark.parametrize("command", ["demo", "up"])
def test_a_command_that_needs_local_servers_says_where_it_runs(image: Path, command: str) -> None:
    done = _run(image, command)

    assert (done.returncode, done.stdout, done.stderr.decode()) == (FAULTS_FOUND, b"", f"{WHERE_IT_RUNS}\n")
