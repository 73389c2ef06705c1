"""The one log of the process: structlog to stderr, for our own code and for libraries, without values from messages.

Our own events have fixed names and facts as keys. Libraries write sentences that we do not control, through `logging`.
The sentences of Kafka's and MongoDB's clients stay, without the text of exceptions: by their source, they name hosts,
topics, partitions and groups. Of every other library only the place in its code remains.
"""

import asyncio
import logging
import sys
import threading
import warnings
from dataclasses import dataclass
from datetime import date
from enum import Enum
from pathlib import PurePath
from time import monotonic
from typing import Any, TextIO
from uuid import UUID

import orjson
import structlog
from structlog.typing import EventDict, ExcInfo, Processor, WrappedLogger

from services.runtime.observe.failures import as_text, describe, type_name
from services.runtime.settings import Settings

log = structlog.get_logger()

PLAIN = (str, int, float, bool, type(None), date, UUID, Enum, PurePath)
"""The types of values that a log line may hold. Of any other value only the type shows: its text may be contents."""

OUR_OWN_TEXT = ("exception", "reason")
"""What may have several lines: they hold no text of a message."""

NO_TEXT_FOR_TYPE = "<{}>"

TRUSTED = ("aiokafka", "pymongo")
"""The libraries whose sentences stay."""

MAX_TEXT = 500
"""The most characters of such a sentence."""

WINDOW_SECONDS = 10.0
LINES_A_WINDOW = 5
"""The most lines of one place in a window. A client may try to connect a hundred times a second, and log each time."""

MAX_PLACES = 1_000
"""The most places that are counted separately. The libraries together have fewer that warn."""


def configure(settings: Settings, *, stream: TextIO | None = None) -> None:
    """Set up logging for this process: ours, the libraries', warnings, and uncaught exceptions.

    Call it once. A logger keeps the configuration of its first use, since a look-up for each line would cost more than
    a line that the level leaves out.
    """
    stream = stream or sys.stderr
    readable = settings.log_format == "console" or (settings.log_format == "auto" and stream.isatty())
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.ExceptionRenderer(_as_text if readable else _as_list),
            only_plain_values,
            *([one_line_each] if readable else []),
            _renderer(readable=readable, stream=stream),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(settings.log_level),
        logger_factory=structlog.PrintLoggerFactory(stream),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(handlers=[LibraryHandler(logging.WARNING)], level=logging.WARNING, force=True)
    _catch_the_rest()


def watch_loop(loop: asyncio.AbstractEventLoop) -> None:
    """Log the unhandled exceptions of tasks and callbacks of `loop`. asyncio itself would print their text."""
    loop.set_exception_handler(_report_unseen)


def only_plain_values(_logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
    """Replace every value that is not plain by its type, at any depth."""
    for key, value in event.items():
        event[key] = _plain(value)
    return event


def _plain(value: object) -> object:
    if isinstance(value, PLAIN):
        return str(value) if isinstance(value, PurePath) else value
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(item) for item in value]
    return NO_TEXT_FOR_TYPE.format(type(value).__qualname__)


def one_line_each(_logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
    """Replace every character that could steer a terminal or begin a line. JSON escapes them itself."""
    for key, value in event.items():
        event[key] = _printable(value, "\n" if key in OUR_OWN_TEXT else "")
    return event


def _printable(value: object, kept: str = "") -> object:
    if isinstance(value, str):
        return "".join(each if each.isprintable() or each in kept else "\ufffd" for each in value)
    if isinstance(value, dict):
        return {_printable(key): _printable(item) for key, item in value.items()}
    return [_printable(item) for item in value] if isinstance(value, list) else value


# Rendering ------------------------------------------------------------------------------------------------------------


def _renderer(*, readable: bool, stream: TextIO) -> Processor:
    if readable:
        return structlog.dev.ConsoleRenderer(colors=stream.isatty())
    return _json_line


def _json_line(_logger: WrappedLogger, _name: str, event: EventDict) -> str:
    return orjson.dumps(event, default=str, option=orjson.OPT_NON_STR_KEYS).decode()


def _as_list(exc_info: ExcInfo) -> list[dict[str, Any]]:
    return describe(exc_info[1])


def _as_text(exc_info: ExcInfo) -> str:
    return as_text(exc_info[1])


# Uncaught exceptions and warnings -------------------------------------------------------------------------------------


def _catch_the_rest() -> None:
    def uncaught(_kind: type[BaseException], error: BaseException, _trace: object) -> None:
        log.critical("process.failed", exc_info=error)

    def uncaught_in_thread(failure: threading.ExceptHookArgs) -> None:
        log.critical("thread.failed", exc_info=failure.exc_value)

    def unraisable(failure: "sys.UnraisableHookArgs") -> None:
        log.error("cleanup.failed", exc_info=failure.exc_value)

    sys.excepthook = uncaught
    threading.excepthook = uncaught_in_thread
    sys.unraisablehook = unraisable
    warnings.showwarning = _report_warning  # type: ignore[assignment] # Python passes all by position


def _report_warning(
    _message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    _file: TextIO | None = None,
    _line: str | None = None,
) -> None:
    log.warning("library.warned", category=category.__name__, place=f"{filename}:{lineno}")


def _report_unseen(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    # The message is asyncio's own ("Task exception was never retrieved"). The rest of the context may hold values.
    log.error("task.failed", what=context.get("message"), exc_info=context.get("exception"))


# The lines of libraries ----------------------------------------------------------------------------------------------


@dataclass
class _Window:
    began: float
    lines: int = 0


class LibraryHandler(logging.Handler):
    """Logs a library's line as the event `library.reported`, and drops repeats beyond five in 10 s."""

    def __init__(self, level: int) -> None:
        super().__init__(level)
        self._windows: dict[tuple[str, int], _Window] = {}

    def emit(self, record: logging.LogRecord) -> None:
        """Log the line as our event. `logging` calls this under the handler's lock."""
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
        """Return how many repeats were dropped since the last line, or None when this one is dropped too."""
        now = monotonic()
        if len(self._windows) > MAX_PLACES:
            self._windows.clear()
        window = self._windows.setdefault((record.pathname, record.lineno), _Window(now))
        dropped = 0
        if now - window.began > WINDOW_SECONDS:
            dropped = max(0, window.lines - LINES_A_WINDOW)
            window.began, window.lines = now, 0
        window.lines += 1
        return dropped if window.lines <= LINES_A_WINDOW else None


def _sentence(record: logging.LogRecord) -> str:
    """Return the sentence with its arguments filled in: plain facts as they are, of any other value its type."""
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
