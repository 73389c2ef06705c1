"""The HTTP server that answers for a service."""

import asyncio
import json
import socket
import threading
import urllib.error
import urllib.request
from http import HTTPStatus
from typing import Any

import pytest

from services.runtime.errors import InvalidSettings
from services.runtime.observe import health as health_module
from services.runtime.observe.health import Health, Part, serve
from services.runtime.observe.metrics import OWN_FAILURES
from services.runtime.settings import Settings

ANSWER_SECONDS = 60
"""An answer takes milliseconds."""


def _get(address: str, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://{address}{path}", timeout=ANSWER_SECONDS) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


async def _ask(address: str, path: str) -> tuple[int, Any]:
    status, body = await asyncio.to_thread(_get, address, path)
    return status, json.loads(body)


async def test_readiness_follows_what_the_parts_report() -> None:
    health = Health((Part.KAFKA,))
    async with serve(Settings(), health) as address:
        before = await _ask(address, "/readyz")
        health.set(Part.KAFKA, None, by="group")
        after = await _ask(address, "/readyz")

    assert before == (503, {"ready": False, "reasons": {"kafka": "has not answered yet"}, "facts": {}})
    assert after == (200, {"ready": True, "reasons": {}, "facts": {}})


async def test_readiness_shows_the_facts_of_each_part_also_when_all_is_well() -> None:
    health = Health(())
    health.describe(Part.MONGODB, lambda: {"primary": "127.0.0.1:27017"})
    async with serve(Settings(), health) as address:
        answer = await _ask(address, "/readyz")

    assert answer == (200, {"ready": True, "reasons": {}, "facts": {"mongodb": {"primary": "127.0.0.1:27017"}}})


async def test_a_service_that_runs_is_alive() -> None:
    async with serve(Settings(), Health()) as address:
        assert await _ask(address, "/livez") == (200, {"alive": True})


async def test_a_service_whose_event_loop_hangs_is_not_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health_module, "LOOP_SECONDS", 0.05)
    answers: list[tuple[int, str]] = []
    async with serve(Settings(), Health()) as address:
        asking = threading.Thread(target=lambda: answers.append(_get(address, "/livez")))
        asking.start()
        # Holds the loop, as a batch without end would, until the answer is there.
        asking.join(ANSWER_SECONDS)

    assert answers == [(503, '{"alive": false}')]


async def test_a_service_whose_event_loop_hangs_is_not_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health_module, "READY_LOOP_SECONDS", 0.05)
    answers: list[tuple[int, str]] = []
    async with serve(Settings(), Health(())) as address:
        asking = threading.Thread(target=lambda: answers.append(_get(address, "/readyz")))
        asking.start()
        asking.join(ANSWER_SECONDS)

    assert [(status, json.loads(body)["reasons"]) for status, body in answers] == [
        (503, {"service": "the event loop has not answered for 0 seconds"})
    ]


@pytest.mark.parametrize(("reason", "ready"), [(None, 1.0), ("does not answer", 0.0)])
async def test_metrics_show_the_state_that_readiness_shows(reason: str | None, ready: float) -> None:
    health = Health(())
    health.set(Part.KAFKA, reason, by="group")
    async with serve(Settings(), health) as address:
        _, body = await asyncio.to_thread(_get, address, "/metrics")

    assert f"\nklantcontact_ready {ready}\n" in body


async def test_metrics_are_served_in_the_format_of_prometheus() -> None:
    OWN_FAILURES.inc(0)
    async with serve(Settings(), Health()) as address:
        status, body = await asyncio.to_thread(_get, address, "/metrics")

    assert status == HTTPStatus.OK
    assert "# TYPE klantcontact_own_failures_total counter" in body


async def test_another_path_is_not_found() -> None:
    async with serve(Settings(), Health()) as address:
        assert await _ask(address, "/") == (404, {"paths": ["/livez", "/readyz", "/metrics"]})


async def test_the_port_is_closed_after_the_block() -> None:
    async with serve(Settings(), Health()) as address:
        pass

    host, port = address.rsplit(":", 1)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((host, int(port)), timeout=ANSWER_SECONDS)


async def test_a_port_that_is_taken_is_refused_by_name() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(InvalidSettings) as refused:
            async with serve(Settings(health_port=port), Health()):
                pass

    assert str(refused.value) == (
        f"KLANTCONTACT_HEALTH_HOST and KLANTCONTACT_HEALTH_PORT: 127.0.0.1:{port} can't be listened on "
        "(Address already in use). Choose another; port 0 takes a free one."
    )
