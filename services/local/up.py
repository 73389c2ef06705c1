"""`klantcontact up`: the whole system on this machine until Ctrl-C, to try it."""

import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from services.channels.channels_file import has_no_channels
from services.local.servers.errors import StartFailed
from services.local.servers.process import Server
from services.local.servers.stack import KafkaKind, MongoKind
from services.local.system import System, running_system
from services.runtime.channel_topics import CHANNELS_VARIABLE
from services.runtime.kafka.in_process import ON
from services.runtime.mongo.client import address
from services.runtime.settings import IN_PROCESS_BROKER, Settings

LOOK_SECONDS = 0.5
"""The interval of the check that no service has ended by itself."""

TAIL_LINES = 15


def run(settings: Settings, *, folder: Path | None, say: Callable[[str], None]) -> None:
    """Start everything, print the addresses, and return when Ctrl-C or SIGTERM has stopped it all in order.

    Raises LocalStackError when something does not start or ends by itself; then nothing is left running.
    """
    say("Starting Kafka, MongoDB and the services …")
    with running_system(settings, folder=folder, say=say, with_channels=True) as system:
        try:
            for line in _addresses(system):
                say(line)
            _watch(system.services)
        except KeyboardInterrupt:
            say("Stopping.")


def _addresses(system: System) -> Iterator[str]:
    stack, settings = system.stack, system.settings
    yield f"Kafka       {stack.kafka_bootstrap}  ({stack.kafka_kind})"
    databases = " and ".join(dict.fromkeys((settings.mongo_database, settings.register_database)))
    yield f"MongoDB     {address(settings)}  database {databases}  ({stack.mongo_kind})"
    for name, service in system.services.items():
        yield f"{name:<11} http://{service.address}/readyz and /metrics, log in {service.log_file}"
    if has_no_channels(settings):
        yield f"channels    none, as {CHANNELS_VARIABLE} says: no mapper and no intake"
    else:
        yield f"channels    {system.intake_address}/in/<kanaal>, each with its secret in {settings.kanalen_file}"
    yield "In another terminal:"
    yield f"  export KLANTCONTACT_KAFKA_BOOTSTRAP={stack.kafka_bootstrap}"
    if system.logins:
        yield f"  export KLANTCONTACT_MONGO_URI_FILE={system.logins['operator']}"
    elif stack.mongo_kind is not MongoKind.GIVEN:  # an address that was given may hold a password
        yield f"  export KLANTCONTACT_MONGO_URI='{stack.mongo_uri}'"
    if settings.sleutel_file is not None:
        yield f"  export KLANTCONTACT_SLEUTEL_FILE={settings.sleutel_file}"
    yield f"  export KLANTCONTACT_KANALEN_FILE={settings.kanalen_file}"
    if stack.kafka_kind is KafkaKind.MOCK:
        yield f"  export {IN_PROCESS_BROKER}={ON}"
    yield "  klantcontact publish events.jsonl"
    if system.logins:
        yield f"The logins of the other roles (docs/roles.md) are in {system.logins['operator'].parent}."
    yield f"Ctrl-C stops it all. Data and logs are in {system.home}."


def _watch(services: Mapping[str, Server]) -> None:
    """Wait for ever. Raises StartFailed when a service ends by itself."""
    while True:
        for name, service in services.items():
            if not service.is_running:
                tail = "\n".join(service.log_since_start().splitlines()[-TAIL_LINES:])
                raise StartFailed(f"The {name} has ended. The end of its log:\n{tail}")
        time.sleep(LOOK_SECONDS)
