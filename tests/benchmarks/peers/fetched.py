"""What a peer needs, fetched once into a folder that git does not see: jars with Maven, Python packages with pip."""

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from services.local.servers.kafka import JAVA_PACKAGE, tool
from tests.benchmarks.contest import NotRun, say
from tests.benchmarks.trees import WORK

SOURCES: Final = Path(__file__).parent
FOLDER: Final = WORK / "peers"
FETCH_SECONDS: Final = 300
OUTPUT_LINES: Final = 5


def java() -> str:
    """Return the program. Raises MissingTool, which names the package that has it."""
    return tool("java", package=JAVA_PACKAGE)


def jars(name: str) -> str:
    """Return the class path of a peer's `pom.xml` and its classes. Raises NotRun or MissingTool where it can't be had.

    A `Peer.java` beside it is compiled, which takes a JDK.
    """
    maven = tool("mvn", package="maven")
    source = SOURCES / name / "Peer.java"
    compiler = tool("javac", package="openjdk-17-jdk-headless") if source.exists() else None

    def make(folder: Path) -> None:
        shutil.copy(SOURCES / name / "pom.xml", folder)
        _run([maven, "-q", "-B", "dependency:copy-dependencies", f"-DoutputDirectory={folder / 'jars'}"], folder)
        if compiler is not None:
            _run([compiler, "-cp", f"{folder / 'jars'}/*", "-d", str(folder / "classes"), str(source)], folder)

    folder = _made(name, make)
    return f"{folder / 'classes'}:{folder / 'jars'}/*"


def python(name: str) -> str:
    """Return the interpreter of a peer's own environment. Raises NotRun where its packages can't be had."""

    def make(folder: Path) -> None:
        _run([sys.executable, "-m", "venv", str(folder)], folder)
        pip = [str(folder / "bin/python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        _run([*pip, "--requirement", str(SOURCES / name / "requirements.txt")], folder)

    return str(_made(name, make) / "bin/python")


def _made(name: str, make: Callable[[Path], None]) -> Path:
    """Return the folder of a peer, made anew when a file of it has changed or the last making did not end."""
    files = sorted(each for each in (SOURCES / name).iterdir() if each.is_file())
    changed = hashlib.sha256(b"".join(each.read_bytes() for each in files)).hexdigest()
    folder = FOLDER / name
    ready = folder / "ready"
    if not (ready.exists() and ready.read_text(encoding="ascii") == changed):
        say(f"fetching what the peer {name} needs …")
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        make(folder)
        ready.write_text(changed, encoding="ascii")
    return folder


def _run(command: Sequence[str], folder: Path) -> None:
    try:
        done = subprocess.run(command, cwd=folder, check=False, capture_output=True, text=True, timeout=FETCH_SECONDS)
    except subprocess.TimeoutExpired as error:
        raise NotRun(f"{Path(command[0]).name} was not done within {FETCH_SECONDS} s") from error
    if done.returncode:
        told = (done.stdout + done.stderr).strip().splitlines()[-OUTPUT_LINES:]
        raise NotRun(f"{Path(command[0]).name} failed: {' '.join(told)}")
