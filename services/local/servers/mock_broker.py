"""The broker of last resort: librdkafka's mock cluster, inside this process. It answers the protocol and keeps nothing.

`services.runtime.kafka.in_process` has what our code does differently on it.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from services.local.servers.errors import MissingTool, StartFailed

ANSWER_SECONDS = 10


@contextmanager
def mock_broker() -> Iterator[str]:
    """Provide the address of a broker that lives as long as the block.

    Topics appear on first use, with 4 partitions. There is no topic administration. It holds about 5 MB a partition, in
    memory. Aborted transactions are not reliable.

    Raises MissingTool when confluent-kafka is not installed.
    """
    try:
        from confluent_kafka import KafkaException, Producer
    except ImportError as error:
        raise MissingTool(
            "There is no Kafka here at all: `pip install confluent-kafka` brings a broker inside the process."
        ) from error
    # 3 = errors only; the cluster announces itself otherwise.
    owner = Producer({"test.mock.num.brokers": "1", "log_level": 3})
    try:
        brokers = owner.list_topics(timeout=ANSWER_SECONDS).brokers
    except KafkaException as error:
        raise StartFailed("The broker inside the process does not answer.") from error
    yield ",".join(f"{broker.host}:{broker.port}" for broker in brokers.values())
    # The cluster ends with the producer that owns it.
    del owner
