"""TCP proxies in front of the servers: what passes can be slowed, cut in the middle, silenced, or barred by process.

Clients and the members of the replica set know a server by the address of its proxy. Who connects shows in
`/proc`, so a partition can bar one member from the others in both directions.
"""

import asyncio
import threading
from collections.abc import Callable, Collection
from functools import partial
from typing import Final, cast

from services.local.servers.network import HOST
from tests.chaos.sockets import owners

ANSWER_SECONDS: Final = 60.0
"""Patience with our own loop, which answers at once on a machine that does not stand still."""


class Network:
    """The loop in a thread of its own that carries all proxies."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxies", daemon=True)
        self._thread.start()
        self._proxies: list[Proxy] = []

    def proxy(self, port: int, target: int) -> "Proxy":
        """Start a proxy at a port of this machine for the server at another."""
        proxy = Proxy(self._loop, port, target)
        asyncio.run_coroutine_threadsafe(proxy.open(), self._loop).result(ANSWER_SECONDS)
        self._proxies.append(proxy)
        return proxy

    def close(self) -> None:
        """Stop all of them."""
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(ANSWER_SECONDS)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _close(self) -> None:
        for each in self._proxies:
            each.close()
        opening = asyncio.all_tasks() - {asyncio.current_task()}
        for task in opening:
            task.cancel()
        await asyncio.gather(*opening, return_exceptions=True)
        for each in self._proxies:
            each.close()
        await asyncio.sleep(0)  # then the transports close


class Proxy:
    """What stands in front of one server. Any thread may call its methods, but for `open` and `close`."""

    def __init__(self, loop: asyncio.AbstractEventLoop, port: int, target: int) -> None:
        self.port = port
        self.target = target
        self.delay_seconds = 0.0
        self.barred: frozenset[int] = frozenset()
        self.connections: set[Connection] = set()
        self._loop = loop
        self._server: asyncio.Server | None = None

    async def open(self) -> None:
        """Take connections."""
        self._server = await self._loop.create_server(lambda: Connection(self, self._loop).client, HOST, self.port)

    def close(self) -> None:
        """Take none any more, and end those that there are. Only the loop calls it."""
        if self._server is not None:
            self._server.close()
        self._each(Connection.abort)

    def slow(self, seconds: float) -> None:
        """Let whatever passes take so much longer from now on."""
        self._at_once(partial(setattr, self, "delay_seconds", seconds))

    def cut(self) -> None:
        """End each connection in the middle of what it carries next."""
        self._at_once(partial(self._each, Connection.doom))

    def silence(self) -> None:
        """Leave each present connection open, and let nothing pass over it any more. New ones work."""
        self._at_once(partial(self._each, Connection.silence))

    def bar(self, pids: Collection[int]) -> None:
        """Let nothing pass between these processes and the server, on connections that they have and make."""

        def begin() -> None:
            self.barred = frozenset(pids)
            owner = owners([each.port for each in self.connections], pids)
            for each in self.connections:
                each.is_barred = each.port in owner

        self._at_once(begin)

    def let_pass(self) -> None:
        """End what `bar` began. The barred connections end."""

        def end() -> None:
            self.barred = frozenset()
            for each in [each for each in self.connections if each.is_barred]:
                each.abort()

        self._at_once(end)

    def _each(self, strike: Callable[["Connection"], None]) -> None:
        for each in list(self.connections):
            strike(each)

    def _at_once(self, work: Callable[[], None]) -> None:
        async def run() -> None:
            work()

        asyncio.run_coroutine_threadsafe(run(), self._loop).result(ANSWER_SECONDS)


class Connection:
    """One connection of a client, and ours to the server for it."""

    def __init__(self, proxy: Proxy, loop: asyncio.AbstractEventLoop) -> None:
        self.port = 0
        self.is_silent = self.is_barred = self._is_doomed = False
        self.client, self.server = _Side(self), _Side(self)
        self._proxy, self._loop = proxy, loop
        self._opening: asyncio.Task[None] | None = None
        self._early = bytearray()
        """What the client sent before the server was reached."""

    def opened(self, side: "_Side") -> None:
        """Connect to the server when the client has connected, and pass on what it sent meanwhile."""
        if side is self.client:
            self.port = side.transport.get_extra_info("peername")[1]
            self._proxy.connections.add(self)
            barred = self._proxy.barred
            self.is_barred = bool(barred) and self.port in owners([self.port], barred)
            self._opening = self._loop.create_task(self._open())
        elif not self.client.is_open:
            side.transport.abort()  # the client left before the server was reached
        elif self._early:
            self._write(side, bytes(self._early))

    async def _open(self) -> None:
        try:
            await self._loop.create_connection(lambda: self.server, HOST, self._proxy.target)
        except OSError:
            self.abort()

    def pass_on(self, side: "_Side", data: bytes) -> None:
        """Pass on what came at one side."""
        if self.is_silent or self.is_barred:
            return
        other = self.other(side)
        if not other.is_open:
            self._early += data
            return
        if self._is_doomed:
            other.transport.write(data[: len(data) // 2])
            self._loop.call_soon(self.abort)
            return
        now = self._loop.time()
        side.due = max(side.due, now + self._proxy.delay_seconds)
        if side.due > now:
            self._loop.call_at(side.due, self._write, other, data)
        else:
            other.transport.write(data)

    def _write(self, side: "_Side", data: bytes) -> None:
        if not (self.is_silent or self.is_barred or side.transport.is_closing()):
            side.transport.write(data)

    def closed(self, side: "_Side") -> None:
        """Close the other side too; over a connection that is silent the client does not hear of it."""
        if side is self.client or not (self.is_silent or self.is_barred):
            self.abort()

    def other(self, side: "_Side") -> "_Side":
        """Return the other side."""
        return self.server if side is self.client else self.client

    def doom(self) -> None:
        """End it in the middle of what comes next."""
        self._is_doomed = True

    def silence(self) -> None:
        """Let nothing pass any more."""
        self.is_silent = True

    def abort(self) -> None:
        """End it at once."""
        self._proxy.connections.discard(self)
        for side in (self.client, self.server):
            if side.is_open:
                side.transport.abort()


class _Side(asyncio.Protocol):
    """One side of a connection."""

    def __init__(self, connection: Connection) -> None:
        self.due = 0.0
        self.is_open = False
        self._connection = connection

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self.is_open = True
        self._connection.opened(self)

    def data_received(self, data: bytes) -> None:
        self._connection.pass_on(self, data)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's
        self.is_open = False
        self._connection.closed(self)

    def pause_writing(self) -> None:
        """Take no more from the other side while this one does not get rid of it."""
        self._connection.other(self).transport.pause_reading()

    def resume_writing(self) -> None:
        self._connection.other(self).transport.resume_reading()
