"""Compares everything that the register has with Open Klant, row by row, and mends the differences where asked.

Three walks: every klantcontact of ours; every klantcontact in Open Klant that says that it is ours; and every partij
that the bridge wrote of. The second one finds what is gone here, even where the bridge's own state is lost.
"""

from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from services.bridge.converge import Convergence
from services.bridge.meant import Trigger, state_name
from services.bridge.mongo.states import OPENKLANT
from services.bridge.partijen import state_name as partij_state_name
from services.bridge.ports import BridgeStates, GoneMarker, ProjectedDocuments, ShownContact, ShownOrGone
from services.bridge.resources import MAAK_KLANTCONTACT, ApiRow, Resource
from services.bridge.wanted import HERKOMST
from services.operations.bridge.backfill import ManyDone
from services.operations.bridge.equipment import Equipment, LookedOnce, in_lanes, thoroughly
from services.operations.bridge.left_to_do import LeftToDo
from services.operations.bridge.patience import RunPatience
from services.operations.bridge.selection import count, oldest_first
from services.operations.bridge.watching import NotedChange, RehearsedStates, WatchedOpenKlant
from services.runtime.mongo.client import Document

KINDS: Final = {"POST": "missing", "PATCH": "different", "DELETE": "surplus"}
"""What a change in Open Klant says of a row there."""


@dataclass
class Reconciled(LeftToDo):
    """What a run found."""

    klantcontacten: int = 0
    """How many the run looked at."""
    partijen: int = 0
    differences: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    """How many rows are missing, different or surplus in Open Klant, by resource."""
    kept_away: int = 0
    """Rows that somebody removed there, or that a backfill left out: the run does not create them again."""
    over: list[str] = field(default_factory=list)
    """Klantcontacten and partijen of ours in Open Klant that this register no longer has: the names of their states."""
    removed: int = 0
    """How many of these the run removed."""

    @property
    def is_equal(self) -> bool:
        """Whether the run looked at everything, and nothing differs."""
        return not any(self.differences.values()) and self.is_whole


@dataclass(frozen=True)
class ExpiredAreGone:
    """The projector's documents. An absent one counts as gone: a municipality's own retention deleted it."""

    documents: ProjectedDocuments
    states: BridgeStates

    async def of_klantcontact(self, klantcontact_id: str, taken: Sequence[str] = ()) -> ShownContact:
        """Return what is shown of a klantcontact."""
        projected = await self.documents.of_klantcontact(klantcontact_id, taken)
        if projected.klantcontact is not None:
            return projected
        return replace(projected, klantcontact=await self._gone(state_name(klantcontact_id)))

    async def of_partij(self, partij_id: str) -> ShownOrGone:
        """Return what is shown of a partij."""
        return await self.documents.of_partij(partij_id) or await self._gone(partij_state_name(partij_id))

    async def _gone(self, name: str) -> GoneMarker:
        """Return that a thing is gone, as of the version that was written last."""
        written = (await self.states.find(name)).summary.get("versie", 0)
        return GoneMarker(tuple(written) if isinstance(written, Sequence) else (written,))


@dataclass
class Reconciliation:
    """One run. `repair`: mend the differences; `again`: create again what somebody removed there."""

    equipment: Equipment
    progress: ManyDone
    repair: bool = False
    again: bool = False
    remove_expired: bool = False
    found: Reconciled = field(default_factory=Reconciled)

    def __post_init__(self) -> None:
        self._states: BridgeStates = self.equipment.states if self.repair else RehearsedStates(self.equipment.states)
        self._watched = WatchedOpenKlant(self.equipment.open_klant, carry_out=self.repair)
        self._looked = self.equipment.klantcontacten(self._watched, self._states)
        self._patience = RunPatience(self.equipment.open_klant.probe)
        self._number = 0

    async def run(self) -> Reconciled:
        """Look at everything. Where Open Klant stays away the run ends."""
        self._number = await count(self.equipment, {})
        with self.found.until_away():
            await in_lanes(oldest_first(self.equipment, {}), self.equipment.lanes, self._klantcontact)
            strays = list[tuple[str, str]]()
            with self.found.naming("the list of klantcontacten"):
                strays += await self._patience.through(self._strays)
            for each in strays:
                await self._stray(*each)
            # Last: a partij goes only once no betrokkene hangs on it.
            await in_lanes(self._partijen(), self.equipment.lanes, self._partij)
        return self.found

    # The three walks

    async def _klantcontact(self, klantcontact_id: str) -> None:
        asked = thoroughly(again=self.again)
        await self._look(klantcontact_id, lambda: self._looked.converge(klantcontact_id, asked=asked))
        self.found.kept_away += len((await self._states.find(state_name(klantcontact_id))).ours.removed)
        self.found.klantcontacten += 1
        self.progress(self.found.klantcontacten, self._number)

    async def _partijen(self) -> AsyncIterator[str]:
        found = self.equipment.projection[OPENKLANT].find({"_id": {"$regex": "^partij:"}}, {"_id": 1})
        for identifier in [each["_id"] async for each in found]:
            yield identifier.removeprefix("partij:")

    async def _partij(self, partij_id: str) -> None:
        self.found.partijen += 1
        name = partij_state_name(partij_id)
        if await self.equipment.documents.of_partij(partij_id) is None:
            if (await self.equipment.states.find(name)).ours.rows:
                await self._over(name, lambda gone: gone.converge_partij(partij_id))
            return
        asked = thoroughly(again=self.again)
        await self._look(partij_id, lambda: self._looked.converge_partij(partij_id, asked=asked))

    async def _strays(self) -> Sequence[tuple[str, str]]:
        """Return the klantcontactId and the nummer of each row in Open Klant that says it is ours, and is not here.

        All pages are read before anything is removed: a row that goes moves those on later pages.
        """
        strays = list[tuple[str, str]]()
        async for page in self.equipment.open_klant.pages(Resource.KLANTCONTACTEN):
            ours = {row["metadata"]["klantcontactId"]: row for row in page if _says_ours(row)}
            here = await self._here(list(ours))
            strays += [(each, row["nummer"]) for each, row in ours.items() if each not in here]
        return strays

    async def _stray(self, klantcontact_id: str, nummer: str) -> None:
        trigger, asked = Trigger(nummer=nummer), thoroughly(again=self.again)
        if (await self.equipment.documents.of_klantcontact(klantcontact_id)).klantcontact is None:
            await self._over(state_name(klantcontact_id), lambda gone: gone.converge(klantcontact_id, trigger, asked))
        else:
            await self._look(klantcontact_id, lambda: self._looked.converge(klantcontact_id, trigger, asked))

    # One thing

    async def _look(self, named: str, step: Callable[[], Awaitable[Convergence]]) -> None:
        with self._watched.noting() as changes, self.found.naming(named):
            await self._patience.through(step)
        for change in changes:
            self.found.differences[_resource_of(change)][KINDS[change.method]] += 1

    async def _over(self, name: str, remove: Callable[[LookedOnce], Awaitable[Convergence]]) -> None:
        self.found.over.append(name)
        if self.remove_expired:
            states = self.equipment.states
            documents = ExpiredAreGone(self.equipment.documents, states)
            gone = self.equipment.klantcontacten(self.equipment.open_klant, states, documents)
            with self.found.naming(name):
                await self._patience.through(lambda: remove(gone))
                self.found.removed += 1

    async def _here(self, ids: Sequence[str]) -> set[str]:
        query: Document = {"_id": {"$in": list(ids)}}
        names = self.equipment.klantcontacten_collections
        return {each["_id"] for name in names async for each in self.equipment.projection[name].find(query, {"_id": 1})}


def _says_ours(row: ApiRow) -> bool:
    metadata: Mapping[str, str] = row.get("metadata") or {}
    return metadata.get("herkomst") == HERKOMST and "klantcontactId" in metadata


def _resource_of(change: NotedChange) -> str:
    """Return the resource of a row; `maak-klantcontact` makes a klantcontact with what hangs on it."""
    return Resource.KLANTCONTACTEN if change.resource == MAAK_KLANTCONTACT else change.resource
