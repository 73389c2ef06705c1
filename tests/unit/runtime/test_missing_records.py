"""The log of aiokafka's fetcher: we report the reset of a position, and other lines pass as before."""

import logging

import pytest
from aiokafka import TopicPartition
from structlog.testing import capture_logs

from services.runtime.kafka.patches import FETCHER, listen_for_resets


def test_a_reset_is_logged_once_and_other_lines_pass_as_before(caplog: pytest.LogCaptureFixture) -> None:
    listen_for_resets()
    listen_for_resets()

    with capture_logs() as lines, caplog.at_level(logging.INFO, logger=FETCHER.name):
        FETCHER.info(
            "Fetch offset %s is out of range for partition %s, resetting offset", 5, TopicPartition("contact.ended", 3)
        )
        FETCHER.info("something that we did not hear before")
        FETCHER.warning("Unexpected error while fetching data: %s", "UnknownError")

    assert lines == [
        {
            "event": "records.missing",
            "log_level": "error",
            "topic": "contact.ended",
            "partition": 3,
            "next_offset": 5,
            "first_offset": None,
        }
    ]
    assert [record.levelname for record in caplog.records] == ["WARNING"]
