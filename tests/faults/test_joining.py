"""A service whose Kafka goes away just when it joins its group, on Apache Kafka."""

import asyncio
from pathlib import Path

from services.local.servers.kafka import kafka_server
from services.local.servers.network import HOST, free_port
from services.runtime.ending import Ending
from services.runtime.kafka.assignment import Fetched
from services.runtime.kafka.group import Group, Reader
from services.runtime.kafka.group_broker import Subscription
from services.runtime.observe.health import Health, Part
from services.runtime.settings import Settings
from tests.support.kafka_tools import make_topics
from tests.support.waiting import wait_for

SECONDS = 60.0
JOINS_AGAIN = {"kafka": "Kafka stopped answering while we joined the group."}


class Idle(Reader):
    """Takes partitions, and does nothing with their records."""

    async def handle(self, fetched: Fetched) -> None:
        pass

    async def finish(self, seconds: float) -> None:
        pass


async def test_it_joins_when_kafka_is_back_and_says_meanwhile_what_it_waits_for(tmp_path: Path) -> None:
    health, ending = Health([Part.KAFKA]), Ending()
    with kafka_server(tmp_path / "kafka", say=print) as kafka:
        make_topics(kafka.address, "a")
        settings = Settings(kafka_bootstrap=kafka.address, _env_file=None)
        group = Group(settings, Subscription(topics=["a"], group="g", max_records=1), health, ending)

        async def read() -> None:
            async with group.reading(Idle()):
                await ending.wait()

        await asyncio.to_thread(kafka.stop)
        reading = asyncio.create_task(read())
        await asyncio.to_thread(wait_for, "readiness says so", lambda: health.reasons() == JOINS_AGAIN)
        await asyncio.to_thread(kafka.start)
        await asyncio.to_thread(wait_for, "it is ready", health.ready)
        assert len(group.consumer().assignment()) == 1
        ending.ask()
        await reading


async def test_it_can_be_asked_to_end_while_it_joins() -> None:
    ending, settings = Ending(), Settings(kafka_bootstrap=f"{HOST}:{free_port()}", _env_file=None)
    group = Group(settings, Subscription(topics=["a"], group="g", max_records=1), Health([Part.KAFKA]), ending)
    asyncio.get_running_loop().call_later(1, ending.ask)
    async with asyncio.timeout(SECONDS), group.reading(Idle()):
        await ending.wait()
