"""The protocol of one HTTP connection: uvicorn's, with the limits that it lacks.

uvicorn limits neither the time of a request nor the size of its head. A client that sends a byte now and then would
hold a connection for ever.
"""

import asyncio
from typing import Final

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol
from uvicorn.server import ServerState

from services.runtime.observe import metrics

REQUEST_SECONDS: Final = 10.0
"""For a whole request, from its first byte to its last; for the first one of a connection, from its beginning."""

MAX_HEAD_BYTES: Final = 16 * 1024
"""Of the address and headers of a request. Those of the platforms have some 2 KiB."""

BAD_REQUEST: Final = STATUS_LINE[400] + b"content-length: 0\r\nconnection: close\r\n\r\n"


class TooLongHead(Exception):
    """Ends the parsing of a request. It never leaves the protocol."""


class Connections:
    """All open connections. Those that wait for a whole request are in the order in which they began to wait.

    A connection beyond the maximum cuts the one that has waited longest. A platform sends its request in a moment; a
    client that only holds connections open loses them.
    """

    def __init__(self, most: int) -> None:
        """`most`: open at once."""
        self._most = most
        self._open: set[BoundedProtocol] = set()
        self._waiting: dict[BoundedProtocol, None] = {}

    def opened(self, connection: "BoundedProtocol") -> None:
        """Count a new connection. It waits for its first request."""
        self._open.add(connection)
        self._waiting[connection] = None
        if len(self._open) > self._most:
            next(iter(self._waiting)).cut("full")

    def serves(self, connection: "BoundedProtocol") -> None:
        """Note that a connection has a whole request that is not answered yet."""
        self._waiting.pop(connection, None)

    def waits(self, connection: "BoundedProtocol") -> None:
        """Note that a connection waits for the next request."""
        self._waiting[connection] = None

    def closed(self, connection: "BoundedProtocol") -> None:
        """Remove a closed connection."""
        self._open.discard(connection)
        self._waiting.pop(connection, None)


class BoundedProtocol(HttpToolsProtocol):
    """One connection."""

    def __init__(self, config: Config, state: ServerState, connections: Connections) -> None:
        """`connections` are those of the whole server."""
        super().__init__(config, state, {})
        self._all = connections
        self._deadline: asyncio.TimerHandle | None = None
        self._in_hand = 0
        """Whole requests that are not answered yet: several when the client pipelines."""
        self._in_head = True
        self._head_bytes = 0
        self._silent_bytes = 0
        """Bytes since the parser last reported anything: of a header that does not end."""

    def cut(self, reason: str) -> None:
        """Close the connection at once."""
        metrics.CHANNEL_CUT_CONNECTIONS.labels(reason=reason).inc()
        # It counts no longer: the transport tells later that it is closed.
        self._all.closed(self)
        self.transport.abort()

    # The connection --------------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn
        """Start the clock of the first request."""
        super().connection_made(transport)
        self._begin()
        self._all.opened(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the clock."""
        super().connection_lost(exc)
        self._disarm()
        self._all.closed(self)

    def data_received(self, data: bytes) -> None:
        """Parse the bytes, and cut the connection when the head of a request is too long."""
        if self._in_head:
            self._begin()
        self._silent_bytes += len(data)
        super().data_received(data)
        if self._silent_bytes > MAX_HEAD_BYTES:
            self.cut("head")

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - as uvicorn names it
        """Answer 400 to bytes that are no HTTP, and to a head that is too long. An earlier request goes first."""
        metrics.CHANNEL_CUT_CONNECTIONS.labels(reason="malformed").inc()
        if self._in_hand:
            self.cycle.keep_alive = False
            self.flow.pause_reading()
            return
        self.transport.write(BAD_REQUEST)
        self.transport.close()

    # A request, as the parser finds it -------------------------------------------------------------------------------

    def on_message_begin(self) -> None:
        """Count the head from here. It may come in the same bytes as the end of the request before it."""
        super().on_message_begin()
        self._head_bytes = 0
        self._begin()

    def on_url(self, url: bytes) -> None:
        """Count a part of the address."""
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Count a header."""
        self._count(len(name) + len(value))
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Note that the head is complete. uvicorn starts the application."""
        self._in_head = False
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Pass a part of the body to the application."""
        self._silent_bytes = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Stop the clock. The application may have refused the request before its end; then the next one can follow."""
        super().on_message_complete()
        self._silent_bytes = 0
        self._in_head = True
        self._disarm()
        if self.cycle.response_complete:
            self._all.waits(self)
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )
        else:
            self._in_hand += 1
            self._all.serves(self)

    def on_response_complete(self) -> None:
        """Wait for the next request, unless it is there already. The answer may precede the end of its request."""
        super().on_response_complete()
        self._in_hand = max(self._in_hand - 1, 0)
        if not self._in_hand and not self.transport.is_closing():
            self._all.waits(self)

    # The bounds ------------------------------------------------------------------------------------------------------

    def _count(self, size: int) -> None:
        self._silent_bytes = 0
        self._head_bytes += size
        if self._head_bytes > MAX_HEAD_BYTES:
            raise TooLongHead

    def _begin(self) -> None:
        if self._deadline is None:
            self._deadline = self.loop.call_later(REQUEST_SECONDS, self.cut, "slow")

    def _disarm(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
