"""Writes what the register has into Open Klant, oldest first.

What is equal costs no call: after an interruption, a new run continues where it stopped. Taken stay here unless they
are asked for, since ITA mails each taak that is new to it. A taak that stays here is noted as one that somebody
removed: only `reconcile --repair --again` makes it later.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from services.bridge.errors import CallRefused, NummerBezet
from services.bridge.meant import A_LOOK, state_name
from services.bridge.parts import key_of
from services.bridge.resources import Resource
from services.operations.bridge.equipment import Equipment, in_lanes, patiently
from services.operations.bridge.selection import chosen, count, oldest_first

ManyDone = Callable[[int, int | None], None]
"""How many klantcontacten are done, and how many there are."""


@dataclass
class Backfilled:
    """What came of a run."""

    outcomes: Counter[str] = field(default_factory=Counter)
    """How many klantcontacten came to what; `services.bridge.converge.Convergence`."""
    taken_left: int = 0
    """Taken that stay here."""
    refused: dict[str, str] = field(default_factory=dict)
    """Why, by klantcontactId. It names fields, and no values."""


@dataclass
class Backfill:
    """One run."""

    equipment: Equipment
    since: datetime | None
    with_taken: bool
    progress: ManyDone
    done: Backfilled = field(default_factory=Backfilled)

    async def run(self) -> Backfilled:
        """Write everything. Raises Unavailable where Open Klant stays away; what is written by then is written."""
        query = chosen(self.equipment, self.since)
        self._number = await count(self.equipment, query)
        self._klantcontacten = self.equipment.klantcontacten(self.equipment.open_klant, self.equipment.states)
        await in_lanes(oldest_first(self.equipment, query), self.equipment.lanes, self._write)
        return self.done

    async def _write(self, klantcontact_id: str) -> None:
        if not self.with_taken:
            self.done.taken_left += await patiently(lambda: self._leave_taken(klantcontact_id))
        try:
            outcome = await patiently(lambda: self._klantcontacten.converge(klantcontact_id, A_LOOK))
            self.done.outcomes[outcome] += 1
        except (CallRefused, NummerBezet) as refusal:
            self.done.refused[klantcontact_id] = str(refusal)
        self.progress(sum(self.done.outcomes.values()) + len(self.done.refused), self._number)

    async def _leave_taken(self, klantcontact_id: str) -> int:
        """Note that the taken of a klantcontact of which nothing is written yet are not to be made; return how many."""
        name = state_name(klantcontact_id)
        if not (await self.equipment.states.find(name)).ours.is_new:
            return 0
        taken: Mapping[str, object] = (await self.equipment.documents.of_klantcontact(klantcontact_id)).taken
        if taken:
            async with self.equipment.states.leased(name) as lease:
                if not lease.state.ours.is_new:
                    return 0  # the bridge was there first
                await lease.note({}, removed=[key_of(Resource.INTERNE_TAKEN, each) for each in taken])
        return len(taken)
