"""The dry run: what would be registered for a file of events. Source: `schemas/decision.md`, "Dry run"."""

from collections.abc import Iterable, Iterator
from typing import Any

from schemas.faults import Refusal
from services.domain.besluit import Besluit
from services.domain.judgement import Refused
from services.domain.policy import Beleid
from services.domain.toelichting import toelichting
from services.operations.judged_lines import judged_lines


def classify(lines: Iterable[bytes], beleid: Beleid) -> Iterator[dict[str, Any]]:
    """Judge structured CloudEvents, one a line, in order; give for each line what is printed for it."""
    for line_number, judgement in judged_lines(lines, beleid):
        if isinstance(judgement, Refusal):
            yield _refusal(line_number, judgement)
        elif isinstance(judgement, Refused):
            yield _refusal(line_number, judgement.refusal)
        else:
            yield _outcomes(judgement.besluit)


def _refusal(line_number: int, refusal: Refusal) -> dict[str, Any]:
    return {
        "regelnummer": line_number,
        "contactId": refusal.contact_id,
        "fouten": [{"pad": fault.pad, "soort": fault.soort.value} for fault in refusal.faults],
    }


def _outcomes(besluit: Besluit) -> dict[str, Any]:
    outcomes: list[dict[str, Any]] = []
    for index, onderwerp in enumerate(besluit.onderwerpen):
        outcome: dict[str, Any] = {
            "onderwerpIndex": index,
            "regel": onderwerp.regel.value,
            "klantcontact": onderwerp.klantcontact,
            "interneTaak": onderwerp.interne_taak,
            "partij": onderwerp.partij.value if onderwerp.partij else "geen",
            "betrokkeneContactgegevens": onderwerp.contactgegevens,
            "toelichting": toelichting(onderwerp.regel, besluit.kanttekeningen),
        }
        uitgegeven = besluit.numbers_of(onderwerp.onderwerp_id) if onderwerp.klantcontact else None
        if uitgegeven is not None:
            outcome["klantcontactId"] = uitgegeven.klantcontact_id
        outcomes.append(outcome)
    return {"contactId": besluit.contact_id, "uitkomsten": outcomes}
