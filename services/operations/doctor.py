"""The checks of what the services need. Each says what was found and what to do about it."""

import asyncio
import sys
from collections.abc import Iterable, Sequence
from importlib.metadata import PackageNotFoundError, version

from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import GroupCoordinatorNotAvailableError
from aiokafka.protocol.admin import ApiVersionRequest

from services.classifier.mongo.key import RegisterKey, configured_sleutels
from services.domain.policy import Beleid
from services.operations.audit.check import audit_check
from services.operations.channel_checks import channel_checks
from services.operations.checks import Check, failed
from services.operations.intake_check import intake_checks
from services.operations.mongo import read_register
from services.operations.mongo_checks import mongo_checks
from services.operations.retain.check import retention_check
from services.operations.topics import TopicState, check_topics
from services.operations.wording import counted, to_the_second
from services.runtime.errors import InvalidSettings, KlantcontactError
from services.runtime.kafka.clients import ADMIN_TIMEOUT_MS, TOPICS_ADVICE, admin_client
from services.runtime.kafka.connection import connected
from services.runtime.kafka.errors import kafka_is_away, translate_kafka_errors
from services.runtime.kafka.open_transactions import open_transactions
from services.runtime.secret import READABLE_ADVICE, load_sleutel, readable_by_others
from services.runtime.settings import Settings
from services.runtime.toml_file import load_toml_file
from services.runtime.waiting import pauses_within

LIBRARIES = ("klantcontact", "faststream", "aiokafka", "pymongo", "pydantic", "uvloop")

OLDEST_PYTHON = (3, 11)

CREATE_TOPICS = 19
"""Kafka's number for the request that shows its age: Kafka 4.0 dropped the first two versions of it."""

START_SECONDS = 10.0
"""Patience with a broker that makes its topic for transactions, as it does at the first question about them."""

TRANSACTION_COORDINATOR = 1
"""Kafka's number for that kind of coordinator."""

TRANSACTIONS_ADVICE = (
    "Kafka aborts it at its timeout, after 15 minutes at most by default. One that stays has been forgotten by Kafka: "
    "restart the classifier if it lies in a topic that only the classifier writes to; otherwise abort it with "
    "`kafka-transactions.sh abort --topic … --partition … --start-offset …`."
)

NO_SOURCES_ADVICE = (
    "A publisher can use any source, also that of another system. Name the sources in the policy, under `bronnen`, to "
    "prevent it."
)

GO_ON_ROTATING = "Run `klantcontact rotate-key` until it is done: it goes on where it was."

ROTATE_NOW = "Once every process has these settings, run `klantcontact rotate-key` (docs/privacy/key.md)."

MUTE_ADVICE = (
    "Every event of such a source is refused. Correct its `topics` in the policy, or KLANTCONTACT_CONTACT_TOPICS."
)


async def examine(settings: Settings) -> list[Check]:
    """Check everything that a service needs. A server that is away costs some seconds. Changes nothing."""
    sleutel, kafka, topics, mongodb, trail = await asyncio.gather(
        _sleutel(settings), _kafka(settings), _topics(settings), mongo_checks(settings), audit_check(settings)
    )
    files = [*_beleid(settings), retention_check(settings), *intake_checks(settings)]
    return [_versions(), sleutel, *_exposed(settings), *files, kafka, *topics, *mongodb, trail]


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
        sleutel, sleutels = load_sleutel(settings), configured_sleutels(settings)
        async with read_register(settings) as database:
            key = RegisterKey(database, sleutels)
            is_known = await key.check()
    except KlantcontactError as error:
        return failed("key", error)
    found, state = f"{len(sleutel)} bytes, version {sleutels.versie}", key.versions.state
    if not is_known:
        return Check(name="key", ok=True, found=f"{found}, which the register takes when the classifier starts")
    if state.former is not None:
        replacing = f"{found}; the register goes from version {state.former} to {state.versie}"
        return Check(name="key", ok=False, found=replacing, advice=GO_ON_ROTATING)
    if state.versie < sleutels.versie:
        ahead = f"{found}; the register has version {state.versie}"
        return Check(name="key", ok=True, found=ahead, advice=ROTATE_NOW)
    return Check(name="key", ok=True, found=f"{found}, that of the register")


def _exposed(settings: Settings) -> Iterable[Check]:
    for variable, file in readable_by_others(settings):
        found = f"{variable}: {file} is readable by others"
        yield Check(name="secrets", ok=True, found=found, advice=READABLE_ADVICE)


def _beleid(settings: Settings) -> Iterable[Check]:
    try:
        beleid = load_toml_file(settings.beleid_file, Beleid)
    except InvalidSettings as error:
        yield failed("policy", error)
    else:
        yield _policy(settings, beleid)
        yield from channel_checks(settings, beleid)


def _policy(settings: Settings, beleid: Beleid) -> Check:
    read = set(settings.input_topics)
    mute = [
        f"{source} may write to {', '.join(sorted(bron.topics))} alone, which the classifier does not read"
        for source, bron in beleid.bronnen.items()
        if bron.topics is not None and bron.topics.isdisjoint(read)
    ]
    if mute:
        return Check(name="policy", ok=False, found="; ".join(mute), advice=MUTE_ADVICE)
    origin = f"from {settings.beleid_file}" if settings.beleid_file else "the defaults of the contract"
    names = counted(len(beleid.bronnen), "source") if beleid.bronnen else "no sources"
    return Check(
        name="policy",
        ok=True,
        found=f"version {beleid.versie}, {origin}, names {names}",
        advice="" if beleid.bronnen else NO_SOURCES_ADVICE,
    )


# Kafka ---------------------------------------------------------------------------------------------------------------


async def _kafka(settings: Settings) -> Check:
    try:
        async with admin_client(settings) as admin:
            with translate_kafka_errors(settings, right="describe the cluster and use transactions"):
                cluster = await admin.describe_cluster()
                await _await_transactions(admin, settings)
                # A broker that is up: the first one in the settings may be down for a moment.
                first = cluster["brokers"][0]
                age = await _age(settings, f"{first['host']}:{first['port']}")
    except InvalidSettings as error:
        return failed("kafka", error)
    except KlantcontactError as error:
        return failed("kafka", error, "Start it, or correct KLANTCONTACT_KAFKA_BOOTSTRAP.")
    found = f"{settings.kafka_bootstrap}: {counted(len(cluster['brokers']), 'broker')}, {age}, transactions answer"
    return Check(name="kafka", ok=True, found=found)


async def _await_transactions(admin: AIOKafkaAdminClient, settings: Settings) -> None:
    """Ask which broker coordinates our transactions. Raises KafkaError when none does.

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


async def _topics(settings: Settings) -> list[Check]:
    try:
        states = await check_topics(settings)
    except KlantcontactError as error:
        return [failed("topics", error)]
    return [_definitions(states), await _transactions(settings, [state for state in states if state.exists])]


def _definitions(states: Sequence[TopicState]) -> Check:
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
    usual = states[0].partitions
    others = [f"but {each.partitions} of {each.name}" for each in states if each.partitions != usual]
    found = ", ".join((f"all {len(states)}", f"{counted(usual, 'partition')} each", *others))
    return Check(name="topics", ok=True, found=found)


def _departures(state: TopicState) -> Iterable[str]:
    return (f"{state.name} has {each.what} {each.found}, not {each.wanted}" for each in state.departures)


async def _transactions(settings: Settings, states: Sequence[TopicState]) -> Check:
    partitions = [TopicPartition(state.name, each) for state in states for each in range(state.partitions)]
    try:
        with translate_kafka_errors(settings, right="describe the topics"):
            waiting = await open_transactions(settings, partitions)
    except KlantcontactError as error:
        return failed("transactions", error)
    if not waiting:
        return Check(name="transactions", ok=True, found="no partition waits for one that is open")
    return Check(
        name="transactions",
        ok=False,
        found="; ".join(
            f"partition {each.partition} of {each.topic} waits since {to_the_second(each.since)} for the transaction "
            f"that is open at offset {each.first_offset}"
            for each in waiting
        ),
        advice=TRANSACTIONS_ADVICE,
    )
