"""Writes what the register has into Open Klant, oldest first.

A klantcontact that is equal costs no call, so a new run continues where an interrupted one stopped. The run leaves
interne taken here unless the operator asks for them: ITA mails each taak that is new to it. The run notes such a taak
as one that somebody removed, so that only `reconcile --repair --again` creates it later.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from services.bridge.meant import A_LOOK, state_name
from services.bridge.parts import key_of
from services.bridge.ports import LeaseNote
from services.bridge.resources import Resource
from services.operations.bridge.equipment import Equipment, in_lanes
from services.operations.bridge.left_to_do import LeftToDo
from services.operations.bridge.patience import RunPatience, patiently
from services.operations.bridge.selection import chosen, count, oldest_first

ManyDone = Callable[[int, int | None], None]
"""How many klantcontacten are done, and how many there are."""


@dataclass
class Backfilled(LeftToDo):
    """The outcome of a run."""

    outcomes: Counter[str] = field(default_factory=Counter)
    """How many klantcontacten came to what; `services.bridge.converge.Convergence`."""
    taken_left: int = 0
    """Taken that the run left here."""


@dataclass
class Backfill:
    """One run."""

    equipment: Equipment
    since: datetime | None
    with_taken: bool
    progress: ManyDone
    done: Backfilled = field(default_factory=Backfilled)

    async def run(self) -> Backfilled:
        """Write everything. Where Open Klant stays away the run ends; what it wrote by then stays."""
        query = chosen(self.equipment, self.since)
        self._number = await count(self.equipment, query)
        self._klantcontacten = self.equipment.klantcontacten(self.equipment.open_klant, self.equipment.states)
        self._patience = RunPatience(self.equipment.open_klant.probe)
        with self.done.until_away():
            await in_lanes(oldest_first(self.equipment, query), self.equipment.lanes, self._write)
        return self.done

    async def _write(self, klantcontact_id: str) -> None:
        with self.done.naming(klantcontact_id):
            if not self.with_taken:
                self.done.taken_left += await patiently(lambda: self._leave_taken(klantcontact_id))
            outcome = await self._patience.through(lambda: self._klantcontacten.converge(klantcontact_id, A_LOOK))
            self.done.outcomes[outcome] += 1
        looked_at = self.done.outcomes.total() + len(self.done.refused) + len(self.done.failed)
        self.progress(looked_at, self._number)

    async def _leave_taken(self, klantcontact_id: str) -> int:
        """Keep the bridge from creating the taken of a klantcontact that it has not written yet. Return how many."""
        name = state_name(klantcontact_id)
        if not (await self.equipment.states.find(name)).ours.is_new:
            return 0
        taken: Mapping[str, object] = (await self.equipment.documents.of_klantcontact(klantcontact_id)).taken
        if taken:
            async with self.equipment.states.leased(name) as lease:
                if not lease.state.ours.is_new:
                    return 0  # the bridge was there first
                await lease.note(LeaseNote({}, [key_of(Resource.INTERNE_TAKEN, each) for each in taken]))
        return len(taken)
