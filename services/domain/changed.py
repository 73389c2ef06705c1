"""What a change outside a contact tells of its partij.

What a subscriber must remove goes out as `partij.withdrawn`, as from a contact; all else as `partij.changed`.
"""

from collections.abc import Iterator, Sequence

from schemas import partij_changed_v1
from schemas.outputs import Hergebruik, PartijRegel, PartijResultaat, Regel
from services.domain.besluit import BesluitRecord, PartijBesluit
from services.domain.envelope import Event, Sender
from services.domain.streams import Stream


def name_of_change(partij_id: str) -> str:
    """Return what keeps the id of such an event apart from that of a contact with the same id in its source."""
    return f"wijziging.{partij_id}"


def is_restricted(partij: PartijBesluit) -> bool:
    """Whether the processing of a partij is restricted after a decision."""
    return partij.stand.beperkt is not None if partij.wordt_beperkt is None else partij.wordt_beperkt


def regel_of(partij: PartijBesluit) -> PartijRegel:
    """Return the rule of a change, which touches one partij."""
    return PartijRegel.T if partij.wordt_beperkt is None else PartijRegel.B


def regels(besluit: BesluitRecord) -> Sequence[Regel | PartijRegel]:
    """Return the rule of each onderwerp, or that of a change."""
    if besluit.is_change:
        return [regel_of(each) for each in besluit.partijen] or [PartijRegel.T]
    return [each.regel for each in besluit.onderwerpen]


def is_told_as_changed(partij: PartijBesluit) -> bool:
    """Whether a change goes out as `partij.changed`: what it emptied is withdrawn instead."""
    return partij.resultaat is not PartijResultaat.LEEG or partij.wordt_beperkt is not None


def changed(besluit: BesluitRecord, sender: Sender) -> Iterator[Event]:
    """Yield what a change says of its partij, unless that is told as withdrawn."""
    for partij in filter(is_told_as_changed, besluit.partijen):
        data = {
            "partijId": partij.partij_id,
            "nummer": partij.nummer,
            "versie": partij.versie,
            "geleegdBij": partij.geleegd_bij,
            "toestemming": Hergebruik.GEGEVEN if partij.consent else Hergebruik.GEEN,
            "beperking": is_restricted(partij),
            **sender.why_of_change(besluit.aanleiding(regel_of(partij))),
        }
        yield sender.event(
            Stream.REGISTERED,
            partij_changed_v1,
            partij.partij_id,
            None,
            data,
            named=name_of_change(partij.partij_id),
        )
