"""The content of a letter, written so that a person or jq can correct it, and read back.

A value that is JSON stands as it is under `event`, to be changed where it is wrong. Other text stands under `value`,
and bytes that are no text stand in base64 under `valueBase64`. Key and headers are written the same way.

A file of corrected letters, as `dlq export` writes them, is checked as a whole before anything is sent. A line names
its letter under `letter` and holds the content to send. Its other fields are for the reader. Memory holds only the
place of each line.
"""

import base64
import binascii
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final, NoReturn

from schemas.cloudevents import Header
from schemas.dead_letters import NAMES
from services.operations.dead_letters.letters import Content, InvalidFilter, Letter, LetterId, LettersRefused

IN_BASE64: Final = "Base64"

LETTER = "letter"
"""The field of a line that ties it to its letter."""

MAX_DEPTH: Final = 50
"""An event of the contract has eight levels. JSON that is made to break its reader stays a text."""


class ContentRefused(ValueError):
    """The content can't be read back. The message names fields, never their values."""


def described(content: Content) -> dict[str, Any]:
    """Return a content as values that JSON can hold."""
    return {
        **_bytes("key", content.key),
        "headers": [{"name": name, **_bytes("value", value)} for name, value in content.headers],
        **_value(content.value),
    }


def content_of(given: Mapping[str, Any], original: Content) -> Content:
    """Return a corrected content. Key and headers are the letter's own unless they are given.

    Raises ContentRefused.
    """
    forms = [name for name in ("event", "value", f"value{IN_BASE64}") if name in given]
    if len(forms) != 1:
        raise ContentRefused("needs one of event, value and valueBase64: the value to send")
    return Content(
        key=_read_bytes("key", given) if {"key", f"key{IN_BASE64}"} & given.keys() else original.key,
        value=_encoded(given["event"]) if forms == ["event"] else _read_bytes("value", given),
        headers=_read_headers(given["headers"]) if "headers" in given else original.headers,
    )


# Writing --------------------------------------------------------------------------------------------------------------


def _value(value: bytes | None) -> dict[str, Any]:
    try:
        event = json.loads(value or b"", object_pairs_hook=_unique, parse_constant=_no_json)
        json.dumps(event, ensure_ascii=False).encode()  # half of a surrogate pair can't be written
    except (ValueError, RecursionError):
        return _bytes("value", value)
    return {"event": event} if _fits(event, MAX_DEPTH) else _bytes("value", value)


def _fits(node: object, levels: int) -> bool:
    children = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    return levels > 0 and all(_fits(child, levels - 1) for child in children)


def _unique(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """Return the object. Raises ValueError for a name that stands there twice: only one of the two would be left."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands there twice")
    return found


def _no_json(_name: str) -> NoReturn:
    raise ValueError("NaN and Infinity are no JSON")


def _bytes(name: str, value: bytes | None) -> dict[str, str | None]:
    if value is None:
        return {name: None}
    try:
        return {name: value.decode()}
    except UnicodeDecodeError:
        return {f"{name}{IN_BASE64}": base64.b64encode(value).decode()}


# Reading --------------------------------------------------------------------------------------------------------------


def _encoded(event: object) -> bytes:
    try:
        return json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError:  # half of a surrogate pair: only as an escape
        return json.dumps(event, separators=(",", ":")).encode()


def _read_bytes(name: str, given: Mapping[str, Any]) -> bytes | None:
    in_base64 = f"{name}{IN_BASE64}"
    value = given.get(in_base64, given.get(name))
    if value is None:
        return None
    try:
        return base64.b64decode(value, validate=True) if in_base64 in given else str.encode(value)
    except (TypeError, ValueError, binascii.Error) as error:
        raise ContentRefused(
            f"{in_base64 if in_base64 in given else name} must be a text that can be encoded"
        ) from error


def _read_headers(given: object) -> list[Header]:
    if not isinstance(given, list) or not all(isinstance(each, dict) and _is_name(each.get("name")) for each in given):
        raise ContentRefused("headers must be a list of objects with a name, and a value or valueBase64")
    return [(each["name"], _read_bytes("value", each)) for each in given]


def _is_name(name: object) -> bool:
    """Whether a header may have this name. Those of a dead letter are added when it is sent."""
    return isinstance(name, str) and name not in NAMES and name.isprintable()


MAX_LINE_BYTES: Final = 16 * 1024 * 1024
"""A letter of an earlier release can have 2 MiB, and a character of it may become six in a JSON text."""

MAX_LINES: Final = 100_000
"""Their places take some ten MB. More lines go in several files."""

READ_TWICE: Final = "it is read twice, so it has to be a file, and neither stdin nor a pipe"

NOTHING: Final = Content(key=None, value=None, headers=())


@dataclass(frozen=True, slots=True)
class Place:
    """Where a line stands."""

    line_number: int
    position: int


class Corrections:
    """The contents that a file holds in place of those of its letters. The file must not change meanwhile."""

    def __init__(self, file: BinaryIO) -> None:
        """Read the whole file once. Raises LettersRefused, which names the lines that can't be read."""
        self._file = file
        self.places: dict[LetterId, Place] = {}
        reasons = []
        for place, line in self._lines():
            try:
                self._note(place, _read(line))
            except (ContentRefused, InvalidFilter) as error:
                reasons.append(f"line {place.line_number}: {error}")
        if not self.places and not reasons:
            reasons = ["the file names no letter."]
        if reasons:
            raise LettersRefused(reasons)

    @property
    def names(self) -> dict[LetterId, str]:
        """The beginning of a message about each letter's line."""
        return {letter_id: f"line {place.line_number}: " for letter_id, place in self.places.items()}

    def instead_of(self, letter: Letter) -> Content:
        """Return the content to send for a letter that the file names."""
        self._file.seek(self.places[letter.id].position)
        return content_of(_read(self._file.readline(MAX_LINE_BYTES)), letter.content)

    def _lines(self) -> Iterator[tuple[Place, bytes]]:
        line_number, position = 0, 0
        while line := self._file.readline(MAX_LINE_BYTES):
            line_number += 1
            if line_number > MAX_LINES or (len(line) == MAX_LINE_BYTES and not line.endswith(b"\n")):
                raise LettersRefused([f"line {line_number}: the file or the line is too large; send several files."])
            if line.strip():
                yield Place(line_number, position), line
            position += len(line)

    def _note(self, place: Place, given: dict[str, Any]) -> None:
        letter_id = LetterId.parse(str(given.get(LETTER, "")))
        if letter_id in self.places:
            raise ContentRefused(f"{letter_id} stands in line {self.places[letter_id].line_number} already")
        content_of(given, NOTHING)
        self.places[letter_id] = place


def _read(line: bytes) -> dict[str, Any]:
    try:
        given = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ContentRefused("is no JSON") from error
    if not isinstance(given, dict):
        raise ContentRefused("is no JSON object")
    return given


def content_on(line: bytes) -> Content:
    """Return the content that a line holds by itself, with no letter to complete it. Raises ContentRefused."""
    return content_of(_read(line), NOTHING)


def opened(path: Path) -> BinaryIO:
    """Return a file of corrections, open. Raises InvalidFilter when it can't be opened, or not read twice."""
    if path == Path("-"):
        raise InvalidFilter(READ_TWICE)
    try:
        file = path.open("rb")
    except OSError as error:
        raise InvalidFilter(f"{path}: {error.strerror}") from error
    if not file.seekable():
        file.close()
        raise InvalidFilter(READ_TWICE)
    return file
