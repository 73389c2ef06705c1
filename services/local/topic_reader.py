"""What stands in topics now, as a reader sees it that reads only what is committed."""

from collections.abc import Iterator, Sequence
from typing import Final

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

ANSWER_SECONDS: Final = 10
"""Patience with one answer of a broker on this machine."""

_END_OF_PARTITION: Final = KafkaError._PARTITION_EOF  # noqa: SLF001 - the library's own name for a public constant


def committed_messages(bootstrap: str, topics: Sequence[str], *, after_group: str | None = None) -> Iterator[Message]:
    """Give every message up to the present end: from the beginning, or from where a group has committed.

    Raises KafkaException when the broker does not answer.
    """
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": after_group or "klantcontact-reader",  # it joins no group: the partitions are assigned by hand
            "isolation.level": "read_committed",
            "enable.partition.eof": True,
            "enable.auto.commit": False,
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
