"""For a privacy officer's request: erase a contact, a klant, or the details of a klant, for good.

It shows ids and counts, never any content.
"""

from typing import Annotated, Final

import typer
import uvloop

from services.cli.arguments import AsJson, settings
from services.cli.json_values import print_json
from services.cli.progress import progress
from services.cli.streams import tell
from services.cli.subject import ReasonGiven, RequestNumber, SubjectFile, asked_subject
from services.operations.erase.erase import Erasure, ToErase
from services.operations.erase.erase import erase as have_erased
from services.operations.erase.targets import Mode
from services.operations.subjects import SubjectUnknown

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
    request: RequestNumber,
    reason: ReasonGiven,
    refuse: Annotated[
        str | None,
        typer.Option(metavar="GROUND", help="Erase nothing; record that it is refused, and why: 17(3), Archiefwet."),
    ] = None,
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
    modes = [mode for mode, given in zip(Mode, (contact, partij, details), strict=True) if given]
    if len(modes) != 1:
        raise typer.BadParameter("give one of --contact, --partij and --details")
    asked = ToErase(
        mode=modes[0],
        verzoek=request,
        reason=reason,
        refuse=refuse,
        dry_run=dry_run,
        withdraw_missing=withdraw_missing,
    )
    meant = asked_subject(subject)
    try:
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
        return
    for line in lines(erasure, asked):
        typer.echo(line)


_WORDS: Final = {
    "contact": "contacts as a whole",
    "betrokkene": "contacts in which others stay",
    "gegevens": "contacts that lose details",
    "koppelingen": "links of a klant, from which moment no contact finds it",
    "partij": "klanten",
    "klantcontacten_opnieuw": "klantcontacten that go out again without this klant",
}


def lines(erasure: Erasure, asked: ToErase) -> list[str]:
    """Return what was erased, or would be, for a person."""
    if asked.refuse is not None:
        return [f"Recorded: request {asked.verzoek} is refused. Nothing was erased."]
    if erasure.was_done:
        return ["An earlier run with this request has erased all of it."]
    told = [f"{number:>8}  {_WORDS[what]}" for what, number in sorted(erasure.counts.items()) if number]
    if asked.dry_run:
        return [*told, "Nothing was erased: this was a dry run."]
    return [
        *told,
        "Erased. The projector and other subscribers follow within seconds, Kafka's segments within a day or two.",
    ]
