"""A file of events, judged in memory as the classifier would. Source: `schemas/decision.md`, "Dry run".

The fold is the classifier's own: it remembers partijen, consent and decisions from line to line.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import count
from typing import Any, Final

from schemas.faults import Refusal
from schemas.reading.decoding import decode
from services.domain.besluit import Besluit
from services.domain.case import prepare
from services.domain.judgement import Judgement, Refused
from services.domain.numbers import Numbers
from services.domain.policy import Beleid
from services.domain.register import Register
from services.domain.sleutels import Sleutels
from services.domain.toelichting import toelichting
from services.operations.lines import event_on


def classify(lines: Iterable[bytes], beleid: Beleid) -> Iterator[dict[str, Any]]:
    """Judge structured CloudEvents, one a line, in order; yield the answer that is printed for each."""
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


_KEY: Final = bytes(32)
"""Nothing is kept, so there is nothing for a key to protect."""

_NOW: Final = datetime(2000, 1, 1, tzinfo=UTC)
"""The moment of the decision is in no answer."""


def judged_lines(lines: Iterable[bytes], beleid: Beleid) -> Iterator[tuple[int, Judgement | Refusal]]:
    """Judge structured CloudEvents, one a line, in order. Yield each line's number and what came of it.

    Lines count from 1, empty ones too; those are skipped. A Refusal is about the event itself. A judgement that is
    Refused is about the event and the lines before it.
    """
    sleutels = Sleutels(_KEY)
    register = Register(beleid, Numbers(count(1), count(1), count(1)))
    for line_number, line in enumerate(lines, start=1):
        if line.strip():
            received = decode(event_on(line))
            if isinstance(received, Refusal):
                yield line_number, received
            else:
                yield line_number, register.judge(prepare(received, sleutels, beleid), _NOW)
