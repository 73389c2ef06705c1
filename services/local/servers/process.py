"""One server of ours as a child process: started, watched, paused, killed and stopped by its process id alone."""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from services.local.servers.errors import NotRunning, StartFailed
from services.local.servers.network import HOST

# A start takes 1 to 4 s; a machine that runs tests on every core may need many times that.
START_SECONDS = 60.0
# Both servers need less than 3 s to close their files. What takes longer hangs, and can be killed: neither
# loses acknowledged data by that.
STOP_SECONDS = 15.0
POLL_SECONDS = 0.05
TAIL_LINES = 15

# The kernel ends a child when the *thread* that started it ends (see `dies_with_us`), so all are started
# from one thread that lives as long as this process.
_SPAWNER = ThreadPoolExecutor(max_workers=1, thread_name_prefix="local-stack-spawner")


class Server:
    """A server on a port of 127.0.0.1 with a data folder of its own.

    It can be stopped and started again any number of times; port and data stay. It runs in a session of its
    own, so that Ctrl-C in the terminal reaches us first and we stop it in order; when we are killed, the
    kernel kills it too. As a context manager it is started on entry and stopped on exit. Not safe to use from
    two threads at once.
    """

    def __init__(
        self,
        *,
        name: str,
        port: int,
        command: Sequence[str],
        log_file: Path,
        is_ready: Callable[["Server"], bool],
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.name = name
        self.port = port
        self.log_file = log_file
        self._command = [*dies_with_us(), *command]
        self._is_ready = is_ready
        self._environment = environment
        self._process: subprocess.Popen[bytes] | None = None
        self._log_start = 0

    @property
    def address(self) -> str:
        """Host and port, as a client takes them."""
        return f"{HOST}:{self.port}"

    @property
    def pid(self) -> int:
        """The process id. Raises NotRunning."""
        return self._running().pid

    @property
    def is_running(self) -> bool:
        """Whether the process exists; a paused one does."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start it and wait until it answers. Raises StartFailed, with the end of the log, and leaves no process."""
        self.spawn()
        self.wait_until_ready()

    def spawn(self) -> None:
        """Start it without waiting, so that several servers can start side by side."""
        if self.is_running:
            msg = f"{self.name} is running already, as process {self.pid}."
            raise StartFailed(msg)
        self.log_file.touch()
        self._log_start = self.log_file.stat().st_size
        _SPAWNER.submit(self._spawn).result()

    def _spawn(self) -> None:
        with self.log_file.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self.log_file.parent,
                env=self._environment,
                start_new_session=True,
            )

    def wait_until_ready(self) -> None:
        """Wait until it answers, START_SECONDS at most. Raises StartFailed and leaves no process."""
        deadline = time.monotonic() + START_SECONDS
        try:
            while not (self._accepts_connections() and self._is_ready(self)):
                if not self.is_running:
                    raise StartFailed(self._explain("ended while it started"))
                if time.monotonic() > deadline:
                    raise StartFailed(self._explain(f"was not ready within {START_SECONDS:.0f} s"))
                time.sleep(POLL_SECONDS)
        except BaseException:
            self.kill()
            raise

    def terminate(self) -> None:
        """Ask it to stop, without waiting. A paused server is woken, else it would never hear of it."""
        if self._process is not None:
            self._process.terminate()
            self._process.send_signal(signal.SIGCONT)

    def stop(self) -> None:
        """Stop it in order: SIGTERM, STOP_SECONDS of patience, SIGKILL. A second Ctrl-C kills it at once."""
        if self._process is None:
            return
        try:
            self.terminate()
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            pass
        finally:
            self.kill()

    def kill(self) -> None:
        """End it at once (SIGKILL), as when the power fails. Does nothing when it is not running."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def pause(self) -> None:
        """Freeze it (SIGSTOP): connections stay open and it does not answer. Returns when it stands still.

        Raises NotRunning.
        """
        process = self._running()
        process.send_signal(signal.SIGSTOP)
        # Every thread has to stop first. The call also returns when the process ends instead.
        os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)

    def resume(self) -> None:
        """Continue a paused server (SIGCONT). Raises NotRunning."""
        self._running().send_signal(signal.SIGCONT)

    def log_since_start(self) -> str:
        """What it has logged since it was last started."""
        with self.log_file.open("rb") as log:
            log.seek(self._log_start)
            return log.read().decode(errors="replace")

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None or not self.is_running:
            raise NotRunning(f"{self.name} is not running.")
        return self._process

    def _accepts_connections(self) -> bool:
        try:
            socket.create_connection((HOST, self.port), timeout=1).close()
        except OSError:
            return False
        return True

    def _explain(self, what: str) -> str:
        tail = self.log_since_start().splitlines()[-TAIL_LINES:]
        # Without the name of the file: a temporary folder is gone by the time that a person reads this.
        return "\n".join([f"{self.name} {what}. The end of its log:", *tail])


def stop_all(servers: Sequence[Server]) -> None:
    """Stop several side by side; each is stopped whatever happens to the others."""
    for server in servers:
        server.terminate()
    with ExitStack() as each:
        for server in servers:
            each.callback(server.stop)


def dies_with_us() -> list[str]:
    """Return a prefix of a command that makes the kernel kill it when our process is gone, however that ended.

    SIGKILL, because a paused process takes no other signal. `setpriv` replaces itself by the command, so that the
    process id is the server's. Every Debian has it; without it a killed parent leaves servers behind.
    """
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "KILL", "--"] if setpriv else []
