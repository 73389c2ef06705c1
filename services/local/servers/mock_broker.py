"""The broker of last resort: librdkafka's mock cluster, inside this process. It answers the protocol and
keeps nothing.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from services.local.servers.errors import MissingTool, StartFailed

ANSWER_SECONDS = 10


@contextmanager
def mock_broker() -> Iterator[str]:
    """The address of a broker that lives as long as the block. Topics appear on first use, with 4 partitions;
    there is no topic administration; about 5 MB a partition are held, in memory; aborted transactions are not
    to be trusted.

    Raises MissingTool when confluent-kafka is not installed.
    """
    try:
        from confluent_kafka import KafkaException, Producer
    except ImportError as error:
        raise MissingTool(
            "No broker at all is to be had here: `pip install confluent-kafka` brings one inside the process."
        ) from error
    # 3 = errors only; the cluster announces itself otherwise.
    owner = Producer({"test.mock.num.brokers": "1", "log_level": 3})
    try:
        brokers = owner.list_topics(timeout=ANSWER_SECONDS).brokers
    except KafkaException as error:
        raise StartFailed("The broker inside the process does not answer.") from error
    yield ",".join(f"{broker.host}:{broker.port}" for broker in brokers.values())
    # The cluster ends with its owner.
    del owner
