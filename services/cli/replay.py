"""`klantcontact replay`: judging stored contacts again, and mapping messages of a channel again."""

import sys
from collections.abc import Coroutine, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Final, TypeVar

import typer
import uvloop

from services.cli.arguments import AsJsonLines, PolicyFile, beleid, settings
from services.cli.json_values import print_json
from services.cli.progress import Bar, progress
from services.cli.purpose import AsOperator, ForReason, ForRequest, purpose
from services.cli.replay_messages import ShownMessages, message_summary
from services.cli.replay_screen import ShownContacts, summary_lines
from services.cli.streams import FAULTS_FOUND, tell
from services.domain.herbeoordeling import Feiten
from services.domain.policy import Beleid
from services.operations.audit.trail import Note, noting
from services.operations.map_again.run import map_again
from services.operations.replay.replay import replay as judge_again
from services.operations.replay.selection import ContactSelection, InvalidSelection, read_offsets
from services.operations.wording import counted, read_moment
from services.runtime.settings import Settings

T = TypeVar("T")

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

    With the --topic of a channel, such as kanaal.open-forms, its messages are mapped again by today's mapping, and
    events that differ are sent with --execute.
    """
    if publish_again and (policy or with_current_register):
        raise typer.BadParameter("--publish-again judges nothing: give no --policy or --with-current-register with it")
    given, chosen = settings(), beleid(policy)
    asked = _Asked(
        settings=given,
        selection=_selection(since, until, offsets or [], contact or [], source, topic),
        beleid=chosen,
        execute=execute,
        note=noting(given, "replay --execute", purpose(request=request, reason=reason, by=by)),
    )
    is_of_channel = asked.selection.topic in given.raw_topics
    if is_of_channel and (source or publish_again or with_current_register):
        raise typer.BadParameter(
            "messages of a channel are only mapped again: leave out --source, --publish-again and "
            "--with-current-register"
        )
    with progress("judging again", shown=not (as_json and sys.stdout.isatty())) as bar:
        if is_of_channel:
            end = _map_again(asked, bar, ShownMessages(bar, as_json=as_json, diff_only=diff_only))
        else:
            feiten = None if publish_again else Feiten.HUIDIG if with_current_register else Feiten.VASTGELEGD
            end = _judge_again(asked, feiten, bar, ShownContacts(bar, as_json=as_json, diff_only=diff_only))
    if as_json:
        print_json({"summary": end.summary})
    else:
        for line in end.lines:
            tell(line)
    raise typer.Exit(0 if end.is_well else FAULTS_FOUND)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """What an operator asked for, of contacts and of messages alike."""

    settings: Settings
    selection: ContactSelection
    beleid: Beleid
    execute: bool
    note: Note


@dataclass(frozen=True, slots=True)
class _End:
    """What a replay shows at its end, for a person and for a program."""

    lines: Iterator[str]
    summary: Mapping[str, Any]
    is_well: bool


def _judge_again(asked: _Asked, feiten: Feiten | None, bar: Bar, shown: ShownContacts) -> _End:
    """Judge contacts again. Without `feiten` nothing is judged: the events in force go out again."""
    replayed = _run(
        judge_again(
            asked.settings,
            asked.selection,
            beleid=asked.beleid,
            feiten=feiten,
            execute=asked.execute,
            tell=shown,
            progress=bar,
            note=asked.note,
        ),
        shown,
        execute=asked.execute,
    )
    return _End(summary_lines(replayed, executed=asked.execute), replayed.as_json(), replayed.is_as_shown)


def _map_again(asked: _Asked, bar: Bar, shown: ShownMessages) -> _End:
    """Map messages of a channel again."""
    mapped = _run(
        map_again(
            asked.settings,
            asked.selection,
            beleid=asked.beleid,
            execute=asked.execute,
            tell=shown,
            progress=bar,
            note=asked.note,
        ),
        shown,
        execute=asked.execute,
    )
    return _End(message_summary(mapped, executed=asked.execute), mapped.as_json(), mapped.is_as_meant)


def _run(work: Coroutine[Any, Any, T], shown: ShownContacts | ShownMessages, *, execute: bool) -> T:
    try:
        return uvloop.run(work)
    except KeyboardInterrupt:
        if execute:
            tell(INTERRUPTED.format(contacts=counted(shown.answered, "contact")))
        raise


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
    except (ValueError, InvalidSelection) as error:
        raise typer.BadParameter(str(error)) from error
