"""A client of Kafka whose start is cancelled leaves no connection open, on Apache Kafka."""

import asyncio
import gc
from contextlib import suppress
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.conn import AIOKafkaConnection
from aiokafka.protocol.metadata import MetadataRequest

from services.runtime.kafka.clients import range_consumer, transactional_producer
from services.runtime.settings import Settings


async def _told_after_cancelling(client: AIOKafkaProducer | AIOKafkaConsumer, asked: asyncio.Event) -> list[str]:
    """Cancel a start once it has asked for the cluster, and return what asyncio says when nobody holds it."""
    told: list[str] = []

    def tell(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        told.append(context["message"])

    asyncio.get_running_loop().set_exception_handler(tell)
    start = asyncio.ensure_future(client.start())
    await asked.wait()
    start.cancel()
    with suppress(asyncio.CancelledError):
        await start
    assert start.cancelled()
    await client.stop()
    del client, start
    gc.collect()
    return told


@pytest.mark.parametrize("kind", ["producer", "consumer"])
def test_a_start_that_is_cancelled_closes_its_connection(
    kafka_bootstrap: str, topics: str, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(kafka_bootstrap=kafka_bootstrap, _env_file=None)
    asked = asyncio.Event()
    send = AIOKafkaConnection.send

    def noticed(connection: AIOKafkaConnection, request: Any, **options: Any) -> Any:  # noqa: ANN401 - aiokafka's
        if isinstance(request, MetadataRequest):
            asked.set()
        return send(connection, request, **options)

    monkeypatch.setattr(AIOKafkaConnection, "send", noticed)

    async def cancelled() -> list[str]:
        if kind == "producer":
            return await _told_after_cancelling(transactional_producer(settings, transactional_id=topics), asked)
        return await _told_after_cancelling(range_consumer(settings), asked)

    assert asyncio.run(cancelled()) == []
