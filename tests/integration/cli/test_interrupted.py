"""Ctrl-C while `klantcontact …` is at work: it says how far it came."""

import os
import re
import signal
import subprocess
import sys

import pytest
from confluent_kafka import Consumer, TopicPartition

from services.runtime.settings import Settings
from tests.support.contacts import contact_ended, encoded
from tests.support.kafka_tools import make_topics, topic_names
from tests.support.waiting import wait_for

SECONDS = 60
INTERRUPTED = 130
EVENTS = 20


@pytest.fixture
def settings(kafka_bootstrap: str, topics: str) -> Settings:
    made = Settings(kafka_bootstrap=kafka_bootstrap, topic_partitions=1, **topic_names(topics))
    make_topics(kafka_bootstrap, made.contact_topics[0])
    return made


def _written(settings: Settings) -> int:
    onlooker = Consumer({"bootstrap.servers": settings.kafka_bootstrap, "group.id": "none"})
    try:
        _low, high = onlooker.get_watermark_offsets(TopicPartition(settings.contact_topics[0], 0), timeout=SECONDS)
    finally:
        onlooker.close()
    return int(high)


def test_publish_sends_events_from_a_pipe_and_stops_at_the_first_ctrl_c(settings: Settings) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "services.cli", "publish", "-"],
        env={**os.environ, **settings.environment()},
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        bufsize=0,
    ) as publishing:
        assert publishing.stdin is not None
        assert publishing.stderr is not None
        for number in range(EVENTS):
            publishing.stdin.write(encoded(contact_ended(f"c-{number}")) + b"\n")
        wait_for("all that came is in the topic", lambda: _written(settings) == EVENTS, seconds=SECONDS)

        publishing.send_signal(signal.SIGINT)

        assert publishing.wait(SECONDS) == INTERRUPTED
        told = publishing.stderr.read().decode()
    assert re.fullmatch(r"Interrupted: at least \d+ sent\. Send the file again: repeats change nothing\.\n", told)
