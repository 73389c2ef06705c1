"""The way back: a taak that people close or open in Open Klant has that status here too.

Open Klant can't be asked what changed since a moment. So every ten minutes the bridge reads which taken are open there,
and reads one by one those that are open here alone. A taak that was closed before a decision gave it to another actor
stays open here: that decision opened it again.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Protocol

import structlog

from schemas.values import value_class
from services.bridge.errors import Absent, CallRefused
from services.bridge.ports import OpenKlant
from services.bridge.resources import ApiRow, Resource, moment
from services.bridge.wanted import ShownDocument
from services.runtime.errors import TransientFailure
from services.runtime.observe import metrics

log = structlog.get_logger()

TO_BE_DONE: Final = "te_verwerken"

EVERY_SECONDS: Final = 600.0


@value_class(frozen=True, slots=True)
class OwnTaak:
    """A taak of ours that Open Klant has."""

    document: ShownDocument
    """As stored here."""
    uuid: str


class TakenHere(Protocol):
    """The interne taken as the projector shows them, with their status."""

    def open(self) -> AsyncIterator[Sequence[OwnTaak]]:
        """Yield the taken that are open here, in batches."""

    async def closed_among(self, numbers: Sequence[str]) -> Sequence[OwnTaak]:
        """Return those of these numbers that are not open here."""

    async def set_status(self, taak: OwnTaak, status: str, afgehandeld_op: datetime | None) -> bool:
        """Set the status, and return True. Return False where somebody changed it, or its actor, in the meantime."""


class Pages(OpenKlant, Protocol):
    """Open Klant, which gives long lists in pages."""

    def pages(self, resource: Resource, **filters: str) -> AsyncIterator[Sequence[ApiRow]]:
        """Yield the rows that fit."""


class Statuses:
    """Brings statuses back."""

    def __init__(self, open_klant: Pages, taken: TakenHere) -> None:
        self._open_klant = open_klant
        self._taken = taken

    async def bring_back(self) -> int:
        """Bring every status back, and return how many changed. Raises Unavailable and TransientFailure."""
        open_there: set[str] = set()
        changed = 0
        async for page in self._open_klant.pages(Resource.INTERNE_TAKEN, status=TO_BE_DONE):
            rows = {row["uuid"]: row for row in page}
            open_there.update(rows)
            numbers = [row["nummer"] for row in page if row["nummer"]]
            for taak in await self._taken.closed_among(numbers):
                if taak.uuid in rows:
                    changed += await self._set(taak, rows[taak.uuid])
        async for some in self._taken.open():
            for taak in some:
                if taak.uuid not in open_there:
                    changed += await self._read(taak)
        return changed

    async def bring_back_in_time(self) -> None:
        """Bring every status back, unless a server is away or refuses: then the next round does."""
        try:
            await self.bring_back()
        except TransientFailure as failure:
            metrics.TRANSIENT_FAILURES.labels(part=failure.part).inc()
        except CallRefused as refusal:
            log.warning("bridge.statuses_refused", reason=str(refusal))

    async def _read(self, taak: OwnTaak) -> bool:
        try:
            row = await self._open_klant.read(Resource.INTERNE_TAKEN, taak.uuid)
        except Absent:
            return False  # somebody removed it there; the next convergence tells of it
        return await self._set(taak, row)

    async def _set(self, taak: OwnTaak, row: ApiRow) -> bool:
        ours: Mapping[str, Any] = taak.document["interneTaak"]
        closed = moment(row["afgehandeldOp"]) if row.get("afgehandeldOp") else None
        if row["status"] == ours["status"] or (closed is not None and closed <= ours["toegewezenOp"]):
            return False
        done = await self._taken.set_status(taak, row["status"], closed)
        if done:
            log.info("bridge.status_brought_back", taak_id=taak.document["_id"], status=row["status"])
        return done
