"""The whole system on one machine: both servers, the topics, and both services as processes.

Everything of ours is started as `klantcontact …`, as anybody would.
"""

import os
import secrets
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

from confluent_kafka import Consumer, KafkaError, TopicPartition

from services.local.errors import StartFailed
from services.local.network import HOST, free_port
from services.local.process import Server, stop_all
from services.local.stack import Stack, local_stack
from services.runtime.settings import Settings

COMMAND = (sys.executable, "-m", "services.cli")

SERVICES = ("classifier", "projector")

TOPICS_SECONDS = 60
"""Making the topics takes a second on a machine with nothing else to do."""

READY_SECONDS = 2
"""A service answers at once when it is asked how it is."""

READ_SECONDS = 10
"""Patience with one look at a topic."""


@dataclass(frozen=True, slots=True)
class System:
    """What runs: the servers, the services by name, and the settings that they have."""

    stack: Stack
    services: Mapping[str, Server]
    settings: Settings
    home: Path

    def count_dead_letters(self) -> int:
        """Count the dead letters that a committed reader sees."""
        consumer = Consumer(
            {
                "bootstrap.servers": self.settings.kafka_bootstrap,
                "group.id": "klantcontact-count",
                "isolation.level": "read_committed",
                "enable.partition.eof": True,
                "enable.auto.commit": False,
            }
        )
        topic = self.settings.dead_letter_topic
        partitions = consumer.list_topics(topic, timeout=READ_SECONDS).topics[topic].partitions
        consumer.assign([TopicPartition(topic, number, 0) for number in partitions])
        count, at_end = 0, 0
        try:
            while at_end < len(partitions):
                for message in consumer.consume(100, timeout=READ_SECONDS):
                    error = message.error()
                    at_end += error is not None and error.code() == KafkaError._PARTITION_EOF  # noqa: SLF001 - public, for all its name
                    count += error is None
        finally:
            consumer.close()
        return count


@contextmanager
def running_system(settings: Settings, *, folder: Path | None, say: Callable[[str], None]) -> Iterator[System]:
    """Start everything, and stop it all in order at the end, also after Ctrl-C or SIGTERM.

    Addresses that the settings give are used instead of servers of our own. Data, logs and a key that is made when
    the settings have none stand in `folder`, else in a temporary one. Raises LocalStackError when something does not
    start; then nothing runs any more.
    """
    with _home(folder) as home, _stack(settings, home, say) as stack, ExitStack() as undo:
        ours = _settings_for(stack, settings, home)
        undo.enter_context(_environment(ours))
        _create_topics()
        services = {name: _service(name, home) for name in SERVICES}
        undo.callback(stop_all, list(services.values()))
        for service in services.values():
            service.spawn()
        for service in services.values():
            service.wait_until_ready()
        yield System(stack, services, ours, home)


@contextmanager
def _home(folder: Path | None) -> Iterator[Path]:
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        yield folder.resolve()
        return
    with tempfile.TemporaryDirectory(prefix="klantcontact-") as temporary:
        yield Path(temporary)


@contextmanager
def _stack(settings: Settings, home: Path, say: Callable[[str], None]) -> Iterator[Stack]:
    given = settings.model_fields_set
    with local_stack(
        kafka=settings.kafka_bootstrap if "kafka_bootstrap" in given else None,
        mongo=settings.mongo_uri if "mongo_uri" in given else None,
        folder=home,
        say=say,
    ) as stack:
        yield stack


def _settings_for(stack: Stack, settings: Settings, home: Path) -> Settings:
    changes: dict[str, object] = {"kafka_bootstrap": stack.kafka_bootstrap, "mongo_uri": stack.mongo_uri}
    if settings.sleutel is None and settings.sleutel_file is None:
        changes["sleutel_file"] = _key_of(home)
    return settings.model_copy(update=changes)


def _key_of(home: Path) -> Path:
    """Make a key where there is none: what the register holds can only be found with the key of its time."""
    file = home / "sleutel"
    if not file.exists():
        file.touch(mode=0o600)
        file.write_text(secrets.token_hex(32))
    return file


@contextmanager
def _environment(settings: Settings) -> Iterator[None]:
    """Have processes that are started within the block read these settings."""
    before = dict(os.environ)
    os.environ.update(settings.environment())
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _create_topics() -> None:
    made = subprocess.run(
        [*COMMAND, "topics", "create", "--json"], capture_output=True, text=True, timeout=TOPICS_SECONDS, check=False
    )
    # A topic that differs from its definition is reported with a fault too, and is there all the same.
    if made.returncode and not made.stdout:
        raise StartFailed(f"The topics could not be made: {made.stderr.strip()}")


def _service(name: str, home: Path) -> Server:
    port = free_port()
    return Server(
        name=name,
        port=port,
        command=["env", f"KLANTCONTACT_HEALTH_HOST={HOST}", f"KLANTCONTACT_HEALTH_PORT={port}", *COMMAND, "run", name],
        log_file=home / f"{name}.log",
        is_ready=_is_ready,
    )


def _is_ready(service: Server) -> bool:
    try:
        with urllib.request.urlopen(f"http://{service.address}/readyz", timeout=READY_SECONDS) as answer:
            return bool(answer.status == HTTPStatus.OK)
    except (urllib.error.URLError, TimeoutError):
        return False
