"""The refusals of a contact that only the register shows to be wrong, each with its faults."""

from collections.abc import Iterable, Iterator, Sequence

from schemas.faults import Fault, FaultKind, Refusal, RefusalKind
from schemas.reading.coherence import identity_path
from services.domain.besluit import MAX_EVER_GIVEN, BesluitRecord
from services.domain.case import Case
from services.domain.outcome import Refused
from services.domain.partij import PartijRecord
from services.domain.record_size import is_too_large


def refused(case: Case, kind: RefusalKind, faults: Sequence[Fault]) -> Refused:
    """Return the refusal of a contact with these faults."""
    received = case.received
    return Refused(Refusal(kind, tuple(faults), received.contact.contact_id, received.unknown_fields), received)


def too_many(besluit: BesluitRecord, in_force: BesluitRecord | None) -> Iterator[Fault]:
    """Return the faults of a revisie that adds more than one contact may ever have, or of a record that grew too large.

    A first judgement is bounded by its event.
    """
    if in_force is None:
        return
    if len(besluit.uitgegeven) > max(MAX_EVER_GIVEN, len(in_force.uitgegeven)):
        yield Fault("data.onderwerpen", FaultKind.TE_VEEL)
    if len(besluit.partijen_ever) > max(MAX_EVER_GIVEN, len(in_force.partijen_ever)):
        yield Fault("data.betrokkenen", FaultKind.TE_VEEL)
    if is_too_large(besluit):
        yield Fault("data.revisie", FaultKind.TE_VEEL)


def same_partij_twice(case: Case, found: Iterable[PartijRecord | None]) -> list[Fault]:
    """Return the faults of betrokkenen that the register knows as the same partij."""
    faults: list[Fault] = []
    seen: set[str] = set()
    for position, partij in enumerate(found):
        if partij is None:
            continue
        if partij.partij_id in seen:
            by = next(
                identity
                for identity, sleutel in zip(case.identities[position], case.sleutels[position], strict=True)
                if sleutel in partij.sleutels
            )
            faults.append(Fault(identity_path(position, by.positie), FaultKind.DUBBELE_PARTIJ))
        seen.add(partij.partij_id)
    return faults
