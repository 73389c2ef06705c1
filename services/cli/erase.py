"""For a privacy officer's request: erase a contact, a klant, or the details of a klant, for good.

It shows ids and counts, never any content.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated, Final

import typer
import uvloop

from services.cli.arguments import AsJson, settings
from services.cli.json_values import print_json
from services.cli.progress import progress
from services.cli.streams import FAULTS_FOUND, tell
from services.cli.subject import ReasonGiven, RefusedOn, RequestNumber, SubjectFile, asked_subject
from services.operations.erase.erase import Erasure, ToErase
from services.operations.erase.erase import erase as have_erased
from services.operations.erase.reapply import ToReapply
from services.operations.erase.reapply import reapply as erase_again
from services.operations.erase.targets import Mode
from services.operations.places.open_klant import OpenKlantRows
from services.operations.subjects import ContactSubject, InvalidSubject, SubjectUnknown
from services.operations.wording import counted

app = typer.Typer(add_completion=False)

INTERRUPTED: Final = (
    "Interrupted. What was erased stays erased, and the classifier still executes what is in the topic. Start this "
    "again with the same request: it goes on."
)


@app.command()
def erase(  # noqa: PLR0913 - each is an option that an operator can give
    subject: SubjectFile = None,
    *,
    contact: Annotated[bool, typer.Option("--contact", help="One contact, with all that it brought.")] = False,
    partij: Annotated[bool, typer.Option("--partij", help="A klant, with all that it took part in.")] = False,
    details: Annotated[bool, typer.Option("--details", help="Name and addresses of a klant; the rest stays.")] = False,
    reapply: Annotated[
        bool, typer.Option("--reapply", help="After a backup was put back: erase again what was erased before.")
    ] = False,
    request: RequestNumber,
    reason: ReasonGiven,
    refuse: RefusedOn = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be erased; change nothing.")] = False,
    withdraw_missing: Annotated[
        bool, typer.Option("--withdraw-missing", help="Withdraw klantcontacten of which nothing is stored any more.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Erase a contact, a klant or the details of a klant, for good (AVG 17). The classifier does it.

    Who is meant is one JSON object on standard input, or in the file of --from. Others who took part in a contact
    stay: their klantcontact goes out again without this klant. What was erased stays erased, whatever comes again.

    It waits until the classifier has done it. Started again with the same request, it goes on where it was.
    """
    asked_for = {Mode.CONTACT: contact, Mode.PARTIJ: partij, Mode.DETAILS: details, None: reapply}
    modes = [mode for mode, given in asked_for.items() if given]
    if len(modes) != 1:
        raise typer.BadParameter("give one of --contact, --partij, --details and --reapply")
    mode = modes[0]
    if mode is None and refuse is not None:
        raise typer.BadParameter("--reapply takes no refusal", param_hint="--refuse")
    try:
        if mode is None:
            again = ToReapply(verzoek=request, reason=reason, dry_run=dry_run)
            with progress("erasing", shown=not as_json) as bar:
                erasure = uvloop.run(erase_again(settings(), again, bar))
        else:
            asked = ToErase(
                mode=mode,
                verzoek=request,
                reason=reason,
                refuse=refuse,
                dry_run=dry_run,
                withdraw_missing=withdraw_missing,
            )
            meant = asked_subject(subject)
            if isinstance(meant, ContactSubject) is not (mode is Mode.CONTACT):
                raise InvalidSubject(
                    "--contact takes a contact, by source and contactId or by klantcontactNummer; --partij and "
                    "--details take a klant."
                )
            with progress("erasing", shown=not as_json) as bar:
                erasure = uvloop.run(have_erased(settings(), meant, asked, bar))
    except SubjectUnknown as error:
        tell(str(error) or "The register knows nobody like this.")
        raise typer.Exit(1) from error
    except KeyboardInterrupt:
        tell(INTERRUPTED)
        raise
    if as_json:
        print_json(erasure.as_json())
    else:
        for line in lines(erasure, refused=refuse is not None, dry_run=dry_run):
            typer.echo(line)
    raise typer.Exit(FAULTS_FOUND if erasure.restricted else 0)


_WORDS: Final = {
    "contact": "contacts as a whole",
    "betrokkene": "contacts in which others stay",
    "gegevens": "contacts that lose details",
    "koppelingen": "links of a klant, from which moment no contact finds it",
    "partij": "klanten",
    "klantcontacten_opnieuw": "klantcontacten that go out again without this klant",
}


def _without_restricted(erasure: Erasure) -> Erasure:
    return replace(erasure, restricted=[])


def _in_open_klant(rows: OpenKlantRows | None, *, dry_run: bool) -> Iterator[str]:
    """Yield what goes, or went, from Open Klant with it, and by name what others had hung on it."""
    if rows is None:
        return
    if dry_run:
        yield f"{rows.there:>8}  rows in Open Klant that go too"
        return
    yield f"{rows.gone:>8}  rows that went from Open Klant"
    yield from (
        f"          with them, of others or in progress: {each['resource']}/{each['uuid']}" for each in rows.went_with
    )
    if rows.there:
        yield f"Open Klant still has {counted(rows.there, 'row')}: the bridge removes them, and erase-report tells."


def lines(erasure: Erasure, *, refused: bool, dry_run: bool) -> list[str]:
    """Return what was erased, or would be, for a person."""
    if refused:
        recorded = "This was a dry run: no refusal was recorded." if dry_run else "Recorded: the request is refused."
        return [f"{recorded} Nothing was erased."]
    if erasure.restricted:
        numbers = ", ".join(dict.fromkeys(erasure.restricted))
        restricted = f"The processing of partij {numbers} is restricted (AVG 18): nothing of it is erased."
        return [
            restricted,
            *(lines(_without_restricted(erasure), refused=False, dry_run=dry_run) if erasure.targets else []),
        ]
    if erasure.was_done:
        return ["There is nothing left of it to erase."]
    told = [f"{number:>8}  {_WORDS[what]}" for what, number in sorted(erasure.counts.items()) if number]
    told += _in_open_klant(erasure.open_klant, dry_run=dry_run)
    if erasure.before_rebuild:
        told.append("Collections of before a rebuild still hold it: run klantcontact rebuild --drop-old.")
    if dry_run:
        return [*told, "Nothing was erased: this was a dry run."]
    return [*told, "Erased. docs/privacy/erase.md says when subscribers and Kafka's segments have followed."]
