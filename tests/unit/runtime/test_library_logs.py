"""The line of a library's log record: the parts that can't hold personal data."""

import logging
from typing import Any

import pytest
from structlog.testing import capture_logs

from services.runtime.observe.logs import LINES_A_WINDOW, WINDOW_SECONDS, LibraryHandler


def _handle(handler: LibraryHandler, message: str, *arguments: object, library: str = "aiokafka") -> None:
    handler.handle(
        logging.LogRecord(library, logging.WARNING, "client.py", 41, message, arguments, None, func="bootstrap")
    )


def _reported(message: str, *arguments: object, library: str = "aiokafka") -> list[Any]:
    with capture_logs() as lines:
        _handle(LibraryHandler(logging.WARNING), message, *arguments, library=library)
    return lines


def test_a_trusted_library_keeps_its_sentence_without_the_text_of_exceptions() -> None:
    assert _reported('Unable connect to "%s:%s": %s', "kafka", 9092, OSError("geheim")) == [
        {
            "event": "library.reported",
            "log_level": "warning",
            "library": "aiokafka",
            "place": "client:41:bootstrap",
            "text": 'Unable connect to "kafka:9092": OSError',
            "exc_info": None,
        }
    ]


def test_a_value_that_is_not_a_plain_fact_is_named_by_its_type() -> None:
    assert _reported("Got %r from node %d", [b"geheim"], 1)[0]["text"] == "Got '<list>' from node 1"


def test_a_sentence_that_can_not_be_formatted_stays_empty() -> None:
    assert _reported("Got %d bytes", b"geheim")[0]["text"] == "Got %d bytes"


def test_another_library_keeps_only_its_place() -> None:
    assert _reported("failed on geheim", library="faststream") == [
        {
            "event": "library.reported",
            "log_level": "warning",
            "library": "faststream",
            "place": "client:41:bootstrap",
            "exc_info": None,
        }
    ]


def test_repeats_of_one_line_are_dropped_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    moments = [1000.0] * 100 + [1000.0 + WINDOW_SECONDS + 1]
    clock = iter(moments)
    monkeypatch.setattr("services.runtime.observe.logs.monotonic", lambda: next(clock))
    handler = LibraryHandler(logging.WARNING)

    with capture_logs() as lines:
        for _ in moments:
            _handle(handler, "again")

    assert len(lines) == LINES_A_WINDOW + 1
    assert lines[-1]["repeats_dropped"] == 100 - LINES_A_WINDOW
