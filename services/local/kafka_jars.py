"""The jars of Apache Kafka: fetched once by Maven, checked against the checksums beside this file, then used
from a cache folder outside the project.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from xml.etree import ElementTree as ET

from services.local.errors import FetchFailed, MissingTool

POM = Path(__file__).with_name("pom.xml")
CHECKSUMS = Path(__file__).with_name("kafka_jars.sha256")
KAFKA_VERSION = ET.parse(POM).findtext("dependencies/dependency/version")  # noqa: S314  # a file of ours

CACHE_VARIABLE = "KLANTCONTACT_CACHE"
DEFAULT_CACHE = "~/.cache/klantcontact"
# 44 MB; ten minutes is for a slow line, after that something is wrong.
FETCH_SECONDS = 600
OUTPUT_LINES = 15


def kafka_jars(say: Callable[[str], None]) -> Path:
    """The folder with the jars, fetched first when they are not there yet. Of two processes one fetches, the
    other waits.

    Raises MissingTool without Maven, FetchFailed when Maven can't get them or they are not the jars they
    should be.
    """
    folder = cache_folder() / f"kafka-{KAFKA_VERSION}-{_fingerprint()}"
    if folder.exists():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with _alone(folder.with_name(f"{folder.name}.lock")):
        if not folder.exists():
            say(f"Apache Kafka {KAFKA_VERSION} is fetched with Maven (44 MB, once) …")
            _fetch(folder)
    return folder


def cache_folder() -> Path:
    """Where downloads are kept between runs: the folder in KLANTCONTACT_CACHE, else ~/.cache/klantcontact."""
    return Path(os.environ.get(CACHE_VARIABLE) or DEFAULT_CACHE).expanduser()


def tool(name: str, *, package: str) -> str:
    """The path of a program. Raises MissingTool, which names the Debian package that brings it."""
    found = shutil.which(name)
    if found is None:
        msg = f"Apache Kafka needs `{name}`: `apt-get install {package}` brings it."
        raise MissingTool(msg)
    return found


def _fetch(folder: Path) -> None:
    """Fill a folder beside the final one and give it its name last: whoever sees the name sees all of it."""
    maven = tool("mvn", package="maven")
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix="fetching-") as temporary:
        shutil.copy(POM, Path(temporary) / "pom.xml")
        jars = Path(temporary) / "jars"
        _run([maven, "-q", "-B", "dependency:copy-dependencies", f"-DoutputDirectory={jars}"], cwd=temporary)
        _verify(jars)
        jars.rename(folder)


def _run(command: list[str], *, cwd: str) -> None:
    try:
        done = subprocess.run(
            command,
            cwd=cwd,
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=FETCH_SECONDS,
        )
    except subprocess.TimeoutExpired as error:
        raise FetchFailed(f"Maven did not fetch Apache Kafka within {FETCH_SECONDS} s. Try again.") from error
    if done.returncode != 0:
        tail = done.stdout.splitlines()[-OUTPUT_LINES:]
        raise FetchFailed("\n".join(["Maven could not fetch Apache Kafka. The end of what it said:", *tail]))


def _verify(jars: Path) -> None:
    """Exactly the jars that were reviewed, byte for byte, whatever a mirror served."""
    found = "".join(f"{_sha256(jar)}  {jar.name}\n" for jar in sorted(jars.iterdir()))
    wrong = sorted(set(found.splitlines()) ^ set(CHECKSUMS.read_text().splitlines()))
    if wrong:
        msg = f"The jars fetched for Apache Kafka differ from {CHECKSUMS.name}, first in: {wrong[0]}"
        raise FetchFailed(msg)


def _sha256(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _fingerprint() -> str:
    """A new set of jars gets a new folder."""
    return _sha256(CHECKSUMS)[:12]


@contextmanager
def _alone(lock_file: Path) -> Iterator[None]:
    """Only one process at a time; the kernel frees the lock of one that dies."""
    with lock_file.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
