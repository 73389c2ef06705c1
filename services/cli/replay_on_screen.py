"""What a replay shows, as a person sees it in rows, and as a program reads it; never any content."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

from services.operations.wording import printable

if TYPE_CHECKING:
    from services.operations.replay.differences import Outcome
    from services.operations.replay.judging import Examined
    from services.operations.replay.replay import Replayed
    from services.operations.replay.requests import Answer

WIDTHS: Final = (28, 16, 8, 12, 9, 20, 0)


def contact_rows(examined: "Examined", answer: "Answer | None") -> Iterator[str]:
    """Give a row for each onderwerp that changes, or one for a contact that does not change."""
    contact_id = printable(examined.contact_id or f"{examined.record.partition}:{examined.record.offset}")
    if examined.difference is None:
        yield row((contact_id, "", "", "", "", "", examined.standing.value))
        return
    for onderwerp in examined.difference.onderwerpen:
        note = answer.value if answer else "in its events only" if onderwerp.only_besides else "changes"
        yield row((contact_id, printable(onderwerp.onderwerp_id), *_change(onderwerp.was, onderwerp.wordt), note))


def contact_value(examined: "Examined", answer: "Answer | None") -> dict[str, Any]:
    """Give one contact for a program."""
    return {
        "source": examined.source,
        "contactId": examined.contact_id,
        "partition": examined.record.partition,
        "offset": examined.record.offset,
        "standing": examined.standing.value,
        **(examined.difference.as_json() if examined.difference else {}),
        **({"answer": answer.value} if answer else {}),
    }


def row(cells: Sequence[str]) -> str:
    """Put cells in columns; row by row, since for a table that fits its columns one would have to wait for the last."""
    return "  ".join(f"{cell:<{width}}" for cell, width in zip(cells, WIDTHS, strict=True)).rstrip()


HEADING: Final = row(("contact", "onderwerp", "rule", "klantcontact", "taak", "partij", ""))


def _change(was: "Outcome", wordt: "Outcome") -> tuple[str, str, str, str]:
    def arrow(before: str, after: str) -> str:
        return before if before == after else f"{before} → {after}"

    def yes(*, it_is: bool) -> str:
        return "yes" if it_is else "no"

    return (
        arrow(was.regel, wordt.regel),
        arrow(yes(it_is=was.klantcontact), yes(it_is=wordt.klantcontact)),
        arrow(yes(it_is=was.interne_taak), yes(it_is=wordt.interne_taak)),
        arrow(was.partij, wordt.partij),
    )


def summary_lines(replayed: "Replayed", *, executed: bool) -> Iterator[str]:
    """Give the counts, and what is to be done next."""
    summary = replayed.summary
    if not summary.records.total():
        yield "Nothing that contact.ended holds fits what was asked for."
    for standing, number in summary.as_json()["records"].items():
        if number:
            yield f"{number:>8}  {standing}"
    for (was, wordt), number in sorted(summary.rules.items()):
        yield f"{number:>8}  onderwerpen {was} → {wordt}"
    for answer, number in sorted(replayed.answers.items()):
        yield f"{number:>8}  contacts {answer}"
    for partition, first in replayed.trimmed.items():
        yield f"Partition {partition} holds offset {first} and later; what lay before has been removed."
    if replayed.forgotten:
        yield (
            f"More changed than a dry run can carry along: what {replayed.forgotten:,} contacts change for those after "
            "them is not in what was shown of those. Choose less of contact.ended, and execute that first."
        )
    if not executed and summary.records["changes"]:
        yield "Nothing was changed. --execute has the classifier judge these contacts again."
    if not replayed.is_as_shown:
        yield (
            "Not everything came out as shown: does the classifier run with the policy that was used here? If so, "
            "something changed meanwhile; start again to see."
        )
