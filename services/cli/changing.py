"""What `klantcontact withdraw` and `restrict` share: running the change, and telling what came of it."""

from collections.abc import Sequence
from typing import Final

import typer
import uvloop

from services.cli.arguments import settings
from services.cli.json_values import print_json
from services.cli.progress import waiting
from services.cli.streams import FAULTS_FOUND, tell
from services.operations.change.change import ChangeOutcome, Effect, ToChange, change
from services.operations.change.request import AskedChange
from services.operations.subjects import Subject, SubjectUnknown
from services.operations.wording import to_the_second

INTERRUPTED: Final = (
    "Interrupted. Either nothing was sent yet, or the classifier executes it. Start this again with the same request: "
    "it goes on, and nothing happens twice."
)


def run_change(subject: Subject, asked: ToChange, *, as_json: bool) -> None:
    """Have a change executed, and print what came of it. Exits with 1 where the register knows nobody like this."""
    try:
        with waiting("waiting for the classifier", shown=not as_json):
            came = uvloop.run(change(settings(), subject, asked))
    except SubjectUnknown as error:
        tell(f"{error} Nothing was sent, and nothing is kept.")
        raise typer.Exit(FAULTS_FOUND) from error
    except KeyboardInterrupt:
        tell(INTERRUPTED)
        raise
    if as_json:
        print_json({**came.as_json(), "dryRun": asked.dry_run})
    else:
        for line in lines(came, asked.asked, dry_run=asked.dry_run):
            typer.echo(line)
    if came.effect is Effect.UNKNOWN:
        raise typer.Exit(FAULTS_FOUND)


_NEWER: Final = {
    (AskedChange.WITHDRAWN, Effect.CONSENT): "A newer statement gives consent, so this withdrawal ends nothing.",
    (AskedChange.GIVEN, Effect.NO_CONSENT): "A newer statement withdrew consent, so this one gives none.",
    (AskedChange.GIVEN, Effect.EMPTIED): "A newer statement withdrew consent, so this one gives none.",
}

_EFFECTS: Final = {
    Effect.EMPTIED: "No consent is in force. The partij is emptied of name and addresses.",
    Effect.NO_CONSENT: "No consent is in force. The partij held no name and no address.",
    Effect.CONSENT: "Consent is in force. Contacts from now on may fill the partij; nothing comes back.",
    Effect.RESTRICTED: "Its processing is restricted: details stay as they are, and nothing is filled.",
    Effect.LIFTED: "Its processing is not restricted.",
    Effect.UNKNOWN: "No contact knows this klant: nothing is kept, and nothing changed.",
    Effect.ERASED: "The decision about it was erased since.",
}


def lines(came: ChangeOutcome, asked: AskedChange, *, dry_run: bool) -> Sequence[str]:
    """Return what came of a change, for a person."""
    told = _NEWER.get((asked, came.effect), _EFFECTS[came.effect])
    if came.was_done:
        return [
            f"Partij {came.nummer}: done before for this request, as of {to_the_second(came.op)}. Nothing was sent.",
            *_now(came),
            "For another change give another --request.",
        ]
    if dry_run:
        return [f"Partij {came.nummer}, as of {to_the_second(came.op)}, would come to this:", told, _NOTHING_DONE]
    if came.wijziging_id is None or came.effect is Effect.UNKNOWN:
        return [told]
    return [
        f"Partij {came.nummer}, as of {to_the_second(came.op)}:",
        told,
        f"`klantcontact explain {came.wijziging_id}` shows the decision.",
    ]


def _now(came: ChangeOutcome) -> Sequence[str]:
    consent = "Consent is in force now." if came.consent else "No consent is in force now."
    return [
        consent,
        "Its processing is restricted now." if came.restricted else "Its processing is not restricted now.",
    ]


_NOTHING_DONE: Final = "Nothing was changed: this was a dry run."
