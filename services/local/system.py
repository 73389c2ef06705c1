"""The whole system on one machine: both servers, the topics, and the services as processes.

Everything of ours is started as `klantcontact …`, as a user would. It also counts the dead letters in its topics.
"""

import os
import secrets
import stat
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from http import HTTPStatus
from pathlib import Path
from typing import Final

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from services.channels.channels_file import has_no_channels
from services.local.channels import make_channels
from services.local.logins import logged_in, make_logins, may_make_logins
from services.local.servers.errors import StartFailed
from services.local.servers.network import HOST, free_port, is_free
from services.local.servers.process import Server, stop_all
from services.local.servers.stack import KafkaKind, Stack, local_stack
from services.runtime.kafka.in_process import ON
from services.runtime.mongo.client import mongo_uri
from services.runtime.mongo.roles import role_of_command
from services.runtime.settings import IN_PROCESS_BROKER, Settings

COMMAND = (sys.executable, "-m", "services.cli")

SERVICES = ("classifier", "projector")

CHANNEL_SERVICES = ("mapper", "intake")
"""The services that a channel needs."""

END_MILLISECONDS = 10
"""How long the broker waits for more before it tells a reader that a partition has ended."""

READY_SECONDS = 2
"""Patience with `/readyz`, which a service answers at once."""


@dataclass(frozen=True, slots=True)
class System:
    """The running servers, the services by name, and their settings."""

    stack: Stack
    services: Mapping[str, Server]
    settings: Settings
    """With the address of MongoDB for the system itself, which may do all where the MongoDB is ours."""
    home: Path
    logins: Mapping[str, Path]
    """The file with the address of MongoDB by role; empty where the MongoDB is not ours."""

    def environment(self, *arguments: str) -> dict[str, str]:
        """Return the environment in which `klantcontact …` works on this system, with the login of its role."""
        switch = {IN_PROCESS_BROKER: ON} if self.stack.kafka_kind is KafkaKind.MOCK else {}
        role = role_of_command(arguments)
        login = self.logins.get(role) if role is not None else None
        settings = self.settings if login is None else logged_in(self.settings, login)
        return {**os.environ, **settings.environment(), **switch}

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run `klantcontact …` on this system to its end."""
        command, environment = [*COMMAND, *arguments], self.environment(*arguments)
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    @property
    def intake_address(self) -> str:
        """The address at which platforms deliver."""
        return intake_address(self.settings)

    def count_dead_letters(self, *, of_channels: bool = False) -> int:
        """Count the dead letters that a committed reader sees: of the classifier, or of the channels."""
        settings = self.settings
        topics = settings.raw_dead_letter_topics if of_channels else [settings.dead_letter_topic]
        return sum(1 for _ in committed_messages(settings.kafka_bootstrap, topics))


@contextmanager
def running_system(
    settings: Settings, *, folder: Path | None, say: Callable[[str], None], with_channels: bool = False
) -> Iterator[System]:
    """Start everything for the block, and stop it all in order, also after Ctrl-C or SIGTERM. The services of channels
    run where the settings name a channels file other than /dev/null, or where one is made (`with_channels`); the
    bridge runs where they name an Open Klant.

    Servers that the settings name are used instead of our own. Data and logs stand in `folder`, else in a temporary
    one, and so does a key when the settings have none. Relative paths in the settings count from here.

    Raises LocalStackError when something does not start; then nothing is left running.
    """
    with _home(folder) as home, _stack(settings, home, say) as stack, ExitStack() as undo:
        ours = _settings_for(stack, settings, home, with_channels=with_channels)
        uri = mongo_uri(ours)
        logins = make_logins(uri, ours, home / "logins") if may_make_logins(uri) else {}
        system = System(stack, {}, ours, home, logins)
        _create_topics(system)
        names = _names_of(ours)
        services = {name: _service(name, system) for name in names}
        undo.callback(stop_all, list(services.values()))
        for service in services.values():
            service.spawn()
        for service in services.values():
            service.wait_until_ready()
        yield replace(system, services=services)


def _names_of(settings: Settings) -> Sequence[str]:
    channels = () if has_no_channels(settings) else CHANNEL_SERVICES
    return (*SERVICES, *channels, *(() if settings.openklant_url is None else ("bridge",)))


@contextmanager
def _home(folder: Path | None) -> Iterator[Path]:
    """The folder of data, logs and key: for its owner only, as all that is made in it."""
    before = os.umask(0o077)
    try:
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
            folder.chmod(stat.S_IRWXU)
            yield folder.resolve()
            return
        with tempfile.TemporaryDirectory(prefix="klantcontact-") as temporary:
            yield Path(temporary)
    finally:
        os.umask(before)


@contextmanager
def _stack(settings: Settings, home: Path, say: Callable[[str], None]) -> Iterator[Stack]:
    given = settings.model_fields_set
    named = "mongo_uri" in given or settings.mongo_uri_file is not None
    with local_stack(
        kafka=settings.kafka_bootstrap if "kafka_bootstrap" in given else None,
        mongo=mongo_uri(settings) if named else None,
        folder=home,
        say=say,
    ) as stack:
        yield stack


def intake_address(settings: Settings) -> str:
    """Return where the intake of this machine takes what platforms deliver, without a path."""
    return f"http://{HOST}:{settings.intake_port}"


def _settings_for(stack: Stack, settings: Settings, home: Path, *, with_channels: bool = False) -> Settings:
    changes: dict[str, object] = {"kafka_bootstrap": stack.kafka_bootstrap}
    # The services run in a folder of their own: there a relative path would mean another file.
    if settings.mongo_uri_file is not None:
        changes["mongo_uri_file"] = settings.mongo_uri_file.resolve()
    else:
        changes["mongo_uri"] = stack.mongo_uri
    if settings.sleutel_file is not None:
        changes["sleutel_file"] = settings.sleutel_file.resolve()
    elif settings.sleutel is None:
        changes["sleutel_file"] = _key_of(home)
    if settings.former_sleutel_files is not None:
        changes["former_sleutel_files"] = tuple(file.resolve() for file in settings.former_sleutel_files)
    if settings.beleid_file is not None:
        changes["beleid_file"] = settings.beleid_file.resolve()
    if settings.kanalen_file is not None:
        changes["kanalen_file"] = settings.kanalen_file.resolve()
    if "intake_port" not in settings.model_fields_set and not is_free(settings.intake_port):
        changes["intake_port"] = free_port()
    ours = settings.model_copy(update=changes)
    if with_channels and ours.kanalen_file is None:
        ours = ours.model_copy(update={"kanalen_file": make_channels(home / "kanalen", address=intake_address(ours))})
    return ours


def _key_of(home: Path) -> Path:
    """Return the file of the key, made where there is none: a register can only be read with its own key."""
    file = home / "sleutel"
    if not file.exists():
        file.touch(mode=0o600)
        file.write_text(secrets.token_hex(32))
    return file


def _create_topics(system: System) -> None:
    made = system.run("topics", "create")
    if made.returncode:
        raise StartFailed(f"The topics could not be made: {made.stderr.strip()}")


def _service(name: str, system: System) -> Server:
    port = free_port()
    return Server(
        name=name,
        port=port,
        command=[*COMMAND, "run", name],
        log_file=system.home / f"{name}.log",
        is_ready=_is_ready,
        environment={
            **system.environment("run", name),
            "KLANTCONTACT_HEALTH_HOST": HOST,
            "KLANTCONTACT_HEALTH_PORT": str(port),
        },
    )


def _is_ready(service: Server) -> bool:
    try:
        with urllib.request.urlopen(f"http://{service.address}/readyz", timeout=READY_SECONDS) as answer:
            return bool(answer.status == HTTPStatus.OK)
    except (urllib.error.URLError, TimeoutError):
        return False


ANSWER_SECONDS: Final = 60
"""Patience with one answer of a broker on this machine, which takes milliseconds while the machine is not frozen."""

_END_OF_PARTITION: Final = KafkaError._PARTITION_EOF  # noqa: SLF001 - the library's own name for a public constant


def committed_messages(bootstrap: str, topics: Sequence[str], *, after_group: str | None = None) -> Iterator[Message]:
    """Yield every message up to the present end: from the beginning, or from the committed offsets of a group.

    Raises KafkaException when the broker does not answer.
    """
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": after_group or "klantcontact-reader",  # it joins no group: the partitions are assigned by hand
            "isolation.level": "read_committed",
            "enable.partition.eof": True,
            "enable.auto.commit": False,
            "fetch.wait.max.ms": END_MILLISECONDS,
        }
    )
    try:
        places = _places(consumer, topics, after_group=after_group)
        consumer.assign(places)
        ends_left = len(places)
        while ends_left:
            message = consumer.poll(ANSWER_SECONDS)
            error = message.error() if message is not None else KafkaError(KafkaError._TIMED_OUT)  # noqa: SLF001 - the same
            if message is not None and error is None:
                yield message
            elif error is not None and error.code() == _END_OF_PARTITION:
                ends_left -= 1
            else:
                raise KafkaException(error)
    finally:
        consumer.close()


def _places(consumer: Consumer, topics: Sequence[str], *, after_group: str | None) -> list[TopicPartition]:
    known = consumer.list_topics(timeout=ANSWER_SECONDS).topics
    places = [TopicPartition(topic, number, 0) for topic in topics for number in known[topic].partitions]
    if after_group is None:
        return places
    committed = consumer.committed(places, timeout=ANSWER_SECONDS)
    return [TopicPartition(place.topic, place.partition, max(place.offset, 0)) for place in committed]
