"""Which process holds a connection on this machine, from `/proc`."""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Final

CONNECTIONS: Final = Path("/proc/net/tcp")


def owners(ports: Collection[int], pids: Collection[int]) -> Mapping[int, int]:
    """Return the process of each connection from these ports, as far as it is one of these processes."""
    held = {inode: pid for pid in pids for inode in _inodes(pid)}
    return {port: held[inode] for port, inode in _connections() if port in ports and inode in held}


def _connections() -> list[tuple[int, str]]:
    """Return the local port and the inode of every TCP socket."""
    rows = (line.split() for line in CONNECTIONS.read_text().splitlines()[1:])
    return [(int(row[1].rpartition(":")[2], 16), row[9]) for row in rows]


def _inodes(pid: int) -> list[str]:
    """Return the inodes of the sockets of a process; none when it has ended."""
    found = []
    for each in _files(pid):
        try:
            target = str(each.readlink())
        except OSError:
            continue  # closed meanwhile, as the one with which a process lists its own
        if target.startswith("socket:["):
            found.append(target[len("socket:[") : -1])
    return found


def _files(pid: int) -> list[Path]:
    try:
        return list(Path(f"/proc/{pid}/fd").iterdir())
    except OSError:
        return []
