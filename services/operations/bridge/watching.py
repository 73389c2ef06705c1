"""An Open Klant that notes the changes that a convergence makes, or would make.

A rehearsal reads from Open Klant as a convergence does. It changes nothing there: to each change it answers what Open
Klant would answer. It keeps its state in memory.
"""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import uuid4

from services.bridge.errors import LetterReason, Unavailable
from services.bridge.parts import root_of
from services.bridge.ports import BridgeStates, LeaseNote, OpenKlant, State
from services.bridge.resources import MAAK_KLANTCONTACT, ApiRow, Body, Resource


@dataclass(frozen=True, slots=True)
class NotedChange:
    """A change in Open Klant: a call by its method, its resource, and the names of the fields that it sends."""

    method: str
    resource: str
    fields: tuple[str, ...] = ()
    uuid: str | None = None
    """The row that it changes or removes."""


class WatchedOpenKlant:
    """An `OpenKlant` that notes each change, and carries it out where asked. Lanes may share it.

    A change that Open Klant failed at is noted once, however often it is tried.
    """

    def __init__(self, open_klant: OpenKlant, *, carry_out: bool) -> None:
        self._open_klant = open_klant
        self._carry_out = carry_out
        self._changes = ContextVar[list[NotedChange]]("changes")
        self._unanswered = ContextVar[list[NotedChange]]("unanswered")

    @contextmanager
    def noting(self) -> Iterator[list[NotedChange]]:
        """Provide the changes that this task makes, or would make, within the block."""
        changes = list[NotedChange]()
        before, doubtful = self._changes.set(changes), self._unanswered.set([])
        try:
            yield changes
        finally:
            self._changes.reset(before)
            self._unanswered.reset(doubtful)

    async def find(self, resource: Resource, **filters: str) -> Sequence[ApiRow]:
        """Return the rows that fit, as `ports.OpenKlant` promises."""
        return await self._open_klant.find(resource, **filters)

    async def read(self, resource: Resource, uuid: str) -> ApiRow:
        """Return a row. Raises Absent."""
        return await self._open_klant.read(resource, uuid)

    async def create(self, path: str, body: Body) -> ApiRow:
        """Create rows, or return what Open Klant would answer."""
        with self._noted(NotedChange("POST", path, tuple(field_names(body)))):
            return await self._open_klant.create(path, body) if self._carry_out else _imagined(path, body)

    async def change(self, resource: Resource, uuid: str, body: Body) -> ApiRow:
        """Change a row, or return what the call would send."""
        with self._noted(NotedChange("PATCH", resource, tuple(field_names(body)), uuid)):
            return await self._open_klant.change(resource, uuid, body) if self._carry_out else {**body, "uuid": uuid}

    async def remove(self, resource: Resource, uuid: str) -> None:
        """Remove a row, or do nothing."""
        with self._noted(NotedChange("DELETE", resource, uuid=uuid)):
            if self._carry_out:
                await self._open_klant.remove(resource, uuid)

    @contextmanager
    def _noted(self, change: NotedChange) -> Iterator[None]:
        unanswered = self._unanswered.get()
        if change in unanswered:
            unanswered.remove(change)  # this is its next try
        else:
            self._changes.get().append(change)
        try:
            yield
        except Unavailable:
            unanswered.append(change)
            raise


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
        """Return the state of this name."""
        return self.added[name] if name in self.added else await self.states.find(name)

    async def uuids(self, names: Sequence[str]) -> Mapping[str, str]:
        """Return the uuids that Open Klant has, or would have."""
        known = await self.states.uuids([name for name in names if name not in self.added])
        added = {name: self.added[name].ours.rows.get(root_of(name)) for name in names if name in self.added}
        return {**known, **{name: row.uuid for name, row in added.items() if row}}

    async def following(self, klantcontact_id: str) -> Sequence[str]:
        """Return the klantcontacten that follow this one."""
        return await self.states.following(klantcontact_id)

    async def forget_actoren(self, uuids: Sequence[str]) -> None:
        """Forget nothing: only a refusal asks for it, and a rehearsal meets none."""

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

    async def note(self, note: LeaseNote) -> None:
        """Note how far the rehearsal is."""
        self.state = State(note.ours, self.state.summary)

    async def end(self, summary: Mapping[str, Any]) -> None:
        """Keep only the row that the state is about. Others point at it, and 100,000 states must fit in memory."""
        root = root_of(self.name)
        rows = {key: noted for key, noted in self.state.ours.rows.items() if key == root}
        ours = replace(self.state.ours, rows=rows, is_done=True, in_flight=frozenset())
        self.states.added[self.name] = State(ours, summary)
