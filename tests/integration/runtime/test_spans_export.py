"""Exporting spans never keeps a process from ending."""

import socket
import threading
import time

import pytest

from services.runtime.observe import spans
from services.runtime.observe.tracing import tracing
from tests.support.waiting import wait_for

TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def _still_ending() -> bool:
    return any(thread.name == "spans" for thread in threading.enumerate())


def test_a_process_does_not_wait_for_a_receiver_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spans, "FLUSH_SECONDS", 0.2)
    with socket.socket() as receiver:
        receiver.bind(("127.0.0.1", 0))
        receiver.listen()
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{receiver.getsockname()[1]}")
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "5")
        with tracing("classifier") as exported:
            assert exported is not None
            exported.record("contact.decide", TRACEPARENT, {}, started_ns=time.time_ns())
        assert _still_ending(), "the block has ended while the receiver was still being waited for"
    wait_for("the exporter gives up", lambda: not _still_ending())
