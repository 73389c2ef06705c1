"""Sockets that PyMongo leaves open: a client that is closed while it connects in the background.

PyMongo 4.20 closes the socket of a connection that fails or times out, and not of one that is cancelled. The garbage
collector closes it later, and any test that runs then would fail for it. Delete this when PyMongo closes it.
"""

import asyncio
import socket
from traceback import walk_tb

from pymongo import pool_shared
from pymongo.pool_options import PoolOptions

_connect = pool_shared._async_create_connection


async def _connect_or_close(address: tuple[str, int], options: PoolOptions) -> socket.socket:
    try:
        return await _connect(address, options)
    except asyncio.CancelledError as error:
        for frame, _ in walk_tb(error.__traceback__):
            if frame.f_code is _connect.__code__ and "sock" in frame.f_locals:
                frame.f_locals["sock"].close()
        raise


def close_cancelled_connections() -> None:
    """Close the socket of a connection that is cancelled, from now on and in this process."""
    pool_shared._async_create_connection = _connect_or_close  # type: ignore[assignment] # narrower in the address
