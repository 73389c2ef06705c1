"""`klantcontact replay`: judging stored contacts again.

It shows differences as rows for a person, or as JSON for a program; never any content.
"""

import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Final

import typer
import uvloop

from services.cli.arguments import AsJsonLines, PolicyFile, beleid, settings
from services.cli.json_values import print_json, write_json_line
from services.cli.progress import Bar, progress
from services.cli.purpose import AsOperator, ForReason, ForRequest, purpose
from services.cli.streams import FAULTS_FOUND, tell
from services.domain.herbeoordeling import Feiten
from services.operations.audit.trail import noting
from services.operations.replay.differences import OnderwerpOutcome
from services.operations.replay.judging import Examined
from services.operations.replay.replay import Replayed
from services.operations.replay.replay import replay as judge_again
from services.operations.replay.requests import Answer
from services.operations.replay.selection import ContactSelection, InvalidSelection, read_offsets
from services.operations.wording import counted, printable, printable_id, read_moment

app = typer.Typer(add_completion=False)

INTERRUPTED: Final = (
    "Interrupted: {contacts} judged again so far. The classifier still judges the requests that are in the topic. "
    "Start this again for the rest."
)


@app.command()
def replay(  # noqa: PLR0913 - each is an option that an operator can give
    since: Annotated[str, typer.Option("--from", help="Written at or after this moment, or so long ago: 3d.")] = "",
    until: Annotated[str, typer.Option("--to", help="Written before this moment.")] = "",
    offsets: Annotated[list[str] | None, typer.Option(help="P:A-B: offsets A to B of partition P. Repeatable.")] = None,
    contact: Annotated[list[str] | None, typer.Option(help="A contactId. Repeatable.")] = None,
    source: Annotated[str, typer.Option(help="Only contacts of this source.")] = "",
    topic: Annotated[str, typer.Option(help="Only what was sent to this topic.")] = "",
    policy: PolicyFile = None,
    *,
    execute: Annotated[bool, typer.Option("--execute/--dry-run", help="Have the classifier judge again.")] = False,
    publish_again: Annotated[
        bool, typer.Option("--publish-again", help="Publish the events of the decisions in force again. Judge nothing.")
    ] = False,
    with_current_register: Annotated[
        bool, typer.Option(help="Judge by what the register knows today, not by the facts of the decision record.")
    ] = False,
    request: ForRequest = None,
    reason: ForReason = None,
    by: AsOperator = None,
    diff_only: Annotated[bool, typer.Option(help="Leave out contacts that come out the same.")] = False,
    as_json: AsJsonLines = False,
) -> None:
    """Judge contacts again that are still in contact.ended, under today's policy, and show what would change.

    A dry run, which is the default, only reads. With --execute the classifier makes the new judgements under the ids
    and numbers that the contacts have, and publishes what changes. A second run changes nothing.

    Beside "changes" and "same" a contact can be "overtaken": a later revisie is in force, and is judged at its own
    place. Of a "repeat" the same revisie was sent twice: it is judged at its first place, and this copy is skipped.

    --publish-again is for a subscriber that lost events: they go out again, under the ids that they had.
    """
    if publish_again and (policy or with_current_register):
        raise typer.BadParameter("--publish-again judges nothing: give no --policy or --with-current-register with it")
    given, facts = settings(), Feiten.HUIDIG if with_current_register else Feiten.VASTGELEGD
    with progress("judging again", shown=not (as_json and sys.stdout.isatty())) as bar:
        shown = _Shown(bar, as_json=as_json, diff_only=diff_only)
        try:
            replayed = uvloop.run(
                judge_again(
                    given,
                    _selection(since, until, offsets or [], contact or [], source, topic),
                    beleid=beleid(policy),
                    feiten=None if publish_again else facts,
                    execute=execute,
                    tell=shown,
                    progress=bar,
                    note=noting(given, "replay --execute", purpose(request=request, reason=reason, by=by)),
                )
            )
        except InvalidSelection as error:
            raise typer.BadParameter(str(error)) from error
        except KeyboardInterrupt:
            if execute:
                tell(INTERRUPTED.format(contacts=counted(shown.answered, "contact")))
            raise
    if as_json:
        print_json({"summary": replayed.as_json()})
    else:
        for line in summary_lines(replayed, executed=execute):
            tell(line)
    raise typer.Exit(0 if replayed.is_as_shown else FAULTS_FOUND)


def _selection(
    since: str, until: str, offsets: list[str], contacts: list[str], source: str, topic: str
) -> ContactSelection:
    now = datetime.now(UTC)
    try:
        return ContactSelection(
            since=read_moment(since, now) if since else None,
            until=read_moment(until, now) if until else None,
            offsets=tuple(read_offsets(each) for each in offsets),
            contacts=tuple(dict.fromkeys(contacts)),
            source=source or None,
            topic=topic or None,
        )
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


class _Shown:
    """Shows each contact as soon as it is examined, and counts the answers of the classifier."""

    def __init__(self, bar: Bar, *, as_json: bool, diff_only: bool) -> None:
        self._bar = bar
        self._as_json = as_json
        self._diff_only = diff_only
        self._is_headed = as_json
        self.answered = 0

    def __call__(self, examined: Examined, answer: Answer | None) -> None:
        self.answered += answer is not None
        if examined.difference is None and examined.to_publish is None and self._diff_only:
            return
        if not self._is_headed:
            self._bar.print(HEADING)
            self._is_headed = True
        if self._as_json:
            write_json_line(contact_value(examined, answer))
            return
        for row in contact_rows(examined, answer):
            self._bar.print(row)


WIDTHS: Final = (28, 16, 8, 12, 9, 20, 0)


def contact_rows(examined: Examined, answer: Answer | None) -> Iterator[str]:
    """Yield a row for each onderwerp that changes, or one for a contact that does not change."""
    contact_id = printable_id(examined.contact_id or _place(examined))
    if examined.to_publish is not None:
        note = answer.value if answer else examined.standing.value
        yield row((contact_id, "", "", "", "", "", f"{note}: {counted(examined.to_publish.events, 'event')}"))
        return
    if examined.difference is None:
        yield row((contact_id, "", "", "", "", "", examined.standing.value))
        return
    for onderwerp in examined.difference.onderwerpen:
        note = answer.value if answer else "in its events only" if onderwerp.only_besides else "changes"
        yield row((contact_id, printable(onderwerp.onderwerp_id), *_change(onderwerp.was, onderwerp.wordt), note))


def _place(examined: Examined) -> str:
    return f"{examined.record.topic}:{examined.record.partition}:{examined.record.offset}"


def contact_value(examined: Examined, answer: Answer | None) -> dict[str, Any]:
    """Return one contact for a program."""
    return {
        "source": examined.source,
        "contactId": examined.contact_id,
        "topic": examined.record.topic,
        "partition": examined.record.partition,
        "offset": examined.record.offset,
        "standing": examined.standing.value,
        **(examined.difference.as_json() if examined.difference else {}),
        **({"events": examined.to_publish.events} if examined.to_publish else {}),
        **({"answer": answer.value} if answer else {}),
    }


def row(cells: Sequence[str]) -> str:
    """Return cells in columns of fixed widths: a table that fits its columns could be shown only after the last row."""
    return "  ".join(f"{cell:<{width}}" for cell, width in zip(cells, WIDTHS, strict=True)).rstrip()


HEADING: Final = row(("contact", "onderwerp", "rule", "klantcontact", "taak", "partij", ""))


def _change(was: OnderwerpOutcome, wordt: OnderwerpOutcome) -> tuple[str, str, str, str]:
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


def _next_steps(replayed: "Replayed", *, executed: bool) -> Iterator[str]:
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
