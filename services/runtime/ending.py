"""Why and when a process ends: because it is asked to, or because of a failure that nobody in it can handle."""

import asyncio
import signal
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import structlog

T = TypeVar("T")

log = structlog.get_logger()


class Ending:
    """One a process. The first reason counts."""

    def __init__(self) -> None:
        self._asked = asyncio.Event()
        self._failure: BaseException | None = None

    def ask(self) -> None:
        """Let the process finish what is in flight and end."""
        if not self._asked.is_set():
            log.info("process.asked_to_end")
        self._asked.set()

    def fail(self, error: BaseException) -> None:
        """Let the process end with this failure."""
        if self._failure is None and not self._asked.is_set():
            log.error("process.failing", exc_info=error)
            self._failure = error
        self._asked.set()

    def end_with(self, task: "asyncio.Task[Any]") -> None:
        """Let the process end with what a task has raised, if it has. It is a callback of tasks."""
        if not task.cancelled() and (error := task.exception()) is not None:
            self.fail(error)

    async def wait(self) -> None:
        """Wait until there is a reason to end. Raises the failure, if that is the reason."""
        await self._asked.wait()
        if self._failure is not None:
            raise _alone(self._failure)

    async def unless(self, step: Coroutine[Any, Any, T]) -> T | None:
        """Take a step that may last, but leave it, with None, as soon as there is a reason to end."""
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
        """Say whether there is a reason to end."""
        return self._asked.is_set()

    @contextmanager
    def on_signals(self) -> Iterator[None]:
        """Take SIGTERM and SIGINT as being asked, within the block."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.ask)
        try:
            yield
        finally:
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.remove_signal_handler(number)


def _alone(error: BaseException) -> BaseException:
    """Give the one failure in a group, which is what the operator has to read."""
    while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    return error
