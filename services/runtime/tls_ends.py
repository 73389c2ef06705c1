"""TLS connections to Kafka that end when they are closed.

asyncio and uvloop wait up to 30 s for the broker's farewell, which does not come while it still answers a fetch
(uvloop#471; seen at many stops of a consumer). Every other command, and the stop of a service, would take that long.
Nothing is lost by not waiting: aiokafka closes a connection when all that matters on it was answered.
"""

from typing import Any

from aiokafka.conn import AIOKafkaConnection, CloseReason

_close = AIOKafkaConnection.close


def end_when_closed() -> None:
    """Let aiokafka's connections end in this way, from now on and in this process."""
    AIOKafkaConnection.close = _close_at_once


def _close_at_once(
    connection: AIOKafkaConnection, reason: CloseReason | None = None, exc: BaseException | None = None
) -> Any:  # noqa: ANN401 - aiokafka has no types
    writer = connection._writer  # noqa: SLF001 - nothing public leads to the transport
    closed = _close(connection, reason, exc)
    if writer is not None:
        writer.transport.abort()
    return closed
