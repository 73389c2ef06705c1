"""Ports on the loopback interface for servers that may be stopped and started again."""

import json
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


def is_free(port: int) -> bool:
    """Whether a server could listen on this port now. A port that a stopped server has just left counts as free."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def free_port() -> int:
    """Return a port that is free, and that no other process draws as long as this one runs.

    The server that gets it may take seconds to listen on it, and may be stopped and started again.
    """
    return _free_port(LOWEST_PORT, DATA_PORT)


def _free_port(first: int, end: int) -> int:
    for _ in range(ATTEMPTS):
        port = first + secrets.randbelow(end - first)
        if is_free(port) and _claim(port):
            return port
    raise StartFailed(f"None of {ATTEMPTS} ports tried between {first} and {end} of {HOST} was free.")


CLAIM: Final = "klantcontact port"

_claims: Final[dict[int, socket.socket]] = {}
"""What claims the ports that this process has drawn. The kernel ends a claim with its process."""


def _claim(port: int) -> bool:
    """Claim a port, and return whether nobody had. Only Linux has names of sockets that end with their process; on
    another system the draws of two processes may meet.
    """
    if port in _claims:
        return False
    claim = socket.socket(socket.AF_UNIX)
    try:
        if sys.platform == "linux":
            claim.bind(f"\0{CLAIM} {port}")
    except OSError:
        claim.close()
        return False
    _claims[port] = claim
    return True


def ports_of(folder: Path, names: Iterable[str]) -> dict[str, int]:
    """Return the ports of a data folder, the same at each start: the stored data names them, in the configuration of a
    replica set and in the voters of KRaft.

    Raises StartFailed when one of them is taken, most likely by a server that still runs on this folder.
    """
    remembered = folder / "ports.json"
    if not remembered.exists():
        drawn: dict[str, int] = {}
        for name in names:
            drawn[name] = _free_port(DATA_PORT, HIGHEST_PORT)
        remembered.write_text(json.dumps(drawn))
        return drawn
    ports: dict[str, int] = json.loads(remembered.read_text())
    taken = [port for port in ports.values() if not is_free(port)]
    if taken:
        raise StartFailed(f"Port {taken[0]} of the data in {folder} is taken. Does a server still run on it?")
    return ports
