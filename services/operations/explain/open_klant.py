"""What Open Klant has of a contact, as the bridge's state tells it. Open Klant itself is not asked."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.bridge.meant import state_name
from services.bridge.mongo.states import OPENKLANT
from services.bridge.parts import KLANTCONTACT, key_of
from services.bridge.resources import Resource
from services.domain.besluit import BesluitRecord, Uitgegeven
from services.domain.numbers import NumberKind
from services.operations.explain.projected import Projected, Version
from services.operations.mongo import Database
from services.runtime.mongo.client import Document


class OpenKlantState(StrEnum):
    """How far the bridge is with a klantcontact or interne taak."""

    EQUAL = "equal"
    """Open Klant has it as the projector shows it."""
    REMOVED = "removed"
    """Open Klant has it no longer: the bridge removed it, since it is gone here."""
    OUTDATED = "outdated"
    """Open Klant has it as an earlier decision left it. The bridge has not begun on the newer one."""
    OPEN = "open"
    """The bridge began to write it, and has not finished."""
    REFUSED = "refused"
    """It became a dead letter of the bridge."""
    LEFT_OUT = "left_out"
    """Somebody removed it there, or a backfill left it here. The bridge does not create it again."""
    NOT_SENT = "not_sent"
    """The bridge never began on it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InOpenKlant:
    """One klantcontact or interne taak of a contact, as Open Klant has it."""

    kind: NumberKind
    id: str
    nummer: str
    state: OpenKlantState
    uuid: str | None = None
    """Of the row in Open Klant; None where it has none of ours."""
    equal_at: datetime | None = None
    """When the bridge last saw that the two are equal."""
    open_since: datetime | None = None
    """When the bridge began on what is not equal yet."""
    reason: str | None = None
    """Why it was refused (`services.bridge.errors.LetterReason`)."""


async def read_in_open_klant(
    database: Database, besluit: BesluitRecord, projected: Sequence[Projected], *, runs: bool
) -> tuple[InOpenKlant, ...]:
    """Return what Open Klant has of a contact. `runs`: whether the settings name an Open Klant.

    Where they name none, and the bridge never began on the contact, return nothing.
    """
    names = {each.klantcontact_id: state_name(each.klantcontact_id) for each in besluit.uitgegeven}
    found = await database[OPENKLANT].find({"_id": {"$in": list(names.values())}}).to_list()
    states: Mapping[str, Document] = {each["_id"]: each for each in found}
    if not states and not runs:
        return ()
    shown = {each.id: each.version for each in projected}
    return tuple(
        each
        for had in besluit.uitgegeven
        for each in _of(besluit, had, states.get(names[had.klantcontact_id]), shown.get(had.klantcontact_id))
    )


def _of(
    besluit: BesluitRecord, had: Uitgegeven, state: Document | None, shown: Version | None
) -> Iterator[InOpenKlant]:
    yield compared(NumberKind.KLANTCONTACT, had.klantcontact_id, had.klantcontact_nummer, state, shown)
    if had.taak_nummer is not None:
        taak_id = besluit.taak_id_of(had.onderwerp_id)
        yield compared(NumberKind.INTERNE_TAAK, taak_id, had.taak_nummer, state, shown)


def compared(
    kind: NumberKind, identifier: str, nummer: str, state: Document | None, shown: Version | None
) -> InOpenKlant:
    """Return how far the bridge is. `state`: of the klantcontact; `shown`: the decision that the projector shows."""
    if state is None:
        return InOpenKlant(kind=kind, id=identifier, nummer=nummer, state=OpenKlantState.NOT_SENT)
    key = KLANTCONTACT if kind is NumberKind.KLANTCONTACT else key_of(Resource.INTERNE_TAKEN, identifier)
    noted = state["rijen"].get(key)
    how = _how(state, key, shown)
    return InOpenKlant(
        kind=kind,
        id=identifier,
        nummer=nummer,
        state=how,
        uuid=noted["uuid"] if noted else None,
        equal_at=state.get("bijgewerkt"),
        open_since=state["begonnen"] if how in {OpenKlantState.OPEN, OpenKlantState.REFUSED} else None,
        reason=state.get("fout"),
    )


def _how(state: Document, key: str, shown: Version | None) -> OpenKlantState:
    if state.get("fout") is not None:
        return OpenKlantState.REFUSED
    if key in state.get("verwijderdDoorGemeente", ()):
        return OpenKlantState.LEFT_OUT
    if not state["af"]:
        return OpenKlantState.OPEN
    if key not in state["rijen"]:
        return OpenKlantState.REMOVED
    is_older = shown is not None and tuple(state["versie"]) < shown
    return OpenKlantState.OUTDATED if is_older else OpenKlantState.EQUAL
