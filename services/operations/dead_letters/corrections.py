"""A file of corrected letters, as `dlq export` writes them: checked as a whole before anything is sent.

A line names its letter under `letter` and holds what is to be sent, in the form of `content.py`; what else stands there
is for the reader. Kept in memory is only where each line begins.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final

from services.operations.dead_letters.content import ContentRefused, content_of
from services.operations.dead_letters.errors import InvalidFilter, LettersRefused
from services.operations.dead_letters.export import LETTER
from services.operations.dead_letters.letters import Content, Letter, LetterId

MAX_LINE_BYTES: Final = 16 * 1024 * 1024
"""The largest letter has 2 MiB, and a character of it may become six in a JSON text."""

MAX_LINES: Final = 100_000
"""Their places take some ten MB; whoever has more sends several files."""

READ_TWICE: Final = "it is read twice, so it has to be a file, and neither stdin nor a pipe"

NOTHING: Final = Content(key=None, value=None, headers=())


@dataclass(frozen=True, slots=True)
class Place:
    """Where a line stands."""

    line_number: int
    position: int


class Corrections:
    """What a file says instead of each letter. The file must not change meanwhile."""

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
        """Give for each letter how a message begins that is about its line."""
        return {letter_id: f"line {place.line_number}: " for letter_id, place in self.places.items()}

    def instead_of(self, letter: Letter) -> Content:
        """Give what is to be sent for a letter that the file names."""
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


def opened(path: Path) -> BinaryIO:
    """Open a file of corrections. Raises InvalidFilter when that can't be done, or not twice."""
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
