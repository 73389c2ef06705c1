"""An independent look at Kafka: librdkafka makes topics, publishes, and reads what is committed."""

import asyncio
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache, lru_cache
from typing import Any, Final, TypedDict

from confluent_kafka import (
    OFFSET_BEGINNING,
    Consumer,
    IsolationLevel,
    KafkaError,
    KafkaException,
    Message,
    Producer,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._config import AlterConfigOpType, ConfigEntry, ConfigResource
from confluent_kafka.admin._listoffsets import OffsetSpec
from confluent_kafka.admin._resource import ResourceType
from confluent_kafka.cimpl import NewTopic

from tests.support.waiting import wait_for

ANSWER_SECONDS = 20

END_MILLISECONDS = 10
"""How long the broker waits for more before it tells a reader that a partition has ended."""

BROKER_DATES: Final = {"message.timestamp.type": "LogAppendTime"}
"""Of a topic: the broker dates its records. Without it no service starts."""

PUBLISHER_DATES: Final = {"message.timestamp.type": "CreateTime"}
"""For a test that dates records back. Before a service starts it calls `give_brokers_clock`."""


class TopicNames(TypedDict):
    """The topics, as the settings call them."""

    contact_topics: tuple[str, ...]
    consent_topics: tuple[str, ...]
    dead_letter_topic: str
    registered_topic: str
    confidential_topic: str
    taak_topic: str
    confidential_taak_topic: str
    erased_topic: str
    audit_topic: str


def topic_names(prefix: str) -> TopicNames:
    """Return the topics of one test, as in `Settings(**topic_names(topics))`."""
    return TopicNames(
        contact_topics=(f"{prefix}.contact.ended",),
        consent_topics=(f"{prefix}.toestemming.gewijzigd",),
        dead_letter_topic=f"{prefix}.contact.ended.dlq",
        registered_topic=f"{prefix}.klantcontact.registered",
        confidential_topic=f"{prefix}.klantcontact.registered.vertrouwelijk",
        taak_topic=f"{prefix}.taak.created",
        confidential_taak_topic=f"{prefix}.taak.created.vertrouwelijk",
        erased_topic=f"{prefix}.klantcontact.gewist",
        audit_topic=f"{prefix}.klantcontact.audit",
    )


def make_topics(
    bootstrap: str, *names: str, partitions: int = 1, configuration: Mapping[str, str] = BROKER_DATES
) -> None:
    """Make topics, and wait until they are there. The broker dates their records, unless told otherwise."""
    topics = [NewTopic(name, partitions, 1, config={**BROKER_DATES, **configuration}) for name in names]
    for creation in admin_client(bootstrap).create_topics(topics).values():
        creation.result(timeout=ANSWER_SECONDS)

    def show() -> bool:
        known = admin_client(bootstrap).list_topics(timeout=ANSWER_SECONDS).topics
        return all(name in known and len(known[name].partitions) == partitions for name in names)

    wait_for("the topics show", show, seconds=ANSWER_SECONDS)


def give_brokers_clock(bootstrap: str, *names: str) -> None:
    """Make topics keep the broker's clock from now on. The records that are there keep their time."""
    [(what, value)] = BROKER_DATES.items()
    entry = ConfigEntry(what, value, incremental_operation=AlterConfigOpType.SET)
    resources = [ConfigResource(ResourceType.TOPIC, name, incremental_configs=[entry]) for name in names]
    admin = admin_client(bootstrap)
    for done in admin.incremental_alter_configs(resources).values():
        done.result(ANSWER_SECONDS)

    def is_so() -> bool:
        found = admin.describe_configs([ConfigResource(ResourceType.TOPIC, name) for name in names]).values()
        return all(each.result(ANSWER_SECONDS)[what].value == value for each in found)

    wait_for("the topics keep the broker's clock", is_so, seconds=ANSWER_SECONDS)


def producer(bootstrap: str, *, compression: str = "none", idempotent: bool = False) -> Producer:
    """Return a producer that keeps the order. One that is idempotent needs half a second before it sends.

    Only where a broker goes away can one that is not idempotent send a record twice.
    """
    return Producer(
        {
            "bootstrap.servers": bootstrap,
            "enable.idempotence": idempotent,
            "max.in.flight.requests.per.connection": 5 if idempotent else 1,
            "compression.type": compression,
            "linger.ms": 5,
            "message.max.bytes": 2_100_000,  # as large as the topic of the dead letters allows
        }
    )


def publish_values(bootstrap: str, topic: str, values: Iterable[bytes | None], *, partition: int | None = None) -> None:
    """Publish values, each under a key of its own, or all to one partition."""
    sender = producer(bootstrap)
    for number, value in enumerate(values):
        key = str(number).encode()
        if partition is None:
            sender.produce(topic, value=value, key=key)
        else:
            sender.produce(topic, value=value, key=key, partition=partition)
        sender.poll(0)
    assert sender.flush(ANSWER_SECONDS) == 0


def transaction(bootstrap: str, topic: str, values: Iterable[bytes], *, committed: bool) -> None:
    """Publish values in one transaction, and commit or abort it."""
    sender = Producer({"bootstrap.servers": bootstrap, "transactional.id": f"{topic}-{committed}"})
    sender.init_transactions(ANSWER_SECONDS)
    sender.begin_transaction()
    for value in values:
        sender.produce(topic, key=b"k", value=value)
    _end(sender, bootstrap, topic, committed=committed)


def _end(sender: Producer, bootstrap: str, topic: str, *, committed: bool) -> None:
    """Commit or abort the transaction of a producer, and wait until the topic shows it: Kafka answers before that."""
    assert sender.flush(ANSWER_SECONDS) == 0
    before = end_offsets(bootstrap, [topic], IsolationLevel.READ_UNCOMMITTED)
    (sender.commit_transaction if committed else sender.abort_transaction)(ANSWER_SECONDS)
    wait_for(
        "the mark of its end is written",
        lambda: end_offsets(bootstrap, [topic], IsolationLevel.READ_UNCOMMITTED) != before,
    )


@contextmanager
def open_transaction(
    bootstrap: str, topic: str, *values: bytes, seconds_ago: float = 0, committed: bool = False
) -> Iterator[None]:
    """A transaction that has written values to partition 0 and is open within the block, then committed or aborted.

    `seconds_ago` dates them back, which counts in a topic that keeps the publisher's clock.
    """
    sender = Producer(
        {"bootstrap.servers": bootstrap, "transactional.id": f"{topic}-open", "transaction.timeout.ms": 300_000}
    )
    sender.init_transactions(ANSWER_SECONDS)
    sender.begin_transaction()
    for value in values:
        sender.produce(topic, key=b"k", value=value, partition=0, timestamp=int((time.time() - seconds_ago) * 1000))
    assert sender.flush(ANSWER_SECONDS) == 0
    yield
    _end(sender, bootstrap, topic, committed=committed)


def holds_readers_up(bootstrap: str, topics: Sequence[str]) -> bool:
    """Whether a transaction is open in some topic, so that a committed reader sees the end later.

    A position can be committed before the outputs of the same transaction are: Kafka writes that in each partition by
    itself.
    """
    of_all, of_committed = (
        end_offsets(bootstrap, topics, level)
        for level in (IsolationLevel.READ_UNCOMMITTED, IsolationLevel.READ_COMMITTED)
    )
    return of_all != of_committed


def end_offsets(
    bootstrap: str, topics: Sequence[str], level: IsolationLevel = IsolationLevel.READ_COMMITTED
) -> list[int]:
    """Return the end of each partition of these topics."""
    admin = admin_client(bootstrap)
    known = admin.list_topics(timeout=ANSWER_SECONDS).topics
    latest = OffsetSpec.latest()  # type: ignore[no-untyped-call] # it has no types
    places = {TopicPartition(topic, each): latest for topic in topics for each in known[topic].partitions}
    return [end.result(ANSWER_SECONDS).offset for end in admin.list_offsets(places, isolation_level=level).values()]


def read_committed(bootstrap: str, topics: Sequence[str]) -> list[Message]:
    """Return everything that a committed reader sees now, partition by partition in order."""
    reader = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": "reader of the tests",
            "isolation.level": "read_committed",
            "enable.partition.eof": True,
            "enable.auto.commit": False,
            "fetch.wait.max.ms": END_MILLISECONDS,
        }
    )
    try:
        known = reader.list_topics(timeout=ANSWER_SECONDS).topics
        places = [TopicPartition(topic, each, OFFSET_BEGINNING) for topic in topics for each in known[topic].partitions]
        reader.assign(places)
        return _until_every_end(reader, len(places))
    finally:
        reader.close()


def read_settled(bootstrap: str, topics: Sequence[str]) -> list[Message]:
    """Return everything that a committed reader sees once no transaction is open in these topics."""
    wait_for("everything can be read", lambda: not holds_readers_up(bootstrap, topics))
    return read_committed(bootstrap, topics)


def _until_every_end(reader: Consumer, partitions: int) -> list[Message]:
    messages: list[Message] = []
    ended: set[tuple[str | None, int | None]] = set()
    deadline = time.monotonic() + ANSWER_SECONDS
    while len(ended) < partitions:
        assert time.monotonic() < deadline, "the topics have an end"
        message = reader.poll(1)
        if message is None:
            continue
        error = message.error()
        if error is None:
            messages.append(message)
        elif error.code() == KafkaError._PARTITION_EOF:
            ended.add((message.topic(), message.partition()))
    return messages


@cache
def admin_client(bootstrap: str) -> AdminClient:
    """Return the one AdminClient of an address: each has threads of its own, and tests ask many times a second."""
    return AdminClient({"bootstrap.servers": bootstrap, "log_level": 0})


@lru_cache(maxsize=4)
def _onlooker(bootstrap: str, group: str) -> Consumer:
    """Return a consumer that never joins its group. It has threads of its own, and tests ask many times a second.

    An AdminClient could ask too, but librdkafka 2.16 crashes when a broker answers it "not coordinator", as a broker
    does that has just come back.
    """
    return Consumer(
        {"bootstrap.servers": bootstrap, "group.id": group, "isolation.level": "read_uncommitted", "log_level": 0}
    )


def committed_offsets(bootstrap: str, *, group: str, topic: str, partitions: int) -> list[int]:
    """Return the committed offset of each partition, 0 where there is none; open transactions do not count."""
    asked = [TopicPartition(topic, each) for each in range(partitions)]
    deadline = time.monotonic() + ANSWER_SECONDS
    while True:
        try:
            places = _onlooker(bootstrap, group).committed(asked, timeout=ANSWER_SECONDS)
        except KafkaException:
            # A broker that has just come back is not the coordinator yet, or is still reading.
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        else:
            return [max(place.offset, 0) for place in places]


def expect_unseen(loop: asyncio.AbstractEventLoop, *expected: type[BaseException]) -> None:
    """Accept these failures, and no others, of futures of aiokafka and FastStream that nothing awaits.

    asyncio reports such a future when it is collected as garbage. While Python parses, that report parses as well, and
    Python 3.11 fails with a SystemError (gh-106905).
    """

    def handle(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        if not isinstance(context.get("exception"), expected):
            loop.default_exception_handler(context)

    loop.set_exception_handler(handle)
