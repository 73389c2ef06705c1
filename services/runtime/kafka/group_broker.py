"""FastStream's broker and subscriber, with which a service takes its place in a group.

FastStream connects, logs in, joins and leaves. In its *pull mode* a batch subscriber has no handler. Started, it is in
the group with our listener and runs no loop of its own, so the poll in `group.py` is ours and an error is raised where
it happens. FastStream's own loop (0.7.8) logs an error and goes on, decodes what may not be text, and joins what
aiokafka returns by partition.

No operator's command imports this module: FastStream is a third of the time in which it would start.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypedDict

from faststream import AckPolicy
from faststream.kafka import KafkaBroker
from faststream.kafka.subscriber.usecase import BatchSubscriber
from faststream.security import BaseSecurity, SASLPlaintext, SASLScram256, SASLScram512

from services.runtime.kafka import in_process
from services.runtime.kafka.assignment import Assignment
from services.runtime.kafka.clients import FETCH_MAX_BYTES, MAX_PARTITION_FETCH_BYTES, METADATA_MS
from services.runtime.kafka.connection import CLIENT_ID, brokers, security_options
from services.runtime.kafka.patches import (
    bound_unpacking,
    close_cancelled_starts,
    listen_for_resets,
    tolerate_header_names,
)
from services.runtime.settings import Settings

MAX_POLL_INTERVAL_MS: Final = 5 * 60 * 1000
"""Kafka's default. Nothing that goes well takes as long."""

REQUEST_SLACK_MS = 30_000
"""The broker answers a join when the slowest member has joined, within the session timeout: the client waits longer."""

HEARTBEATS_A_SESSION = 3

FETCH_MAX_WAIT_MS: Final = 100
"""How long a broker holds a fetch that finds nothing (default 500). aiokafka has one fetch under way to each broker. It
leaves a partition out whose last records still lie in the fetcher: that one waits for the next fetch."""

MECHANISMS: Final = {"PLAIN": SASLPlaintext, "SCRAM-SHA-256": SASLScram256, "SCRAM-SHA-512": SASLScram512}

LIBRARY_LOGGER = logging.getLogger("klantcontact.faststream")
"""For FastStream, which would otherwise write to the screen in its own form."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Subscription:
    """What a member of a group reads."""

    topics: Sequence[str]
    group: str
    max_records: int
    """Of one poll."""
    writes_to: Sequence[str] = ()
    """Topics that are not read. One of them that is gone is a reason not to be ready too."""
    max_poll_interval_ms: int = MAX_POLL_INTERVAL_MS
    """How long one fetch may be handled before the group takes our partitions away."""


class SubscriberOptions(TypedDict):
    """The options of every subscriber besides its topics and its listener."""

    group_id: str
    ack_policy: AckPolicy
    auto_offset_reset: Literal["earliest"]
    isolation_level: Literal["read_committed"]
    session_timeout_ms: int
    heartbeat_interval_ms: int
    fetch_max_wait_ms: int
    fetch_max_bytes: int
    max_partition_fetch_bytes: int
    check_crcs: bool


def group_broker(settings: Settings) -> KafkaBroker:
    """Return the FastStream broker of a service. It only reads: each partition has a producer of its own."""
    tolerate_header_names()
    bound_unpacking(settings.max_unpacked_bytes)
    listen_for_resets()
    close_cancelled_starts()
    return KafkaBroker(
        brokers(settings),
        client_id=CLIENT_ID,
        security=_security(settings),
        consumer_only=True,
        allow_auto_create_topics=False,
        request_timeout_ms=settings.session_timeout_ms + REQUEST_SLACK_MS,
        graceful_timeout=settings.shutdown_seconds,
        metadata_max_age_ms=METADATA_MS,
        logger=LIBRARY_LOGGER,
        log_level=logging.DEBUG,
    )


def _security(settings: Settings) -> BaseSecurity:
    options = security_options(settings)
    context = options["ssl_context"]
    if settings.kafka_username is None:
        return BaseSecurity(ssl_context=context)
    mechanism = MECHANISMS[options["sasl_mechanism"]]
    return mechanism(options["sasl_plain_username"], options["sasl_plain_password"], ssl_context=context)


def subscriber_options(settings: Settings, *, group: str) -> SubscriberOptions:
    """Return the options of a subscriber that commits itself, skips nothing, and reads committed records only."""
    return SubscriberOptions(
        group_id=group,
        ack_policy=AckPolicy.MANUAL,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
        session_timeout_ms=settings.session_timeout_ms,
        heartbeat_interval_ms=settings.session_timeout_ms // HEARTBEATS_A_SESSION,
        fetch_max_wait_ms=FETCH_MAX_WAIT_MS,
        fetch_max_bytes=FETCH_MAX_BYTES,
        max_partition_fetch_bytes=MAX_PARTITION_FETCH_BYTES,
        check_crcs=in_process.checks_crcs(),
    )


def subscribe(
    broker: KafkaBroker, settings: Settings, subscription: Subscription, listener: Assignment
) -> BatchSubscriber:
    """Subscribe in pull mode: no handler is added, so FastStream reads nothing by itself."""
    subscriber = broker.subscriber(
        *subscription.topics,
        batch=True,
        max_poll_interval_ms=subscription.max_poll_interval_ms,
        listener=listener,
        **subscriber_options(settings, group=subscription.group),
    )
    assert isinstance(subscriber, BatchSubscriber), "that is what batch=True gives"
    return subscriber
