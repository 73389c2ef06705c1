"""What must be in order before the services run: each check says what it found and what to do about it."""

import asyncio
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import GroupCoordinatorNotAvailableError
from aiokafka.protocol.admin import ApiVersionRequest

from services.classifier.mongo.key import RegisterKey
from services.classifier.policy_file import load_policy_file
from services.domain.policy import Beleid
from services.domain.sleutels import Sleutels
from services.operations.mongo import read_database
from services.operations.topics import TopicState, check_topics
from services.operations.wording import counted
from services.runtime.errors import InvalidSettings, KlantcontactError
from services.runtime.kafka.clients import ADMIN_TIMEOUT_MS, TOPICS_ADVICE, admin_client
from services.runtime.kafka.connection import connected
from services.runtime.kafka.errors import kafka_is_away, translate_kafka_errors
from services.runtime.mongo.client import Client, address, connect
from services.runtime.mongo.errors import translate_mongo_errors
from services.runtime.secret import load_sleutel
from services.runtime.settings import Settings
from services.runtime.waiting import pauses_within

LIBRARIES = ("klantcontact", "faststream", "aiokafka", "pymongo", "pydantic", "uvloop")

OLDEST_PYTHON = (3, 11)

OLDEST_MONGODB = (6, 0)
"""The tests run on it."""

CREATE_TOPICS = 19
"""Kafka's number of a request that shows its release: Kafka 4.0 dropped the first two versions of it."""

START_SECONDS = 10.0
"""Patience with a broker that makes its topic for transactions, which the first question about them causes."""

TRANSACTION_COORDINATOR = 1
"""Kafka's number for that kind of coordinator."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One check. `advice` says what to do, and is empty when all is well."""

    name: str
    ok: bool
    found: str
    advice: str = ""


async def examine(settings: Settings) -> list[Check]:
    """Check everything that a service needs, side by side. Changes nothing.

    A server that is away costs some seconds.
    """
    sleutel, kafka, topics, mongodb = await asyncio.gather(
        _sleutel(settings), _kafka(settings), _topics(settings), _mongodb(settings)
    )
    return [_versions(), sleutel, _beleid(settings), kafka, topics, mongodb]


def _failed(name: str, error: KlantcontactError, advice: str = "") -> Check:
    """Return the check that an error failed. InvalidSettings holds the advice in its message."""
    return Check(name=name, ok=False, found=str(error), advice=advice)


def _versions() -> Check:
    python = ".".join(str(part) for part in sys.version_info[:3])
    fits = sys.version_info[:2] >= OLDEST_PYTHON
    return Check(
        name="versions",
        ok=fits,
        found=", ".join([f"Python {python}", *(f"{library} {_version(library)}" for library in LIBRARIES)]),
        advice="" if fits else "Use Python 3.11 or newer.",
    )


def _version(library: str) -> str:
    try:
        return version(library)
    except PackageNotFoundError:
        return "not installed"


async def _sleutel(settings: Settings) -> Check:
    try:
        sleutel = load_sleutel(settings)
        async with read_database(settings) as database:
            is_known = await RegisterKey(database, Sleutels(sleutel, settings.sleutelversie)).check()
    except KlantcontactError as error:
        return _failed("key", error)
    register = "that of the register" if is_known else "which the register takes when the classifier starts"
    return Check(name="key", ok=True, found=f"{len(sleutel)} bytes, version {settings.sleutelversie}, {register}")


def _beleid(settings: Settings) -> Check:
    try:
        beleid = load_policy_file(settings.beleid_file, Beleid)
    except InvalidSettings as error:
        return _failed("policy", error)
    origin = f"from {settings.beleid_file}" if settings.beleid_file else "the defaults of the contract"
    return Check(name="policy", ok=True, found=f"version {beleid.versie}, {origin}")


# Kafka ---------------------------------------------------------------------------------------------------------------


async def _kafka(settings: Settings) -> Check:
    try:
        async with admin_client(settings) as admin:
            with translate_kafka_errors(settings, right="describe the cluster and use transactions"):
                cluster = await admin.describe_cluster()
                await _await_transactions(admin, settings)
                # One that is there: what the settings name first may be down for a moment.
                first = cluster["brokers"][0]
                age = await _age(settings, f"{first['host']}:{first['port']}")
    except InvalidSettings as error:
        return _failed("kafka", error)
    except KlantcontactError as error:
        return _failed("kafka", error, "Start it, or correct KLANTCONTACT_KAFKA_BOOTSTRAP.")
    found = f"{settings.kafka_bootstrap}: {counted(len(cluster['brokers']), 'broker')}, {age}, transactions answer"
    return Check(name="kafka", ok=True, found=found)


async def _await_transactions(admin: AIOKafkaAdminClient, settings: Settings) -> None:
    """Ask for the coordinator of our transactions. Raises KafkaError when there is none.

    A broker that has just started looks for it when it is asked, and answers "not yet" meanwhile.
    """
    transactional_id = f"{settings.classifier_group}-doctor"
    for pause_seconds in pauses_within(START_SECONDS):
        try:
            await admin.find_coordinator(transactional_id, TRANSACTION_COORDINATOR)
        except GroupCoordinatorNotAvailableError:
            await asyncio.sleep(pause_seconds)
        else:
            return
    await admin.find_coordinator(transactional_id, TRANSACTION_COORDINATOR)


async def _age(settings: Settings, broker: str) -> str:
    try:
        connection = await connected(settings, broker, timeout_ms=ADMIN_TIMEOUT_MS)
    except OSError as error:
        raise kafka_is_away(settings) from error
    try:
        response = await connection.send(ApiVersionRequest())
    finally:
        connection.close()
    oldest = {key: lowest for key, lowest, _highest in response.api_versions}
    return "Kafka 4.0 or newer" if oldest[CREATE_TOPICS] > 0 else "older than Kafka 4.0"


async def _topics(settings: Settings) -> Check:
    try:
        states = await check_topics(settings)
    except KlantcontactError as error:
        return _failed("topics", error)
    missing = [state.name for state in states if not state.exists]
    if missing:
        return Check(
            name="topics",
            ok=False,
            found=f"missing: {', '.join(missing)}",
            advice=TOPICS_ADVICE,
        )
    departures = [each for state in states for each in _departures(state)]
    if departures:
        return Check(
            name="topics",
            ok=False,
            found="; ".join(departures),
            advice="Change the topic with Kafka's own tools, or the setting when the topic is as you want it.",
        )
    return Check(name="topics", ok=True, found=f"all {len(states)}, {counted(states[0].partitions, 'partition')} each")


def _departures(state: TopicState) -> Iterable[str]:
    return (f"{state.name} has {each.what} {each.found}, not {each.wanted}" for each in state.departures)


# MongoDB -------------------------------------------------------------------------------------------------------------


async def _mongodb(settings: Settings) -> Check:
    try:
        client = await connect(settings)
    except InvalidSettings as error:
        return _failed("mongodb", error)
    except KlantcontactError as error:
        return _failed("mongodb", error, "Start it, or correct KLANTCONTACT_MONGO_URI.")
    try:
        async with client:
            with translate_mongo_errors(settings, right="read, in a transaction,"):
                hello = await client.admin.command("hello")
                server = str((await client.server_info())["version"])
                await _try_transaction(client, settings)
    except InvalidSettings as error:
        return _failed("mongodb", error)
    except KlantcontactError as error:
        return _failed("mongodb", error, "See the log of MongoDB.")
    found = f"{address(settings)}: MongoDB {server}, replica set {hello.get('setName')}, transactions work"
    fits = tuple(int(part) for part in server.split(".")[:2]) >= OLDEST_MONGODB
    return Check(name="mongodb", ok=fits, found=found, advice="" if fits else "Use MongoDB 6.0 or newer.")


async def _try_transaction(client: Client, settings: Settings) -> None:
    """Read in a transaction. Raises PyMongoError when that fails."""
    async with client.start_session() as session, await session.start_transaction():
        await client[settings.mongo_database]["besluiten"].find_one({}, {"_id": 1}, session=session)
