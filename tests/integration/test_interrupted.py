"""Ctrl-C while `klantcontact …` is at work: it says how far it came."""

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest
from confluent_kafka import Consumer, TopicPartition

from services.runtime.settings import Settings
from tests.contacts import contact_ended, encoded
from tests.kafka_tools import make_topics, topic_names
from tests.waiting import wait_for

SECONDS = 60
INTERRUPTED = 130


@pytest.fixture
def settings(kafka_bootstrap: str, topics: str) -> Settings:
    made = Settings(kafka_bootstrap=kafka_bootstrap, topic_partitions=1, **topic_names(topics))
    make_topics(kafka_bootstrap, made.contact_topic)
    return made


@pytest.fixture
def publishing(settings: Settings) -> Iterator[subprocess.Popen[bytes]]:
    """A `publish` that gets events until it ends."""
    with subprocess.Popen(
        [sys.executable, "-m", "services.cli", "publish", "-"],
        env={**os.environ, **settings.environment()},
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        bufsize=0,
    ) as child:
        feeding = threading.Thread(target=_feed, args=[child])
        feeding.start()
        yield child
        child.kill()
        feeding.join(SECONDS)


def _written(settings: Settings) -> int:
    onlooker = Consumer({"bootstrap.servers": settings.kafka_bootstrap, "group.id": "none"})
    try:
        _low, high = onlooker.get_watermark_offsets(TopicPartition(settings.contact_topic, 0), timeout=SECONDS)
    finally:
        onlooker.close()
    return int(high)


def _feed(child: subprocess.Popen[bytes]) -> None:
    assert child.stdin is not None
    try:
        while True:
            child.stdin.write(encoded(contact_ended("c-1")) + b"\n")
    except BrokenPipeError:
        pass


def test_publish_says_how_much_was_sent(publishing: subprocess.Popen[bytes], settings: Settings) -> None:
    wait_for("some thousands are sent", lambda: _written(settings) > 2_000, seconds=SECONDS)

    publishing.send_signal(signal.SIGINT)

    assert publishing.wait(SECONDS) == INTERRUPTED
    assert publishing.stderr is not None
    told = re.fullmatch(
        rb"Interrupted: at least (\d+) sent\. Send the file again: repeats change nothing\.\n", publishing.stderr.read()
    )
    assert told is not None
    assert 1_000 <= int(told[1]) <= _written(settings)
