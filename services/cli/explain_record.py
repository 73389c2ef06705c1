"""A record at a position, and its contact, in rows of a name and a text."""

from collections.abc import Iterator
from typing import Final

from services.cli.explain_message import at_message
from services.cli.explain_rows import Row, letter_rows, where
from services.cli.explain_screen import explained, not_decided
from services.operations.explain.explain import Explained, NotDecided
from services.operations.explain.held import Held
from services.operations.explain.message import AtMessage
from services.operations.explain.record import AtPosition
from services.operations.wording import to_the_second

_HELD: Final = {
    Held.RECORD: "it lies there",
    Held.NOTHING: "no record: the mark of a transaction, or a record of one that was aborted",
    Held.GONE: "no longer there; its retention has ended",
    Held.NOT_YET: "nothing was written there yet",
}


def told(found: Explained | NotDecided | AtPosition | AtMessage, asked: str) -> Iterator[Row]:
    """Return the rows for what was found."""
    match found:
        case Explained():
            return explained(found, asked)
        case NotDecided():
            return not_decided(found)
        case AtPosition():
            return at_position(found)
        case AtMessage():
            return at_message(found)


def at_position(found: AtPosition) -> Iterator[Row]:
    """Return the rows for a record, and for the contact that it names when that was decided."""
    yield "asked for", f"{where(found.position)}: {_at(found)}"
    if found.lay_at is not None:
        yield "", f"a dead letter of the record at {where(found.lay_at)}"
    if found.foreign is not None:
        yield "", f"our classifier did not write it ({found.foreign}); the projector passes it over"
    if found.contact is not None:
        yield from explained(found.contact, "")
        return
    if found.held in {Held.RECORD, Held.WAITS} and found.foreign is None:
        named = "not decided, so its contactId is not shown" if found.names_a_contact else "none can be read in it"
        yield "contact", named
    if found.letters:
        yield from letter_rows(found.letters)


def _at(found: AtPosition) -> str:
    if found.held is Held.BATCH:
        what = f"part of a batch up to offset {found.last_offset} that is too large to read"
    elif found.waits_since:
        what = f"it waits behind a transaction that somebody has open since {to_the_second(found.waits_since)}"
    else:
        what = _HELD[found.held]
    if found.is_handled is None or found.held is Held.NOT_YET:
        return what
    return f"{what}, {'handled' if found.is_handled else 'not handled yet'}"
