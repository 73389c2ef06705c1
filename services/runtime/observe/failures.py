"""What may be said of an exception: its type and where it came from, never its text.

The text of an exception that is not ours can hold a value from a message: pydantic prints what it refuses,
KeyError prints the key, MongoDB prints the duplicate.
"""

from collections.abc import Iterator
from pathlib import PurePath
from traceback import walk_tb
from types import FrameType, TracebackType

from services.runtime.errors import KlantcontactError

MAX_FRAMES = 20
"""The innermost frames: enough to find the place, also under a framework."""

MAX_EXCEPTIONS = 8
"""An exception with its causes and what it groups; a chain can be as long as it likes."""

PLACE_PARTS = 4
"""Folders of a path that are shown: those of this program, and the package of a library."""

Description = dict[str, object]


def describe(error: BaseException) -> list[Description]:
    """Give an exception and what led to it, outermost first: type, frames as file:line:function.

    The text comes along only where it is written by us for the operator, and the number of an error of the
    database.
    """
    return [_describe_one(each) for each in _chain(error)][:MAX_EXCEPTIONS]


def as_text(error: BaseException) -> str:
    """Give the same for a person at a terminal."""
    lines: list[str] = []
    for each in describe(error):
        code = f" (code {each['code']})" if "code" in each else ""
        message = f": {each['message']}" if "message" in each else ""
        lines.append(f"{each['type']}{code}{message}")
        frames = each["frames"]
        assert isinstance(frames, list)
        lines += [f"  {frame}" for frame in frames]
    return "\n".join(lines)


def type_name(error: BaseException) -> str:
    """Give the full name of an exception's type."""
    kind = type(error)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def _describe_one(error: BaseException) -> Description:
    description: Description = {"type": type_name(error), "frames": _frames(error.__traceback__)}
    if isinstance(error, KlantcontactError):
        description["message"] = str(error)
    code = getattr(error, "code", None) or getattr(error, "errno", None)
    if isinstance(code, int):
        description["code"] = code
    return description


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Go from an exception to its causes and, for a group, to its members; none twice."""
    waiting, seen = [error], set[int]()
    while waiting and len(seen) < MAX_EXCEPTIONS:
        each = waiting.pop(0)
        if id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        cause = each.__cause__ or (None if each.__suppress_context__ else each.__context__)
        waiting += [cause] if cause is not None else []
        waiting += each.exceptions if isinstance(each, BaseExceptionGroup) else []


def _frames(trace: TracebackType | None) -> list[str]:
    places = [_place(frame, line) for frame, line in walk_tb(trace)]
    return places[-MAX_FRAMES:]


def _place(frame: FrameType, line: int) -> str:
    parts = PurePath(frame.f_code.co_filename).parts[-PLACE_PARTS:]
    return f"{'/'.join(parts).lstrip('/')}:{line}:{frame.f_code.co_qualname}"
