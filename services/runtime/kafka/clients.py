"""Every client of Kafka but that of a group is made here, with the options of aiokafka."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Literal

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaConnectionError, KafkaError

from services.runtime.errors import InvalidSettings
from services.runtime.kafka import in_process
from services.runtime.kafka.connection import connection
from services.runtime.kafka.errors import kafka_is_away, unreached
from services.runtime.kafka.patches import bound_unpacking, follow_transactions_closely, tolerate_header_names
from services.runtime.kafka.topics import MAX_BATCH_BYTES, MAX_DEAD_LETTER_BYTES
from services.runtime.settings import Settings
from services.runtime.waiting import pauses_within

PRODUCER_BATCH_BYTES = 512 * 1024
"""The most bytes of one produce batch. With the default of 16 KiB a batch of contacts would make many round trips; it
stays well under the 1 MiB that a topic takes."""

PRODUCER_BACKOFF_MS = 10
"""Kafka 4 answers the first produce of a transaction with "not yet", and aiokafka then waits this long: its
default of 100 halves the throughput (measured)."""

RANGE_BACKOFF_MS = 10
"""A new consumer that asks for offsets learns of one topic at a time, and aiokafka waits this long after each (default
100)."""

RANGE_WAIT_MS = 10
"""How long the broker waits for records at the end of a stretch (default 500). It answers nothing else meanwhile on
that connection, so the next question for offsets would wait too. Both waits made `explain` take five times as long."""

COMPRESSION = "zstd"
"""Of every batch that we write: repeats of a contact, and letters of records that were compressed themselves, take as
little room as they did before."""

TRANSACTION_TIMEOUT_MS = 30_000
"""How long a transaction that no producer ends holds back committed readers. Ours take milliseconds, and none needs to
outlive a broker's restart."""

BATCH_OVERHEAD_BYTES = 1024
"""Ten times what a batch of one record takes besides key, value and headers."""

LINGER_MS = 5
"""Lines of a file come faster than that: they share a batch."""

FETCH_MAX_BYTES = 16 * 1024 * 1024
"""Bound of one fetch over all partitions (default 50 MiB): a few batches of large contacts, to bound memory."""

MAX_PARTITION_FETCH_BYTES = 1024 * 1024

TOPICS_SHOW_SECONDS = 2.0
"""How long a new topic may stay unseen: every broker learns of it within a moment."""

TOPICS_ADVICE = (
    "Run `klantcontact topics create`, correct the settings of topics, or ask for the right to describe such a topic."
)
"""Kafka gives the same answer for a topic that does not exist and for one that this user may not see."""

ADMIN_TIMEOUT_MS = 15_000
"""Patience with administration, during which an operator waits. Creating all topics takes a second or two."""

METADATA_MS = 30_000
"""How old the knowledge of topics and partitions may be (default 5 minutes). So partitions that were added, and topics
that were made anew, are read and written within a minute."""

Isolation = Literal["read_committed", "read_uncommitted"]
"""Whether a consumer waits for transactions to end, and skips what was aborted, or does not."""


def transactional_producer(settings: Settings, *, transactional_id: str) -> AIOKafkaProducer:
    """Return a producer, not yet started. Starting it fences the former producer of that id."""
    follow_transactions_closely()
    return AIOKafkaProducer(
        **connection(settings),
        transactional_id=transactional_id,
        transaction_timeout_ms=TRANSACTION_TIMEOUT_MS,
        metadata_max_age_ms=METADATA_MS,
        retry_backoff_ms=PRODUCER_BACKOFF_MS,
        max_request_size=MAX_DEAD_LETTER_BYTES,
        max_batch_size=PRODUCER_BATCH_BYTES,
        compression_type=COMPRESSION,
    )


def idempotent_producer(settings: Settings) -> AIOKafkaProducer:
    """Return an idempotent producer without transactions, not yet started."""
    return AIOKafkaProducer(
        **connection(settings),
        enable_idempotence=True,
        # Refused here: a refusal by the broker leaves a gap in its sequence numbers, and it would refuse the rest too.
        max_request_size=MAX_BATCH_BYTES - BATCH_OVERHEAD_BYTES,
        max_batch_size=PRODUCER_BATCH_BYTES,
        compression_type=COMPRESSION,
        linger_ms=LINGER_MS,
    )


def range_consumer(settings: Settings, *, isolation_level: Isolation = "read_committed") -> AIOKafkaConsumer:
    """Return a consumer in no group, not yet started: partitions are assigned by hand."""
    tolerate_header_names()
    bound_unpacking(settings.max_unpacked_bytes)
    return AIOKafkaConsumer(
        **connection(settings),
        enable_auto_commit=False,
        auto_offset_reset="none",
        isolation_level=isolation_level,
        retry_backoff_ms=RANGE_BACKOFF_MS,
        fetch_max_wait_ms=RANGE_WAIT_MS,
        fetch_max_bytes=FETCH_MAX_BYTES,
        max_partition_fetch_bytes=MAX_PARTITION_FETCH_BYTES,
        check_crcs=in_process.checks_crcs(),
    )


@asynccontextmanager
async def admin_client(settings: Settings) -> AsyncIterator[AIOKafkaAdminClient]:
    """Provide an administration client for the block.

    Raises TransientFailure when no broker answers, and InvalidSettings when one refuses us.
    """
    client = AIOKafkaAdminClient(**connection(settings), request_timeout_ms=ADMIN_TIMEOUT_MS)
    try:
        await client.start()
    except KafkaConnectionError as error:
        await client.close()
        raise await unreached(settings) from error
    try:
        yield client
    finally:
        await client.close()


async def require_topics(settings: Settings, *names: str) -> None:
    """Check that topics exist: a service would wait for ever for a topic that was never created.

    Raises InvalidSettings when one is missing, TransientFailure when Kafka does not answer.
    """
    async with admin_client(settings) as admin:
        missing = await await_topics(admin, settings, names)
    if missing:
        raise InvalidSettings(f"Kafka at {settings.kafka_bootstrap} has no topic {', '.join(missing)}. {TOPICS_ADVICE}")


async def await_topics(admin: AIOKafkaAdminClient, settings: Settings, names: Iterable[str]) -> list[str]:
    """Wait until topics show, which takes a broker a moment after their creation, and return those that don't.

    Raises TransientFailure when Kafka does not answer.
    """
    missing: list[str] = []
    for pause_seconds in pauses_within(TOPICS_SHOW_SECONDS):
        try:
            # All of them: a question for one by name can make a broker create it, with a definition of its own.
            existing = set(await admin.list_topics())
        except (KafkaError, TimeoutError) as error:
            raise kafka_is_away(settings) from error
        missing = [name for name in names if name not in existing]
        if not missing:
            break
        await asyncio.sleep(pause_seconds)
    return missing
