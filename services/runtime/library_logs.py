"""What libraries write through `logging`, taken over into our log without a value from a message.

Of Kafka's and MongoDB's clients the sentence stays, without the text of exceptions: read in their source, it
names hosts, topics, partitions and groups. Of every other library only the place remains.
"""

import logging
from dataclasses import dataclass
from enum import Enum
from time import monotonic

import structlog

from services.runtime.failures import type_name

TRUSTED = ("aiokafka", "pymongo")

WINDOW_SECONDS = 10.0
LINES_A_WINDOW = 5
"""Of one sentence. A client that tries to connect a hundred times a second says so each time."""

MAX_SENTENCES = 1_000
"""Places that are counted apart; the libraries together have fewer that warn."""

MAX_TEXT = 500

log = structlog.get_logger()


@dataclass
class _Window:
    began: float
    lines: int = 0


class LibraryHandler(logging.Handler):
    """Passes a library's line on as the event `library.reported`, and drops repeats beyond five in 10 s."""

    def __init__(self, level: int) -> None:
        super().__init__(level)
        self._windows: dict[tuple[str, int], _Window] = {}

    def emit(self, record: logging.LogRecord) -> None:
        """Log the line in our way. Called by `logging`, under the handler's lock."""
        dropped = self._dropped_before(record)
        if dropped is None:
            return
        facts: dict[str, object] = {
            "library": record.name,
            "place": f"{record.module}:{record.lineno}:{record.funcName}",
        }
        if record.name.split(".", 1)[0] in TRUSTED:
            facts["text"] = _sentence(record)[:MAX_TEXT]
        if dropped:
            facts["repeats_dropped"] = dropped
        error = record.exc_info[1] if record.exc_info else None
        log.log(record.levelno, "library.reported", exc_info=error, **facts)

    def _dropped_before(self, record: logging.LogRecord) -> int | None:
        """Give how many repeats were dropped since the last line; None when this one is dropped too."""
        now = monotonic()
        if len(self._windows) > MAX_SENTENCES:
            self._windows.clear()
        window = self._windows.setdefault((record.pathname, record.lineno), _Window(now))
        dropped = 0
        if now - window.began > WINDOW_SECONDS:
            dropped = max(0, window.lines - LINES_A_WINDOW)
            window.began, window.lines = now, 0
        window.lines += 1
        return dropped if window.lines <= LINES_A_WINDOW else None


def _sentence(record: logging.LogRecord) -> str:
    """Fill in a sentence, with the type in the place of an exception and of whatever is not a plain fact."""
    template = str(record.msg)
    if not record.args or not isinstance(record.args, tuple):
        return template
    try:
        return template % tuple(_fact(each) for each in record.args)
    except (TypeError, ValueError):
        return template


def _fact(value: object) -> object:
    if isinstance(value, str | int | float | bool | Enum) or value is None:
        return value
    if isinstance(value, BaseException):
        return type_name(value)
    return f"<{type(value).__qualname__}>"
