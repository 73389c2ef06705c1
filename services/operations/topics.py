"""Making the topics, and comparing those that exist with their definition.

Nothing that exists is changed: a change can cost data, so the operator decides.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import NoReturn

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code

from services.runtime.errors import InvalidSettings
from services.runtime.kafka import in_process
from services.runtime.kafka.clients import admin_client, await_topics
from services.runtime.kafka.errors import REFUSED_USER, translate_kafka_errors
from services.runtime.kafka.topics import MAX_REPLICAS, TopicDefinition, topic_configurations, topic_definitions
from services.runtime.settings import Settings


@dataclass(frozen=True, slots=True)
class Departure:
    """One property of a topic that differs from the definition, by Kafka's name for it."""

    what: str
    wanted: str
    found: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicState:
    """One topic as it was found, or was made just now."""

    name: str
    exists: bool
    created: bool = False
    partitions: int = 0
    departures: tuple[Departure, ...] = ()


async def check_topics(settings: Settings) -> list[TopicState]:
    """Return how every topic compares with its definition, input first.

    Raises TransientFailure when Kafka does not answer, InvalidSettings when it refuses.
    """
    async with _asking(settings, right="describe the topics and their configuration") as admin:
        return await _states(admin, topic_definitions(settings))


async def create_topics(settings: Settings) -> list[TopicState]:
    """Make the topics that are missing and return the state of all, input first. A second call changes nothing.

    A topic gets as many replicas as there are brokers, three at most. Raises as `check_topics` does.
    """
    definitions = topic_definitions(settings)
    async with _asking(settings, right="describe and create topics") as admin:
        states = await _states(admin, definitions)
        missing = [each for each, state in zip(definitions, states, strict=True) if not state.exists]
        if not missing:
            return states
        made = await _create(admin, missing)
        await await_topics(admin, settings, [each.name for each in missing])
        return [
            replace(state, exists=True, created=True, partitions=each.partitions) if state.name in made else state
            for each, state in zip(definitions, await _states(admin, definitions), strict=True)
        ]


@asynccontextmanager
async def _asking(settings: Settings, *, right: str) -> AsyncIterator[AIOKafkaAdminClient]:
    """An administration client for the block. Raises as `translate_kafka_errors` does."""
    async with admin_client(settings) as admin:
        with translate_kafka_errors(settings, right=right):
            yield admin


# Finding --------------------------------------------------------------------------------------------------------------


async def _states(admin: AIOKafkaAdminClient, definitions: Sequence[TopicDefinition]) -> list[TopicState]:
    # All topics: a question about one by name can make a broker create it, with a definition of its own.
    partitions = {each["topic"]: len(each["partitions"]) for each in await admin.describe_topics()}
    existing = [each.name for each in definitions if each.name in partitions]
    configurations = await topic_configurations(admin, existing)
    return [
        _compare(each, partitions=partitions[each.name], configuration=configurations[each.name])
        if each.name in partitions
        else TopicState(name=each.name, exists=False)
        for each in definitions
    ]


def _compare(definition: TopicDefinition, *, partitions: int, configuration: Mapping[str, str]) -> TopicState:
    wanted = {"partitions": str(definition.partitions), **definition.configuration}
    found = {"partitions": str(partitions), **configuration}
    departures = [
        Departure(what, value, found[what]) for what, value in wanted.items() if what in found and found[what] != value
    ]
    return TopicState(name=definition.name, exists=True, partitions=partitions, departures=tuple(departures))


# Making ---------------------------------------------------------------------------------------------------------------


async def _create(admin: AIOKafkaAdminClient, definitions: Sequence[TopicDefinition]) -> set[str]:
    """Return the names of those that were made; another process may have made one a moment ago."""
    if not in_process.has_administration():
        await admin.describe_topics([each.name for each in definitions])
        return {each.name for each in definitions}
    cluster = await admin.describe_cluster()
    replicas = min(len(cluster["brokers"]), MAX_REPLICAS)
    response = await admin.create_topics(
        [NewTopic(each.name, each.partitions, replicas, topic_configs=each.configuration) for each in definitions]
    )
    for name, code, message in response.topic_errors:
        if code not in (0, TopicAlreadyExistsError.errno):
            _refuse(name, for_code(code), message)
    return {name for name, code, _message in response.topic_errors if not code}


def _refuse(topic: str, error: type[KafkaError], message: str) -> NoReturn:
    """Raise Kafka's refusal. A fault of the topic itself is reported in Kafka's own words."""
    if issubclass(error, REFUSED_USER) or error.retriable:
        raise error
    raise InvalidSettings(f"Kafka refuses to make the topic {topic}: {error.__name__} {message}")
