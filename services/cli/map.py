"""For the writer of a mapping: what it makes of messages, where each field came from, and whether its goldens hold."""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from schemas.faults import Fault, FaultKind
from schemas.hints import hint
from schemas.mapping_faults import MAPPING_HINTS
from services.channels.loading import load_mapping
from services.channels.mapping.errors import InvalidMapping
from services.channels.mapping.mapping import ChannelMapping
from services.channels.mapping.outcome import ChannelFault, MappedContact, MessageRefusal, RefusedContact
from services.channels.message_files import ChannelMessage, messages_in, messages_on
from services.cli.arguments import AsJsonLines, PolicyFile, beleid
from services.cli.json_values import json_value, write_json_line
from services.cli.streams import FAULTS_FOUND, WRONG_USE, tell
from services.domain.policy import DEFAULT, Beleid
from services.operations.map_messages import (
    Golden,
    MessageOutcome,
    goldens,
    mappings_under,
    outcomes,
    rules_in,
    told_as_json,
)
from services.operations.wording import counted, printable, printable_id

app = typer.Typer(add_completion=False)

_STDIN: Final = "-"


@app.command("map")
def map_(
    files: Annotated[
        list[Path] | None,
        typer.Argument(metavar="FILE…", help="Messages: .json holds one, .jsonl one a line, .eml a mail; - is stdin."),
    ] = None,
    mapping: Annotated[
        str | None,
        typer.Option("--mapping", metavar="FILE|NAME", help="The mapping, or the name of one that is shipped."),
    ] = None,
    policy: PolicyFile = None,
    check: Annotated[
        Path | None,
        typer.Option(
            "--check", metavar="DIR", help="Compare the examples of the mappings in DIR with what is expected."
        ),
    ] = None,
    *,
    write: Annotated[
        bool, typer.Option("--write", help="With --check: expect from now on what is found. Read the difference.")
    ] = False,
    classify: Annotated[bool, typer.Option("--classify", help="Say also what would be registered, by rule.")] = False,
    explain: Annotated[bool, typer.Option("--explain", help="Show where each field came from.")] = False,
    as_json: AsJsonLines = False,
) -> None:
    """Show what a mapping makes of messages: an event, nothing for a reason, or a refusal. It needs no server.

    A refusal names the place and the kind of each fault, and no value. Exit status 1: some were refused, or an example
    did not become what is expected. 2: the mapping itself is wrong.
    """
    if (check is None and not (files and mapping)) or (check is not None and (files or mapping)):
        raise typer.BadParameter("Give --mapping and the files with messages, or --check and a folder.")
    if write and check is None:
        raise typer.BadParameter("It goes with --check.", param_hint="--write")
    try:
        if check is not None:
            _check(check, beleid(policy) if policy else DEFAULT, write=write, as_json=as_json)
        else:
            chosen = beleid(policy) if classify else None
            _map(load_mapping(mapping or ""), files or [], chosen, explain=explain, as_json=as_json)
    except InvalidMapping as error:
        tell(str(error))
        raise typer.Exit(WRONG_USE) from error


def _map(
    mapping: ChannelMapping, files: Sequence[Path], chosen: Beleid | None, *, explain: bool, as_json: bool
) -> None:
    counts = {"event": 0, "overgeslagen": 0, "geweigerd": 0}
    for outcome in outcomes(_messages(files), mapping, chosen, told=explain):
        told = told_as_json(outcome)
        counts[told["uitkomst"]] += 1
        if as_json:
            origins = {"herkomst": json_value(outcome.explained.origins)} if explain else {}
            write_json_line({"bericht": outcome.name, **told, **origins})
        else:
            typer.echo(_line(outcome, told))
            for line in _explained(outcome) if explain else ():
                typer.echo(line)
    if not as_json:
        typer.echo(f"{counts['event']} events, {counts['overgeslagen']} skipped, {counts['geweigerd']} refused")
    sys.stdout.flush()
    raise typer.Exit(FAULTS_FOUND if counts["geweigerd"] else 0)


def _messages(files: Sequence[Path]) -> Iterator[ChannelMessage]:
    for file in files:
        if str(file) == _STDIN:
            yield from messages_on(sys.stdin.buffer, "stdin")
            continue
        try:
            yield from messages_in(file)
        except OSError as error:
            raise typer.BadParameter(f"{file}: {error.strerror}") from error


def _line(outcome: MessageOutcome, told: dict[str, Any]) -> str:
    name = printable(outcome.name)
    match outcome.explained.outcome:
        case MappedContact(contact_id=contact_id, revisie=revisie):
            rules = f", {' '.join(rules_in(outcome.judged))}" if outcome.judged is not None else ""
            return f"{name}: event of contact {printable_id(contact_id)}, revisie {revisie}{rules}"
        case RefusedContact(kind=kind, faults=faults):
            lines = [f"    {_OF_THE_WHOLE[kind]}"] if kind in _OF_THE_WHOLE else map(_fault, faults)
            return "\n".join([f"{name}: refused, {kind.value}", *lines])
    return f"{name}: skipped, {told['reden']}"


def _fault(fault: ChannelFault) -> str:
    if isinstance(fault.kind, FaultKind):
        found = _hint(fault.pad or "", fault.kind)
        return f"  {fault.pad}: {fault.kind.value}, from {fault.place}\n    {found}"
    return f"  {fault.place}: {fault.kind.value}\n    {MAPPING_HINTS[fault.kind]}"


def _hint(pad: str, kind: FaultKind) -> str:
    return hint(Fault(pad, kind))


_OF_THE_WHOLE: Final = {
    MessageRefusal.ONLEESBAAR: "Send one message a file, or a line of .jsonl: UTF-8 JSON of at most 64 levels. A mail "
    "is a file .eml.",
    MessageRefusal.TE_GROOT: "A message has at most 256 KiB and 500 contacts, an event 64 KiB, and all events of a "
    "message 4 MiB together. Map fewer items, or shorter texts with `bijgeknipt`.",
}


def _explained(outcome: MessageOutcome) -> Iterator[str]:
    for each in outcome.explained.origins:
        shown = "left out" if each.value is None else printable(str(json_value(each.value)))
        yield f"  {each.pad}: {shown}\n    {each.place}: {printable(each.written, 200)}"


def _check(folder: Path, chosen: Beleid, *, write: bool, as_json: bool) -> None:
    found = mappings_under(folder)
    if not found:
        raise typer.BadParameter(f"{folder} has no mapping: a TOML file, with its messages in voorbeelden/.")
    wrong = 0
    for file in found:
        checked = list(goldens(file, chosen))
        if not checked:
            wrong += 1
            tell(f"{file}: it has no example. Put messages in voorbeelden/ beside it, and use --write.")
        for golden in checked:
            if write and not golden.is_right:
                golden.write()
                tell(f"{golden.expected_file} is written. Read it: from now on it is what you expect.")
            elif not golden.is_right:
                wrong += 1
            if as_json:
                write_json_line({"mapping": str(file), "voorbeeld": golden.name, "klopt": golden.is_right or write})
            elif not golden.is_right and not write:
                _print_difference(file, golden)
        if not as_json:
            typer.echo(f"{file}: {counted(len(checked), 'example')}")
    sys.stdout.flush()
    raise typer.Exit(FAULTS_FOUND if wrong else 0)


def _print_difference(file: Path, golden: Golden) -> None:
    typer.echo(f"{file}, {golden.name}: it did not become what {golden.expected_file.name} expects")
    if golden.expected is None:
        typer.echo("  there is no such file: --write makes it")
        return
    for place in _differences(list(golden.expected), list(golden.found), ""):
        typer.echo(f"  differs at {place}")


def _differences(expected: Any, found: Any, place: str) -> Iterator[str]:  # noqa: ANN401 - JSON
    """Yield the places at which two answers differ."""
    if isinstance(expected, dict) and isinstance(found, dict):
        for name in {**expected, **found}:
            yield from _differences(expected.get(name), found.get(name), f"{place}.{name}" if place else name)
    elif isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        for index, (one, other) in enumerate(zip(expected, found, strict=True)):
            yield from _differences(one, other, f"{place}[{index}]")
    elif expected != found:
        yield place or "the number of answers"
