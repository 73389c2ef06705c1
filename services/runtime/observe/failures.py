"""Descriptions of an exception that are safe to log: its type and where it came from, without its text.

The text of an exception that is not ours can hold a value from a message: pydantic prints what it refuses, KeyError
prints the key, MongoDB prints the duplicate.
"""

import traceback
from collections.abc import Iterator
from pathlib import PurePath
from traceback import walk_tb
from types import FrameType, TracebackType

from services.runtime.errors import KlantcontactError

MAX_FRAMES = 20
"""The innermost frames that are shown: enough to find the place under a framework."""

MAX_EXCEPTIONS = 8
"""The most exceptions that are shown: one with its causes and members. A chain has no bound of its own."""

PLACE_PARTS = 4
"""The last parts of a path that are shown: enough for a module here, and for the package of a library."""

Description = dict[str, object]


def describe(error: BaseException) -> list[Description]:
    """Return an exception and its causes, outermost first: type, and frames as file:line:function.

    The text is included only where we wrote it for the operator. The numeric code of an error is included.
    """
    return [_describe_one(each) for each in _chain(error)][:MAX_EXCEPTIONS]


def as_text(error: BaseException) -> str:
    """Return the same as lines for a person at a terminal."""
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
    """Return the full name of an exception's type."""
    kind = type(error)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def where(error: BaseException) -> str:
    """Return the type of an error and its innermost place in the code, in one line."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{type(error).__name__} in {PurePath(frames[-1].filename).name}, line {frames[-1].lineno}"


def _describe_one(error: BaseException) -> Description:
    description: Description = {"type": type_name(error), "frames": _frames(error.__traceback__)}
    if isinstance(error, KlantcontactError):
        description["message"] = str(error)
    code = getattr(error, "code", None) or getattr(error, "errno", None)
    if isinstance(code, int):
        description["code"] = code
    return description


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield an exception, its causes and, for a group, its members; none twice."""
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
