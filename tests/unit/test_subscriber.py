"""What FastStream is told: its own ways would commit what was not handled, skip what it can't read, or make topics."""

from aiokafka import ConsumerRebalanceListener
from faststream import AckPolicy
from faststream.kafka import KafkaBroker
from faststream.kafka.subscriber.usecase import BatchSubscriber

from services.classifier.adapters.subscriber import subscribe
from services.runtime import kafka
from services.runtime.settings import Settings

SETTINGS = Settings(classifier_group="the-group", session_timeout_ms=9_000)


class _Listener(ConsumerRebalanceListener):  # type: ignore[misc] # aiokafka has no types
    def on_partitions_revoked(self, revoked: object) -> None: ...

    def on_partitions_assigned(self, assigned: object) -> None: ...


async def _nothing(_: object) -> None: ...


def _subscribed() -> tuple[KafkaBroker, BatchSubscriber]:
    broker = kafka.broker(SETTINGS)
    listener = _Listener()
    return broker, subscribe(broker, SETTINGS, listener=listener, handle=_nothing, fail=lambda _: None)


def test_positions_are_never_committed_by_the_framework_or_the_client() -> None:
    _, subscriber = _subscribed()
    assert subscriber.ack_policy is AckPolicy.MANUAL
    assert subscriber._connection_args["enable_auto_commit"] is False


def test_topics_are_never_made_by_reading_them() -> None:
    broker, _ = _subscribed()
    assert broker.config.allow_auto_create_topics is False


def test_it_starts_at_the_beginning_and_reads_what_is_committed() -> None:
    _, subscriber = _subscribed()
    assert subscriber.group_id == "the-group"
    assert subscriber._connection_args["auto_offset_reset"] == "earliest"
    assert subscriber._connection_args["isolation_level"] == "read_committed"
    assert subscriber._connection_args["session_timeout_ms"] == 9_000


def test_one_fetch_is_bounded() -> None:
    _, subscriber = _subscribed()
    assert subscriber.max_records == 10_000
    assert subscriber._connection_args["fetch_max_bytes"] <= 16 * 1024 * 1024
