"""Ports on the loopback interface for servers that may be stopped and started again.

Between the draw of a port and its server lie seconds, and a stopped server leaves its port alone. So the process that
draws a port reserves it, and on Linux no other process draws it as long as that one lives.
"""

import errno
import json
import os
import secrets
import socket
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from services.local.servers.errors import StartFailed

HOST = "127.0.0.1"

# Below the range from which Linux gives ports to outgoing connections (32768 and up): while a server is down
# for a moment, no client that tries to reconnect can be given its port, nor connect to itself.
LOWEST_PORT, HIGHEST_PORT = 20_000, 32_000

# From here on for servers with data, which keep their port while they are down: nobody else may draw it meanwhile.
DATA_PORT = 26_000

ATTEMPTS = 100

MOST_HELD = 250
"""The most reservations of one process, since each takes a file descriptor. Beyond that the oldest ends: by then its
server has long been listening, or is gone."""

_DRAWN: Final[set[int]] = set()
"""All ports that this process has reserved. It draws none of them again."""

_HELD: Final[dict[int, int]] = {}
"""Its reservations by port, the oldest first: file descriptors, which the programs that it starts do not get."""


def is_free(port: int) -> bool:
    """Whether a server could listen on this port now. A port that a stopped server has just left counts as free."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def reserve(port: int) -> bool:
    """Reserve a port for the servers of this process, and return whether that succeeded.

    It fails where the port is taken, and where another process that lives has reserved it.
    """
    if not is_free(port) or not (port in _HELD or _hold(port)):
        return False
    _DRAWN.add(port)
    return True


def _hold(port: int) -> bool:
    """Hold the name of a port until this process ends, however it ends. Return whether nobody else holds it.

    An abstract Unix socket is a name in the kernel, in the network namespace that the ports belong to. Only Linux has
    them; elsewhere nobody holds anything.
    """
    if sys.platform != "linux":
        return True
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as name:
        try:
            name.bind(f"\0klantcontact port {port}")
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            return False
        _HELD[port] = name.detach()
    if len(_HELD) > MOST_HELD:
        os.close(_HELD.pop(next(iter(_HELD))))
    return True


def free_port() -> int:
    """Draw a port that is free, and reserve it."""
    return _free_port(LOWEST_PORT, DATA_PORT)


def _free_port(first: int, end: int) -> int:
    for _ in range(ATTEMPTS):
        port = first + secrets.randbelow(end - first)
        if port not in _DRAWN and reserve(port):
            return port
    raise StartFailed(f"None of {ATTEMPTS} ports tried between {first} and {end} of {HOST} was free.")


def ports_of(folder: Path, names: Iterable[str]) -> dict[str, int]:
    """Return the ports of a data folder, the same at each start: the stored data names them, in the configuration of a
    replica set and in the voters of KRaft.

    Raises StartFailed when one of them is taken, most likely by a server that still runs on this folder.
    """
    remembered = folder / "ports.json"
    if not remembered.exists():
        drawn = {name: _free_port(DATA_PORT, HIGHEST_PORT) for name in names}
        remembered.write_text(json.dumps(drawn))
        return drawn
    ports: dict[str, int] = json.loads(remembered.read_text())
    taken = [port for port in ports.values() if not reserve(port)]
    if taken:
        raise StartFailed(f"Port {taken[0]} of the data in {folder} is taken. Does a server still run on it?")
    return ports
