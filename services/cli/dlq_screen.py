"""Dead letters as a person sees them in columns, and as a program reads them; nothing of their content."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from schemas.faults import Fault, RefusalKind
from schemas.hints import hint
from schemas.mapping_faults import MAPPING_HINTS, MappingFault
from schemas.meanings import meanings
from services.cli.screen import print_table
from services.cli.streams import tell
from services.operations.dead_letters.discard import MAX_REASON_CHARACTERS
from services.operations.dead_letters.letters import Letter
from services.operations.dead_letters.listing import LetterGroup
from services.operations.dead_letters.reading import Found
from services.operations.dead_letters.show import Told, reason_of
from services.operations.dead_letters.states import Change
from services.operations.wording import counted, printable, to_the_second

GROUP_HEADING = ("letters", "kind, where, source", "from, to, one ID")

WHOLE_EVENT = "(the event as a whole)"
UNKNOWN_KIND = "unknown kind"


def group_rows(groups: Sequence[LetterGroup]) -> Iterator[Sequence[str]]:
    """Yield a row for each group. Cells have several lines, so that a narrow screen does not break a source."""
    for group in groups:
        key = group.key
        lines = (
            f"{key.kind or UNKNOWN_KIND}, {key.state}",
            *(path or WHOLE_EVENT for path in key.paths),
            key.source,
        )
        one = (_minute(group.oldest), _minute(group.newest), str(group.example))
        yield str(group.number), "\n".join(lines), "\n".join(one)


def print_groups(groups: Sequence[LetterGroup]) -> None:
    """Print groups for a person, and how many letters they count."""
    if groups:
        print_table(group_rows(groups), heading=GROUP_HEADING)
    number = sum(group.number for group in groups)
    tell(f"{counted(number, 'letter')} in {counted(len(groups), 'group')}")


def group_values(groups: Sequence[LetterGroup]) -> list[dict[str, Any]]:
    """Return the groups for a program."""
    return [
        {
            "letters": group.number,
            "state": group.key.state,
            "kind": group.key.kind,
            "paths": group.key.paths,
            "source": group.key.source,
            "oldest": group.oldest.isoformat(),
            "newest": group.newest.isoformat(),
            "example": str(group.example),
        }
        for group in groups
    ]


def told_rows(told: Told) -> Iterator[Sequence[str]]:
    """Yield the rows of one letter: a name and a fact."""
    letter, history = told.found.letter, told.found.history
    yield "letter", f"{letter.id}, dead since {to_the_second(letter.written_at)}, attempt {letter.attempt}"
    yield "state", history.state
    yield "kind", f"{letter.kind}: {meanings(RefusalKind)[letter.kind]}" if letter.kind else UNKNOWN_KIND
    for fault in letter.faults:
        yield "wrong", f"{fault.pad or WHOLE_EVENT}: {fault.soort}. {meanings(type(fault.soort))[fault.soort]}"
        yield "to do", _hint(fault)
    if letter.mapping is not None:
        yield "mapping", letter.mapping
    origin = letter.origin
    lay_in = f"{origin.topic}, partition {origin.partition}, offset {origin.offset}" if origin else "-"
    yield "lay in", lay_in if letter.last_offset is None else f"{lay_in} to {letter.last_offset}"
    yield "source", letter.source
    if letter.last_offset is not None:
        yield "batch", "It stands for a batch that was too large to unpack, and has no content."
    if letter.is_cut:
        yield "cut", _cut(letter)
    if letter.withheld is not None:
        yield "content", letter.withheld.value
    yield from (("done", _done(change)) for change in history.changes)
    for letter_id, found in told.earlier:
        yield "before", _short(found) if found else f"{letter_id}, which the topic no longer holds"
    yield from (("after", _short(found)) for found in told.later)


def told_values(told: Told) -> dict[str, Any]:
    """Return one letter for a program."""
    letter, history = told.found.letter, told.found.history
    return {
        "letter": str(letter.id),
        "state": history.state,
        **reason_of(letter),
        "faults": [{**fault._asdict(), "hint": _hint(fault)} for fault in letter.faults],
        "cut": letter.is_cut,
        "withheld": letter.withheld.name.lower() if letter.withheld is not None else None,
        "changes": [{**asdict(change), "at": change.at.isoformat()} for change in history.changes],
        "earlier": [str(letter_id) for letter_id, _ in told.earlier],
        "later": [str(found.letter.id) for found in told.later],
    }


def _hint(fault: Fault | MappingFault) -> str:
    return MAPPING_HINTS[fault.soort] if isinstance(fault, MappingFault) else hint(fault)


def _cut(letter: Letter) -> str:
    whole = ", ".join(f"{part} of {counted(size, 'byte')}" for part, size in letter.original_sizes.items())
    return (
        f"Only the beginning was kept ({whole or 'of an unknown size'}), so it can't be sent back as it is. The "
        "original lies where it lay as long as that topic keeps it. Let its publisher send it again, or give the whole "
        "content in a file: `klantcontact dlq redrive --from`."
    )


def _done(change: Change) -> str:
    corrected = ", corrected" if change.corrected else ""
    reason = f": {printable(change.reason, MAX_REASON_CHARACTERS)}" if change.reason else ""
    return f"{to_the_second(change.at)} {change.state} by {change.by}, attempt {change.attempt}{corrected}{reason}"


def _short(found: Found) -> str:
    letter, state = found.letter, found.history.state
    return f"{letter.id}, {letter.kind or UNKNOWN_KIND}, dead since {to_the_second(letter.written_at)}, {state}"


def _minute(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%MZ}"
