"""Messages of a platform in files: one a file, or one a line, and mails."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from schemas.raw_messages import MAX_MESSAGE_BYTES
from schemas.values import value_class

MAIL: Final = ".eml"
LINES: Final = ".jsonl"
EXPECTED: Final = ".verwacht.jsonl"


@value_class(frozen=True, slots=True)
class ChannelMessage:
    """A message, and the name under which a person knows it: its file, with the line where a file has many."""

    name: str
    value: bytes
    is_mail: bool = False


def messages_in(file: Path) -> Iterator[ChannelMessage]:
    """Yield the messages in a file: one of JSON, one a line in `.jsonl`, a mail in `.eml`. Raises OSError.

    It reads a message only so far as to see that it is too large.
    """
    with file.open("rb") as opened:
        if file.suffix == LINES:
            yield from messages_on(opened, file.name)
        else:
            yield ChannelMessage(file.name, opened.read(MAX_MESSAGE_BYTES + 1), is_mail=file.suffix == MAIL)


def messages_on(lines: Iterable[bytes], name: str) -> Iterator[ChannelMessage]:
    """Yield the messages on lines, one a line. Empty lines count, and are skipped."""
    for number, line in enumerate(lines, start=1):
        if line.strip():
            yield ChannelMessage(f"{name}:{number}", line)
