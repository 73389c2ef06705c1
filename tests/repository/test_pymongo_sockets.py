"""A connection of PyMongo that is cancelled leaves no socket open, so that no other test fails for it."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from pymongo import pool_shared
from pymongo.pool_options import PoolOptions

from tests.support import pymongo_sockets

Connect = Callable[[Any, Any], Awaitable[Any]]


async def _cancelled(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> socket.socket:
    """Return the socket of a connection that is cancelled while it is made."""
    begun: asyncio.Future[socket.socket] = asyncio.get_running_loop().create_future()

    async def never(sock: socket.socket, _: object) -> None:
        begun.set_result(sock)
        await asyncio.Event().wait()

    monkeypatch.setattr(asyncio.get_running_loop(), "sock_connect", never)
    making = asyncio.ensure_future(connect(("127.0.0.1", 9), PoolOptions(connect_timeout=60)))
    left = await begun
    making.cancel()
    with pytest.raises(asyncio.CancelledError):
        await making
    return left


async def test_a_cancelled_connection_leaves_no_socket_open(monkeypatch: pytest.MonkeyPatch) -> None:
    assert (await _cancelled(pool_shared._async_create_connection, monkeypatch)).fileno() == -1


async def test_pymongo_itself_leaves_it_open(monkeypatch: pytest.MonkeyPatch) -> None:
    left_open = await _cancelled(pymongo_sockets._connect, monkeypatch)
    assert left_open.fileno() != -1, "PyMongo closes it by now: delete tests/support/pymongo_sockets.py"
    left_open.close()
