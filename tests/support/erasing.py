"""Instructions to erase, as an operator's command writes them."""

from schemas.outputs import Reden
from services.classifier.instructions import signed_wissing
from services.domain.sleutels import Sleutels
from services.domain.wissing import SoortWissing, Wissing
from services.runtime.kafka.records import Record
from tests.support.contacts import record

SLEUTELS = Sleutels(b"a key of the tests, thirty-two bytes")
VERZOEK = "Z-2026-0001"


def to_erase(
    soort: SoortWissing = SoortWissing.CONTACT,
    *,
    contact_key: str | None = None,
    partij_id: str | None = None,
    revisie: int = 1,
    besluitversie: int = 1,
    opdracht: str = "opdracht-1",
) -> Wissing:
    """Return an instruction."""
    return Wissing(
        opdracht=opdracht,
        soort=soort,
        verzoek=VERZOEK,
        reden=Reden.GEWIST,
        contact_key=contact_key,
        partij_id=partij_id,
        revisie=revisie,
        besluitversie=besluitversie,
    )


def record_of(wissing: Wissing, *, offset: int = 0, sleutels: Sleutels = SLEUTELS) -> Record:
    """Return the record that asks for it."""
    value, headers = signed_wissing(wissing, sleutels)
    return record(value, offset=offset, headers=headers)
