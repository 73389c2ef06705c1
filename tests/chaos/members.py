"""Processes that a platform keeps running: one that ends is started again, whatever ended it."""

import threading
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from subprocess import TimeoutExpired
from typing import Final

from services.local.servers.process import Server

END_SECONDS: Final = 30.0
"""As long as Kubernetes waits after SIGTERM."""

PAUSE_SECONDS: Final = 1.0
"""Between two starts of one member, at least."""

LOOK_SECONDS: Final = 0.1


@dataclass(eq=False)
class Member:
    """A server or an instance of a service. A fault holds the lock while it needs it down or frozen."""

    server: Server
    service: str | None = None
    """Of an instance of a service, whose memory is watched."""
    lock: threading.RLock = field(default_factory=threading.RLock)
    wanted: bool = True
    ends: list[str] = field(default_factory=list)
    """How it ended by itself, each time, and each time that it did not end when it was asked to."""
    _started: float = 0.0

    @property
    def name(self) -> str:
        """What the schedule calls it."""
        return self.server.name

    def kill(self) -> None:
        """End it as `kill -9` does."""
        self.server.kill()

    def stop(self) -> None:
        """Ask it to end, and kill it when it does not."""
        if (process := self.server._process) is not None:
            self.server.terminate()
            try:
                process.wait(END_SECONDS)
            except TimeoutExpired:
                self.ends.append(f"did not end within {END_SECONDS:.0f} s of SIGTERM")
        self.server.kill()

    def keep(self) -> None:
        """Start it when it should run and does not, unless a fault holds it."""
        if not self.lock.acquire(blocking=False):
            return
        try:
            if not self.wanted or self.server.is_running or time.monotonic() < self._started + PAUSE_SECONDS:
                return
            if (process := self.server._process) is not None:
                self.ends.append(f"exit status {process.returncode}")
            self.start()
        finally:
            self.lock.release()

    def start(self) -> None:
        """Start it, and don't wait until it serves."""
        self._started = time.monotonic()
        self.server.spawn()


class Keeper(threading.Thread):
    """The platform: it looks after all members, and at the memory of the services."""

    def __init__(self) -> None:
        super().__init__(name="keeper", daemon=True)
        self._members: list[Member] = []
        self._stopped = threading.Event()
        self._peaks: defaultdict[str, int] = defaultdict(int)

    def keeps(self, members: Iterable[Member]) -> None:
        """Keep these too."""
        self._members += members

    @property
    def peaks(self) -> Mapping[str, int]:
        """The most bytes that an instance of each service ever had in memory."""
        return dict(self._peaks)

    def run(self) -> None:
        """Look until stopped."""
        while not self._stopped.wait(LOOK_SECONDS):
            for each in list(self._members):
                each.keep()
                if each.service is not None:
                    self._peaks[each.service] = max(self._peaks[each.service], _peak_bytes(each.server))

    def stop(self) -> None:
        """Keep nothing any more, and end everything."""
        self._stopped.set()
        self.join()
        for each in self._members:
            each.kill()


def _peak_bytes(server: Server) -> int:
    """Return the most that a process ever had in memory; 0 when it is not there."""
    process = server._process
    if process is None:
        return 0
    try:
        with open(f"/proc/{process.pid}/status", encoding="ascii") as status:  # noqa: PTH123 - ten times a second
            kilobytes = next((line.split()[1] for line in status if line.startswith("VmHWM:")), "0")
    except OSError:
        return 0
    return int(kilobytes) * 1024
