"""A polite end for whatever ends us: `finally` blocks run on SIGTERM and SIGHUP as they do on Ctrl-C."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGTERM, signal.SIGHUP)


@contextmanager
def ended_like_interrupted() -> Iterator[None]:
    """Within it SIGTERM and SIGHUP do what Ctrl-C does here, also under asyncio, where Ctrl-C cancels the
    main task.

    A handler that somebody else has set is left alone, and so is everything outside the main thread, where
    Python allows no handlers.
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
        # Ctrl-C is switched off, as a shell does for what it runs in the background.
        raise KeyboardInterrupt(signal.Signals(number).name)
