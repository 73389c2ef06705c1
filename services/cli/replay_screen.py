"""What `klantcontact replay` shows of contacts: rows for a person, JSON for a program. No contents."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import Any, Final, Generic, TypeVar

from services.cli.json_values import write_json_line
from services.cli.progress import Bar
from services.operations.replay.differences import OnderwerpOutcome
from services.operations.replay.judging import Examined
from services.operations.replay.replay import Replayed
from services.operations.replay.requests import Answer
from services.operations.wording import counted, printable, printable_id
from services.runtime.kafka.records import Record

T = TypeVar("T")


class ShownOutcomes(ABC, Generic[T]):
    """Shows each contact as soon as it is judged, and counts the answers of the classifier."""

    def __init__(self, bar: Bar, *, as_json: bool, diff_only: bool) -> None:
        self._bar = bar
        self._as_json = as_json
        self._diff_only = diff_only
        self._is_headed = as_json
        self.answered = 0

    def __call__(self, judged: T, answer: Answer | None) -> None:
        """Show one contact."""
        self.answered += answer is not None
        if self._diff_only and not self.differs(judged):
            return
        if not self._is_headed:
            self._bar.print(HEADING)
            self._is_headed = True
        if self._as_json:
            write_json_line(self.value(judged, answer))
            return
        for each in self.rows(judged, answer):
            self._bar.print(each)

    @abstractmethod
    def differs(self, judged: T) -> bool:
        """Whether `--diff-only` shows it."""

    @abstractmethod
    def rows(self, judged: T, answer: Answer | None) -> Iterator[str]:
        """Yield its rows for a person."""

    @abstractmethod
    def value(self, judged: T, answer: Answer | None) -> dict[str, Any]:
        """Return it for a program."""


class ShownContacts(ShownOutcomes[Examined]):
    """Contacts that are judged again."""

    def differs(self, judged: Examined) -> bool:
        """Whether a decision or its events change, or events go out again."""
        return judged.difference is not None or judged.to_publish is not None

    def rows(self, judged: Examined, answer: Answer | None) -> Iterator[str]:
        """Yield a row for each onderwerp that changes, or one for a contact that does not change."""
        contact_id = printable_id(judged.contact_id or place_of(judged.record))
        if judged.to_publish is not None:
            note = answer.value if answer else judged.standing.value
            yield row((contact_id, "", "", "", "", "", f"{note}: {counted(judged.to_publish.events, 'event')}"))
            return
        if judged.difference is None:
            yield row((contact_id, "", "", "", "", "", judged.standing.value))
            return
        for onderwerp in judged.difference.onderwerpen:
            note = answer.value if answer else "in its events only" if onderwerp.only_besides else "changes"
            yield row((contact_id, printable(onderwerp.onderwerp_id), *change(onderwerp.was, onderwerp.wordt), note))

    def value(self, judged: Examined, answer: Answer | None) -> dict[str, Any]:
        """Return one contact for a program."""
        return {
            "source": judged.source,
            "contactId": judged.contact_id,
            "topic": judged.record.topic,
            "partition": judged.record.partition,
            "offset": judged.record.offset,
            "standing": judged.standing.value,
            **(judged.difference.as_json() if judged.difference else {}),
            **({"events": judged.to_publish.events} if judged.to_publish else {}),
            **({"answer": answer.value} if answer else {}),
        }


def place_of(record: Record) -> str:
    """Return where a record lies, as `explain` reads it."""
    return f"{record.topic}:{record.partition}:{record.offset}"


WIDTHS: Final = (28, 16, 8, 12, 9, 20, 0)


def row(cells: Sequence[str]) -> str:
    """Return cells in columns of fixed widths: a table that fits its columns could be shown only after the last row."""
    return "  ".join(f"{cell:<{width}}" for cell, width in zip(cells, WIDTHS, strict=True)).rstrip()


HEADING: Final = row(("contact", "onderwerp", "rule", "klantcontact", "taak", "partij", ""))


_NONE: Final = ("–",) * 4


def change(was: OnderwerpOutcome | None, wordt: OnderwerpOutcome | None) -> tuple[str, ...]:
    """Return the cells of one onderwerp. None: there was none, or there is none any more."""
    cells = zip(_cells(was), _cells(wordt), strict=True)
    return tuple(before if before == after else f"{before} → {after}" for before, after in cells)


def _cells(outcome: OnderwerpOutcome | None) -> tuple[str, ...]:
    if outcome is None:
        return _NONE
    return (outcome.regel, _yes(outcome.klantcontact), _yes(outcome.interne_taak), outcome.partij)


def _yes(answer: bool) -> str:  # noqa: FBT001 - a question with two answers
    return "yes" if answer else "no"


def summary_lines(replayed: Replayed, *, executed: bool) -> Iterator[str]:
    """Yield the counts, and what the operator can do next."""
    summary = replayed.summary
    if not summary.records.total():
        yield "No record fits the selection."
    for standing, number in summary.as_json()["records"].items():
        if number:
            yield f"{number:>8}  {standing}"
    for (was, wordt), number in sorted(summary.rules.items()):
        yield f"{number:>8}  onderwerpen {was} → {wordt}"
    for answer, number in sorted(replayed.answers.items()):
        yield f"{number:>8}  contacts {answer}"
    if summary.events:
        yield f"{summary.events:>8}  events"
    for each in replayed.trimmed:
        yield (
            f"Partition {each.partition} of {each.topic} holds offset {each.first} and later; Kafka has removed the "
            "earlier records."
        )
    if replayed.forgotten:
        yield (
            f"More contacts change than a dry run can carry along: {replayed.forgotten:,} were dropped, and contacts "
            "after them are shown without their changes. Select fewer contacts, and execute those first."
        )
    yield from _next_steps(replayed, executed=executed)


def _next_steps(replayed: Replayed, *, executed: bool) -> Iterator[str]:
    if not executed and replayed.summary.records["changes"]:
        yield "Nothing was changed. --execute has the classifier judge these contacts again."
    if not executed and replayed.summary.events:
        yield "Nothing was published. --execute has the classifier publish these events again."
    if replayed.answers.get(Answer.NOT_PUBLISHED):
        yield "Some contacts were corrected or judged again meanwhile, which publishes too. Start this again to see."
    elif not replayed.is_as_shown:
        yield (
            "Some contacts did not come out as shown: does the classifier run with the policy that was used here? If "
            "so, something changed meanwhile; start this again to see."
        )
