"""What would be registered for a file of events, without Kafka or MongoDB. Source: `schemas/decision.md`, "Dry run".

It is the same fold as the classifier's, over a register in memory that keeps partijen, consent and decisions from line
to line.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from itertools import count
from typing import Any, Final

from schemas.faults import Refusal
from schemas.outputs import PartijRegel
from schemas.reading.consent import decode_either
from schemas.reading.decoding import Received
from services.domain.besluit import BesluitRecord
from services.domain.case import prepare
from services.domain.numbers import Numbers
from services.domain.outcome import Erased, Outcome, Refused
from services.domain.policy import Beleid
from services.domain.register import Register
from services.domain.sleutels import Sleutels
from services.domain.toelichting import kanttekening, toelichting
from services.operations.lines import event_on


def classify(lines: Iterable[bytes], beleid: Beleid, topic: str | None = None) -> Iterator[dict[str, Any]]:
    """Judge structured CloudEvents, one a line, in order; yield what is printed for each line.

    `topic` is where they would be sent; without one it is not judged whether their source may.
    """
    for line_number, outcome in judged_lines(lines, beleid, topic=topic):
        if isinstance(outcome, Refused):
            yield _refusal(line_number, outcome.refusal)
        else:
            assert not isinstance(outcome, Erased), "a dry run begins with an empty register"
            yield _of_change(outcome.besluit) if outcome.besluit.is_change else _uitkomsten(outcome.besluit)


def _refusal(line_number: int, refusal: Refusal) -> dict[str, Any]:
    return {
        "regelnummer": line_number,
        "contactId": refusal.contact_id,
        "fouten": [{"pad": fault.pad, "soort": fault.soort.value} for fault in refusal.faults],
    }


def _uitkomsten(besluit: BesluitRecord) -> dict[str, Any]:
    uitkomsten: list[dict[str, Any]] = []
    for index, onderwerp in enumerate(besluit.onderwerpen):
        uitkomst: dict[str, Any] = {
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
            uitkomst["klantcontactId"] = uitgegeven.klantcontact_id
        uitkomsten.append(uitkomst)
    return {"contactId": besluit.contact_id, "uitkomsten": uitkomsten}


def _of_change(besluit: BesluitRecord) -> dict[str, Any]:
    """Return what came of a change outside a contact. It touches one partij, or none."""
    partij = next(iter(besluit.partijen), None)
    return {
        "wijzigingId": besluit.contact_id,
        "uitkomst": {
            "regel": PartijRegel.T.value,
            "gevolg": partij is not None,
            "partij": partij.resultaat.value if partij else "geen",
            "toestemming": partij is not None and partij.consent,
            "toelichting": " ".join([toelichting(PartijRegel.T), *map(kanttekening, besluit.kanttekeningen)]),
        },
    }


_KEY: Final = bytes(32)
"""Nothing is kept, so a key has nothing to protect."""

_NOW: Final = datetime(2000, 1, 1, tzinfo=UTC)
"""No answer shows the moment of the decision."""


Reading = Callable[[int, bytes], Received | Refusal]
"""How a line becomes a contact; the number of the line is for an error."""


def structured(_line_number: int, line: bytes) -> Received | Refusal:
    """Read an event in structured mode, which is the line itself."""
    return decode_either(line)


def judged_lines(
    lines: Iterable[bytes], beleid: Beleid, reading: Reading = structured, *, topic: str | None = None
) -> Iterator[tuple[int, Outcome]]:
    """Judge CloudEvents, one a line and structured unless `reading` says otherwise, in order, as from a topic.

    Yield each line's number and its outcome. Lines count from 1. Empty lines count too, and are skipped.
    """
    sleutels = Sleutels(_KEY)
    register = Register(beleid, Numbers(count(1), count(1), count(1)))
    for line_number, line in enumerate(lines, start=1):
        if line.strip():
            received = reading(line_number, event_on(line))
            if isinstance(received, Refusal):
                yield line_number, Refused(received)
            else:
                yield line_number, register.judge(prepare(received, sleutels, beleid, topic=topic), _NOW)
