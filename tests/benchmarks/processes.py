"""What Linux counts of a process: the CPU that it used, and the most memory that it had."""

import os
from pathlib import Path
from typing import Final

TICKS_PER_SECOND: Final = os.sysconf("SC_CLK_TCK")
USER, SYSTEM = 11, 12
"""Fields of `/proc/<pid>/stat`, counted from the state, which follows the name in parentheses."""


def cpu_seconds(pid: int) -> float:
    """Return the CPU that all threads of a process have used. Raises FileNotFoundError when it is gone."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[USER]) + int(fields[SYSTEM])) / TICKS_PER_SECOND


def peak_mb(pid: int) -> float:
    """Return the most memory that a process had at any moment. Raises FileNotFoundError when it is gone."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    kilobytes = next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))
    return int(kilobytes) / 1024
