"""The ports of the bridge: Open Klant, the documents of the projector, and the bridge's own state."""

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import field
from typing import Any, Protocol

from schemas.values import value_class
from services.bridge.errors import LetterReason
from services.bridge.found import FoundRow
from services.bridge.parts import NOTHING_OF_OURS, Noted, Ours
from services.bridge.resources import ApiRow, Body, Resource
from services.bridge.wanted import ShownDocument
from services.runtime.kafka.records import Record

DecisionVersion = tuple[int, ...]
"""Revisie and besluitversie of a klantcontact or taak, versie of a partij. The greater one is the newer."""


class OpenKlant(Protocol):
    """Open Klant's API. Each method raises Unavailable, and CallRefused for what it would refuse again."""

    async def find(self, resource: Resource, **filters: str) -> Sequence[ApiRow]:
        """Return every row that fits the filters, in Open Klant's names."""

    async def read(self, resource: Resource, uuid: str) -> ApiRow:
        """Return a row. Raises Absent."""

    async def create(self, path: str, body: Body) -> ApiRow:
        """Create a row, or those of `maak-klantcontact`, and return it."""

    async def change(self, resource: Resource, uuid: str, body: Body) -> ApiRow:
        """Change fields of a row, and return it. Raises Absent."""

    async def remove(self, resource: Resource, uuid: str) -> None:
        """Remove a row, if it is there."""


@value_class(frozen=True, slots=True)
class GoneMarker:
    """The projector remembers that a thing is gone, as of this version."""

    version: DecisionVersion


ShownState = ShownDocument | GoneMarker

ShownOrGone = ShownState | None
"""A document, or the marker of one that is gone. None says nothing: the projector may be behind."""


@value_class(frozen=True, slots=True)
class ShownContact:
    """What the projector shows of a klantcontact."""

    klantcontact: ShownOrGone = None
    taken: Mapping[str, ShownOrGone] = field(default_factory=dict)
    """By taakId: those of this klantcontact, and those that the bridge asked for."""
    partijen: Mapping[str, ShownOrGone] = field(default_factory=dict)
    """By partijId, those of its betrokkenen."""


class ProjectedDocuments(Protocol):
    """The projector's collections. Raises TransientFailure."""

    async def of_klantcontact(self, klantcontact_id: str, taken: Sequence[str] = ()) -> ShownContact:
        """Return what the projector shows of a klantcontact, its partijen, its taken, and the taken that are named."""

    async def of_partij(self, partij_id: str) -> ShownOrGone:
        """Return what the projector shows of a partij."""


@value_class(frozen=True, slots=True)
class State:
    """The bridge's state of one klantcontact, partij or actor."""

    ours: Ours = NOTHING_OF_OURS
    summary: Mapping[str, Any] = field(default_factory=dict)
    """Of the last convergence that came to its end."""


@value_class(frozen=True, slots=True)
class LeaseNote:
    """What a convergence notes before its first call, and after each."""

    rows: Mapping[str, Noted]
    """The rows that are ours now, by key."""
    removed: Collection[str] = ()
    """The keys of rows that somebody else removed."""
    in_flight: frozenset[str] = frozenset()
    """What the next call does, as `Ours.in_flight` has it."""
    taken_away: int = 0
    """How many rows the bridge removed from Open Klant since the last note."""
    others: Sequence[FoundRow] = ()
    """Rows of others that go with a row of ours."""

    @property
    def ours(self) -> Ours:
        """What the state knows after this note."""
        return Ours(dict(self.rows), is_new=False, in_flight=self.in_flight, removed=frozenset(self.removed))


class Lease(Protocol):
    """The right to change one klantcontact, partij or actor in Open Klant, which one instance has at a time."""

    state: State
    """As the last convergence left it."""

    async def note(self, note: LeaseNote) -> None:
        """Note how far the convergence is, and renew the lease. Raises Leased when another instance has taken it."""

    async def end(self, summary: Mapping[str, Any]) -> None:
        """Note that Open Klant is equal to what was wanted, and give the lease back.

        `summary` has the versions and the merk of what was wanted.
        """


class BridgeStates(Protocol):
    """What the bridge knows of its rows in Open Klant. Raises TransientFailure."""

    async def find(self, name: str) -> State:
        """Return the state of this name."""

    async def uuids(self, names: Sequence[str]) -> Mapping[str, str]:
        """Return by name the uuid in Open Klant of each klantcontact, partij or actor that it has."""

    async def forget_actoren(self, uuids: Sequence[str]) -> None:
        """Forget actoren that are no longer in Open Klant."""

    async def following(self, klantcontact_id: str) -> Sequence[str]:
        """Return the ids of the klantcontacten that follow this one."""

    async def give_up(self, name: str, reason: LetterReason) -> None:
        """Note that it became a dead letter: it is not equal, and no instance works on it."""

    def leased(self, name: str, *, follows: Sequence[str] = ()) -> AbstractAsyncContextManager[Lease]:
        """Begin a convergence: hold the lease for the block. Raises Leased when another instance has it.

        `follows`: the klantcontacten that this one follows, by id.
        """


@value_class(frozen=True, slots=True)
class BridgeLetter:
    """One klantcontact or partij that Open Klant did not take: ids and reasons, no contents."""

    kind: str
    id: str
    reason: LetterReason
    told: str
    record: Record


class BridgeLetters(Protocol):
    """The dead letters."""

    async def write(self, letter: BridgeLetter) -> None:
        """Write a letter, durably. Raises TransientFailure."""


class ProjectorProgress(Protocol):
    """How far the projector is."""

    async def is_past(self, record: Record) -> bool:
        """Whether the projector has projected a record, and no rebuild is swapping its collections.

        Raises TransientFailure.
        """
