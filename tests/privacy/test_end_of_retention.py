"""What nothing replaces goes at the end of the retention, although Kafka's cleaner joins segments."""

import os
import time
from pathlib import Path

import pytest

from services.runtime.kafka.topics import topic_definitions
from services.runtime.settings import Settings
from tests.support.cleaning_kafka import QUICK, cleaning_kafka
from tests.support.kafka_tools import ANSWER_SECONDS, make_topics, producer
from tests.support.waiting import wait_for
from tests.support.whole import whole

pytestmark = [
    pytest.mark.server,
    pytest.mark.skipif(not whole(short=False, long=True), reason="half a minute: `make privacy` runs it"),
]

MARK = "zq00qz"
TOPIC = "outputs"
RECORD_BYTES = 60_000
RECORDS = 60
"""Three segments of 1 MiB and more."""


def test_a_record_is_gone_once_its_retention_ended_and_its_segment_holds_nothing_younger(tmp_path: Path) -> None:
    settings = Settings(registered_topic=TOPIC, topic_partitions=1)
    [definition] = [each for each in topic_definitions(settings) if each.name == TOPIC]
    quick = {**definition.configuration, **QUICK, "retention.ms": "5000", "compression.type": "uncompressed"}
    with cleaning_kafka(tmp_path / "kafka") as kafka:
        make_topics(kafka.address, TOPIC, configuration=quick)
        sender = producer(kafka.address)

        def send(key: str, value: bytes) -> None:
            sender.produce(TOPIC, key=key.encode(), value=value)
            assert sender.flush(ANSWER_SECONDS) == 0

        send("first", MARK.encode())
        for number in range(RECORDS):
            send(f"later-{number}", os.urandom(RECORD_BYTES))
            time.sleep(0.2)

        def is_gone() -> bool:
            send(f"another-{time.monotonic_ns()}", b"x")
            return not kafka.found([MARK], [TOPIC])

        wait_for("the retention has ended for it", is_gone, seconds=30)
        assert kafka.found(["another-"], [TOPIC]), "what came last is there"
