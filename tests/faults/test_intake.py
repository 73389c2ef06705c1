"""The intake is killed, frozen and restarted, and Kafka is frozen: what was answered 2xx lies in the raw topic.

A platform sends a message again until it is accepted. So one may lie there twice, and none is missing.
"""

import asyncio
import json
from collections.abc import Callable, Coroutine, Iterator
from itertools import count
from pathlib import Path
from typing import Final

import httpx
import pytest

from services.local.servers.kafka import kafka_server
from services.local.servers.process import Server
from services.runtime.observe.health import Part
from services.runtime.settings import Settings
from tests.support.intake_channels import SECRET
from tests.support.intake_process import CLIENT_SECONDS, IntakeProcess, RawReader, intake, settings_of_intake
from tests.support.waiting import wait_for

PREFIX: Final = "kanaal"
AT_ONCE: Final = 20
SOME: Final = 40
AGAIN_SECONDS: Final = 0.05
"""The pause of a platform before it sends a message again."""

FROZEN: Final = 503


@pytest.fixture(scope="module")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A broker that nobody else uses, since it is stopped here."""
    with kafka_server(tmp_path_factory.mktemp("kafka"), say=lambda _: None) as running:
        yield running


@pytest.fixture(scope="module")
def settings(kafka: Server, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return settings_of_intake(kafka.address, PREFIX, tmp_path_factory.mktemp("channels"))


class Platform:
    """Delivers numbered messages until it is told to end, several at once, each again until it is accepted."""

    def __init__(self, url: str, name: str) -> None:
        self._url = f"{url}/in/open-forms"
        self._name = name
        self._numbers = count()
        self.ends = False
        self.accepted: set[str] = set()
        self.answers: set[int] = set()

    async def deliver_all(self) -> None:
        """Deliver messages, and end when each is accepted."""
        client = httpx.AsyncClient(timeout=CLIENT_SECONDS, trust_env=False)
        async with client, asyncio.TaskGroup() as group:
            for _ in range(AT_ONCE):
                group.create_task(self._deliver_some(client))

    async def goes_on(self) -> None:
        """Wait until some more messages are accepted."""
        enough = len(self.accepted) + SOME
        await asyncio.to_thread(wait_for, f"{SOME} more are accepted", lambda: len(self.accepted) >= enough)

    async def _deliver_some(self, client: httpx.AsyncClient) -> None:
        while not self.ends:
            message = f"{self._name}-{next(self._numbers)}"
            while not await self._delivers(client, message):  # noqa: ASYNC110 - as platforms do
                await asyncio.sleep(AGAIN_SECONDS)

    async def _delivers(self, client: httpx.AsyncClient, message: str) -> bool:
        try:
            answer = await client.post(self._url, json={"id": message}, headers={"Authorization": SECRET})
        except httpx.TransportError:
            return False
        self.answers.add(answer.status_code)
        if answer.is_success:
            self.accepted.add(message)
        return answer.is_success


async def delivered(
    process: IntakeProcess, name: str, meanwhile: Callable[[Platform], Coroutine[None, None, None]]
) -> Platform:
    """Deliver messages while something happens, and some more after it."""
    platform = Platform(process.url, name)

    async def until_all_is_over() -> None:
        await meanwhile(platform)
        await platform.goes_on()
        platform.ends = True

    async with asyncio.timeout(120), asyncio.TaskGroup() as group:
        group.create_task(platform.deliver_all())
        group.create_task(until_all_is_over())
    return platform


def kept(settings: Settings, name: str) -> set[str]:
    """Return which messages lie in the raw topic."""
    reader = RawReader(settings, [f"{PREFIX}.open-forms"])
    ids = {json.loads(each.value() or b"")["id"] for each in reader.messages(f"{PREFIX}.open-forms")}
    reader.close()
    return {each for each in ids if each.startswith(name)}


async def test_an_intake_that_is_killed_frozen_and_restarted_loses_nothing(settings: Settings, tmp_path: Path) -> None:
    with intake(settings, tmp_path) as process:

        async def meanwhile(platform: Platform) -> None:
            await platform.goes_on()
            process.server.kill()
            process.server.spawn()
            await platform.goes_on()
            process.server.pause()
            await asyncio.sleep(1)
            process.server.resume()
            await platform.goes_on()
            await asyncio.to_thread(process.server.stop)
            process.server.spawn()

        platform = await delivered(process, "killed", meanwhile)

    assert platform.accepted <= kept(settings, "killed")


async def test_a_broker_that_is_frozen_loses_nothing(kafka: Server, settings: Settings, tmp_path: Path) -> None:
    with intake(settings, tmp_path) as process:

        async def meanwhile(platform: Platform) -> None:
            await platform.goes_on()
            kafka.pause()
            await asyncio.to_thread(wait_for, "a platform is told so", lambda: FROZEN in platform.answers)
            await asyncio.to_thread(wait_for, "readiness says so", lambda: Part.KAFKA in process.reasons())
            kafka.resume()

        platform = await delivered(process, "frozen", meanwhile)
        wait_for("it is ready again", process.is_ready)

    assert platform.answers == {204, FROZEN}
    assert platform.accepted <= kept(settings, "frozen")
