"""An Open Klant whose changes are noted: those that a convergence makes, or those that it would make.

A rehearsal asks Open Klant whatever a convergence asks, changes nothing there, and answers what it would answer. The
state that it leaves is forgotten with it.
"""

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from typing import Any, Final
from uuid import uuid4

from services.bridge.errors import LetterReason
from services.bridge.found import FoundRow
from services.bridge.parts import Noted, Ours
from services.bridge.ports import BridgeStates, OpenKlant, State
from services.bridge.resources import MAAK_KLANTCONTACT, ApiRow, Body, Resource

ROOTS: Final = {"kc": Resource.KLANTCONTACTEN, "partij": Resource.PARTIJEN, "actor": Resource.ACTOREN}
"""The row that a state is about, by the beginning of its name."""


@dataclass(frozen=True, slots=True)
class NotedChange:
    """A change in Open Klant: a call by its method, its resource, and the names of the fields that it sends."""

    method: str
    resource: str
    fields: tuple[str, ...] = ()
    uuid: str | None = None
    """The row that it changes or removes."""


class WatchedOpenKlant:
    """An `OpenKlant` whose changes are noted, and carried out where asked. Lanes may share it."""

    def __init__(self, open_klant: OpenKlant, *, carry_out: bool) -> None:
        self._open_klant = open_klant
        self._carry_out = carry_out
        self._changes = ContextVar[list[NotedChange]]("changes")

    @contextmanager
    def noting(self) -> Iterator[list[NotedChange]]:
        """Provide the changes that are made, or would be, within the block by this task."""
        changes = list[NotedChange]()
        before = self._changes.set(changes)
        try:
            yield changes
        finally:
            self._changes.reset(before)

    async def find(self, resource: Resource, **filters: str) -> Sequence[ApiRow]:
        """Return the rows that fit, as `ports.OpenKlant` promises."""
        return await self._open_klant.find(resource, **filters)

    async def read(self, resource: Resource, uuid: str) -> ApiRow:
        """Return a row. Raises Absent."""
        return await self._open_klant.read(resource, uuid)

    async def create(self, path: str, body: Body) -> ApiRow:
        """Create rows, or return what Open Klant would answer."""
        self._note(NotedChange("POST", path, tuple(field_names(body))))
        return await self._open_klant.create(path, body) if self._carry_out else _imagined(path, body)

    async def change(self, resource: Resource, uuid: str, body: Body) -> ApiRow:
        """Change a row, or return what would be sent."""
        self._note(NotedChange("PATCH", resource, tuple(field_names(body)), uuid))
        return await self._open_klant.change(resource, uuid, body) if self._carry_out else {**body, "uuid": uuid}

    async def remove(self, resource: Resource, uuid: str) -> None:
        """Remove a row, or do nothing."""
        self._note(NotedChange("DELETE", resource, uuid=uuid))
        if self._carry_out:
            await self._open_klant.remove(resource, uuid)

    def _note(self, change: NotedChange) -> None:
        self._changes.get().append(change)


def field_names(body: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    """Yield the names of the fields that a body sends, and none of its values."""
    for name, value in body.items():
        if isinstance(value, Mapping) and value:
            yield from field_names(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}"


def _imagined(path: str, body: Body) -> ApiRow:
    if path == MAAK_KLANTCONTACT:
        return {name: _with_uuid(part) for name, part in body.items()}
    identificatoren = [_with_uuid(each) for each in body.get("partijIdentificatoren", ())]
    return {**_with_uuid(body), "partijIdentificatoren": identificatoren}


def _with_uuid(row: Body) -> dict[str, Any]:
    return {**row, "uuid": str(uuid4())}


@dataclass
class RehearsedStates:
    """The `BridgeStates` as they are, with what a rehearsal adds to them."""

    states: BridgeStates
    added: dict[str, State] = field(default_factory=dict)

    async def find(self, name: str) -> State:
        """Return the state of a thing."""
        return self.added[name] if name in self.added else await self.states.find(name)

    async def uuids(self, names: Sequence[str]) -> Mapping[str, str]:
        """Return the uuids of the things that are there, or would be."""
        known = await self.states.uuids([name for name in names if name not in self.added])
        added = {name: self.added[name].ours.rows.get(_root(name)) for name in names if name in self.added}
        return {**known, **{name: row.uuid for name, row in added.items() if row}}

    async def following(self, klantcontact_id: str) -> Sequence[str]:
        """Return the klantcontacten that follow this one."""
        return await self.states.following(klantcontact_id)

    async def forget_actoren(self, uuids: Sequence[str]) -> None:
        """Forget nothing: only a refusal asks for it, and nothing is refused in a rehearsal."""

    async def give_up(self, name: str, reason: LetterReason) -> None:
        """Note nothing: a rehearsal makes no dead letter."""

    @asynccontextmanager
    async def leased(self, name: str, *, follows: Sequence[str] = ()) -> AsyncIterator["RehearsedLease"]:  # noqa: ARG002 - as the port has it
        """Hold a lease that nobody else sees."""
        yield RehearsedLease(self, name, await self.find(name))


@dataclass
class RehearsedLease:
    """A `Lease` that notes in memory."""

    states: RehearsedStates
    name: str
    state: State

    async def note(
        self,
        rows: Mapping[str, Noted],
        *,
        removed: Iterable[str] = (),
        in_flight: str | None = None,
        taken_away: int = 0,  # noqa: ARG002 - as the port has it
        others: Sequence[FoundRow] = (),  # noqa: ARG002 - as the port has it
    ) -> None:
        """Note rows."""
        ours = Ours(dict(rows), is_new=False, in_flight=in_flight, removed=frozenset(removed))
        self.state = State(ours, self.state.summary)

    async def end(self, summary: Mapping[str, Any]) -> None:
        """Keep of a thing the row that it is about: others point at that, and 100,000 states must fit in memory."""
        root = _root(self.name)
        rows = {key: noted for key, noted in self.state.ours.rows.items() if key == root}
        ours = replace(self.state.ours, rows=rows, is_done=True, in_flight=None)
        self.states.added[self.name] = State(ours, summary)


def _root(name: str) -> Resource:
    return ROOTS[name.partition(":")[0]]
