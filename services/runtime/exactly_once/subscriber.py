"""Reads the input of a service as a member of its group, and has each of its partitions handled exactly once."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from functools import partial

from aiokafka import TopicPartition

from schemas.values import value_class
from services.runtime.ending import Ending
from services.runtime.exactly_once.partition import Means
from services.runtime.exactly_once.partitions import STUCK_SECONDS, Partitions
from services.runtime.exactly_once.ports import BatchHandler
from services.runtime.exactly_once.publisher import KafkaPublisher
from services.runtime.kafka.clients import transactional_producer
from services.runtime.kafka.group import Group
from services.runtime.kafka.group_broker import Subscription
from services.runtime.observe.health import Health
from services.runtime.settings import Settings
from services.runtime.stops.stop import StopStore
from services.runtime.stops.stops import Stops


@value_class(frozen=True, slots=True)
class Route:
    """Where a service reads, as which group, and where it may publish."""

    topics: Sequence[str]
    group: str
    outputs: Sequence[str]


class TransactionalSubscriber:
    """This instance as a member of the group of a route."""

    def __init__(
        self,
        settings: Settings,
        route: Route,
        *,
        handler: BatchHandler,
        stop_store: StopStore,
        health: Health,
        ending: Ending,
    ) -> None:
        subscription = Subscription(
            topics=route.topics,
            group=route.group,
            max_records=settings.batch_size,
            writes_to=route.outputs,
            max_poll_interval_ms=STUCK_SECONDS * 1000,
        )
        self.group = Group(settings, subscription, health, ending)
        means = Means(
            handler=handler,
            consumer=self.group.consumer,
            make_publisher=partial(partition_publisher, settings, route, health, ending),
            health=health,
            make_stops=partial(Stops, health, stop_store),
            fail=ending.fail,
            session_seconds=settings.session_timeout_ms / 1000,
        )
        self.partitions = Partitions(means, settings.batch_size)
        health.describe("producers", self.partitions.facts)

    def reading(self) -> AbstractAsyncContextManager[None]:
        """Read within the block, as `Group.reading` does."""
        return self.group.reading(self.partitions)


def partition_publisher(
    settings: Settings, route: Route, health: Health, ending: Ending, partition: TopicPartition
) -> KafkaPublisher:
    """Return the writer of one partition, which has not taken it over yet."""
    return KafkaPublisher(
        make_producer=partial(transactional_producer, settings),
        group=route.group,
        partition=partition,
        topics=route.outputs,
        health=health,
        end_with=ending.end_with,
    )
