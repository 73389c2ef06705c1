"""Which sources may publish what: nobody speaks for another. Source: `schemas/decision.md`, "Sources".

A publisher writes the `source` of its events itself. Kafka's rights say who may write to a topic, and the policy which
sources may come from it.
"""

from collections.abc import Iterator
from typing import Final

from schemas.contact_ended_v1 import ContactEnded
from schemas.faults import Fault, FaultKind, path
from schemas.reading.decoding import Received
from services.domain.policy import Beleid, Bron

_KIND: Final = FaultKind.BRON_NIET_TOEGESTAAN


def not_allowed(received: Received, topic: str | None, beleid: Beleid) -> tuple[Fault, ...]:
    """Return a fault for each thing that the policy does not allow the source of a contact. Without sources, none.

    They are at `source` for a source that the policy does not name, at the event as a whole for the topic, at the
    kanaal, and at each middel. `topic` is where the event lay; None does not judge that.
    """
    if not beleid.bronnen:
        return ()
    bron = beleid.bronnen.get(received.source)
    if bron is None:
        return (Fault("source", _KIND),)
    return tuple(_outside(bron, topic, received.contact))


def _outside(bron: Bron, topic: str | None, contact: ContactEnded) -> Iterator[Fault]:
    if bron.topics is not None and topic is not None and topic not in bron.topics:
        yield Fault("", _KIND)
    if bron.kanalen is not None and contact.kanaal not in bron.kanalen:
        yield Fault("data.kanaal", _KIND)
    if bron.middelen is None:
        return
    for position, betrokkene in enumerate(contact.betrokkenen):
        claimed = betrokkene.authenticatie
        if claimed is not None and claimed.middel not in bron.middelen:
            # A change of consent has no onderwerp, and one klant.
            spoke = ("betrokkenen", position) if contact.onderwerpen else ("klant",)
            yield Fault(path("data", *spoke, "authenticatie", "middel"), _KIND)
