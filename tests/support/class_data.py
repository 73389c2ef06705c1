"""The classes of Apache Kafka as one archive that each broker of the tests maps, instead of loading them one by one.

A start so takes half of its CPU time, and the tests start dozens. Java calls this class data sharing.
"""

import fcntl
import hashlib
import os
import subprocess
import tempfile
from pathlib import Path
from typing import Final
from unittest.mock import patch

from services.local.servers.kafka import JAVA_PACKAGE, cache_folder, kafka_jars, kafka_server, tool
from tests.support.waiting import wait_for

VARIABLE: Final = "JDK_JAVA_OPTIONS"
"""Where Java takes options from besides the command line."""

WRITE_SECONDS: Final = 300.0
"""Patience with the archive, which an idle machine writes within seconds."""


def share_classes() -> None:
    """Make each Java that this process and its children start use the archive. The first to need it makes it."""
    archive = _archive()
    with archive.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not archive.exists():
            _make(archive)
    _add_option(f"-XX:SharedArchiveFile={archive}")


def _archive() -> Path:
    """Return the place of the archive, which serves these jars and this Java only."""
    java = subprocess.run(
        [tool("java", package=JAVA_PACKAGE), "-Xinternalversion"], check=True, capture_output=True, text=True
    )
    kind = hashlib.sha256(java.stdout.encode()).hexdigest()[:12]
    return cache_folder() / f"{kafka_jars(print).name}-{kind}.jsa"


def _make(archive: Path) -> None:
    """Start a broker that writes the archive when it stops, and put that in its place."""
    with (
        tempfile.TemporaryDirectory(dir=archive.parent, prefix="classes-") as folder,
        patch.dict(os.environ),
    ):
        made = Path(folder, archive.name)
        _add_option(f"-XX:ArchiveClassesAtExit={made}")
        with kafka_server(Path(folder, "kafka"), say=print) as broker:
            broker.terminate()
            # A server that is only to stop is killed sooner, and would leave half an archive or none.
            wait_for("the archive is written", lambda: not broker.is_running, seconds=WRITE_SECONDS)
        made.rename(archive)


def _add_option(option: str) -> None:
    os.environ[VARIABLE] = " ".join([*os.environ.get(VARIABLE, "").split(), option])
