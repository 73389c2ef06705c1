"""The end of a process: asked for by a signal, or caused by a failure that nothing in the process can handle.

A command without an `Ending` of its own ends on SIGTERM and SIGHUP as on Ctrl-C: its `finally` blocks run.
"""

import asyncio
import signal
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, Final, TypeVar

import structlog

log = structlog.get_logger()

T = TypeVar("T")


class Ending:
    """The reason to end, once there is one. A process has one of these, and the first reason counts."""

    def __init__(self) -> None:
        self._asked = asyncio.Event()
        self._failure: BaseException | None = None

    def ask(self) -> None:
        """Ask the process to finish what is in flight and end."""
        if not self._asked.is_set():
            log.info("process.asked_to_end")
        self._asked.set()

    def fail(self, error: BaseException) -> None:
        """Make the process end with this failure."""
        if self._failure is None and not self._asked.is_set():
            log.error("process.failing", exc_info=error)
            self._failure = error
        self._asked.set()

    def end_with(self, task: "asyncio.Task[Any]") -> None:
        """Make the process end with the failure of a task, if it has one. This is a done-callback of tasks."""
        if not task.cancelled() and (error := task.exception()) is not None:
            self.fail(error)

    async def wait(self) -> None:
        """Wait until there is a reason to end. Raises the failure, if that is the reason."""
        await self._asked.wait()
        if self._failure is not None:
            raise _alone(self._failure)

    async def unless(self, step: Coroutine[Any, Any, T]) -> T | None:
        """Return the result of a long step. Cancel it and return None as soon as there is a reason to end."""
        if self.asked:
            step.close()
            return None
        task, asked = asyncio.create_task(step), asyncio.create_task(self._asked.wait())
        try:
            await asyncio.wait({task, asked}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            asked.cancel()
            if not task.done():
                task.cancel()
                await asyncio.wait({task})
        return None if task.cancelled() else task.result()

    @property
    def asked(self) -> bool:
        """Whether there is a reason to end."""
        return self._asked.is_set()

    @contextmanager
    def on_signals(self) -> Iterator[None]:
        """Within the block, SIGTERM and SIGINT ask the process to end."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.ask)
        try:
            yield
        finally:
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.remove_signal_handler(number)


def _alone(error: BaseException) -> BaseException:
    """Return the only failure in a group, which is the one that the operator must read; else the error itself."""
    while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    return error


SIGNALS: Final = (signal.SIGTERM, signal.SIGHUP)


@contextmanager
def ended_like_interrupted() -> Iterator[None]:
    """Make SIGTERM and SIGHUP do within the block what Ctrl-C does, also under asyncio, where Ctrl-C cancels the
    main task.

    A handler that somebody else has set stays. Outside the main thread Python allows no handlers: nothing changes.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    ours = [number for number in SIGNALS if signal.getsignal(number) is signal.SIG_DFL]
    for number in ours:
        signal.signal(number, _interrupt)
    try:
        yield
    finally:
        for number in ours:
            signal.signal(number, signal.SIG_DFL)


def _interrupt(number: int, frame: FrameType | None) -> None:
    on_interrupt = signal.getsignal(signal.SIGINT)
    if callable(on_interrupt):
        on_interrupt(signal.SIGINT, frame)
    else:
        # Ctrl-C is switched off, as a shell does for a command in the background.
        raise KeyboardInterrupt(signal.Signals(number).name)
