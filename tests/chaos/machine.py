"""What this machine must be able to do for some faults: a small file system, a clock of its own, a bound of memory."""

import os
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

SIZE: Final = "512m"
"""Of a small file system. It takes memory only as far as it is filled."""

FAKETIME: Final = Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1")
SPARES: Final = (64 * 1024, 1024 * 1024)

RIGHT: Final = "+0"


# A small disk


def mount(folder: Path) -> None:
    """Make a folder a small file system. Only root may."""
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(folder)], check=True)  # noqa: S607


def unmount(folder: Path) -> None:
    """End that."""
    subprocess.run(["umount", "--lazy", str(folder)], check=True)  # noqa: S607


# A clock


def clock_of(folder: Path, name: str) -> Path:
    """Return the file that sets the clock of a process."""
    return folder / f"{name}.clock"


def clock_environment(file: Path) -> dict[str, str]:
    """Return the variables of a process whose clock a file sets. What measures how long something takes stays true."""
    file.write_text(RIGHT)
    return {
        "LD_PRELOAD": str(FAKETIME),
        "FAKETIME_TIMESTAMP_FILE": str(file),
        "FAKETIME_CACHE_DURATION": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }


# Memory


class _ControlGroups(NamedTuple):
    """Where groups are made, the file that says what is used, the one that limits it, and what ends the limit."""

    root: Path
    usage: str
    limit: str
    unlimited: str


_VERSIONS: Final = (
    _ControlGroups(Path("/sys/fs/cgroup/memory"), "memory.usage_in_bytes", "memory.limit_in_bytes", "-1"),
    _ControlGroups(Path("/sys/fs/cgroup"), "memory.current", "memory.max", "max"),
)


@cache
def _control_groups() -> _ControlGroups | None:
    for each in _VERSIONS:
        probe = each.root / f"chaos-{os.getpid()}-probe"
        try:
            probe.mkdir()
        except OSError:
            continue
        try:
            if (probe / each.limit).exists():
                return each
        finally:
            probe.rmdir()
    return None


def can_bound_memory() -> bool:
    """Whether the kernel bounds the memory of a process of ours."""
    return _control_groups() is not None


class MemoryGroup:
    """The control group of one process."""

    def __init__(self, name: str) -> None:
        groups = _control_groups()
        assert groups is not None, "the machine was asked first"
        self._groups = groups
        self._folder = groups.root / f"chaos-{os.getpid()}-{name}"
        self._folder.mkdir()

    def prefix(self) -> Sequence[str]:
        """Return what makes a command run in this group."""
        return ["sh", "-c", 'echo $$ > "$0/cgroup.procs" && exec "$@"', str(self._folder)]

    def bound(self) -> None:
        """Let it have no more than it has."""
        used = int((self._folder / self._groups.usage).read_text())
        # The kernel refuses a bound below what is used, and that grows meanwhile.
        for spare_bytes in (0, *SPARES):
            with suppress(OSError):
                (self._folder / self._groups.limit).write_text(str(used + spare_bytes))
                return

    def unbound(self) -> None:
        """Let it have what it wants."""
        (self._folder / self._groups.limit).write_text(self._groups.unlimited)

    def remove(self) -> None:
        """Remove the group; its process has ended."""
        self._folder.rmdir()
