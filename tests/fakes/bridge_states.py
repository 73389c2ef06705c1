"""The bridge's state in memory, and the projector's documents as its fake keeps them."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from services.bridge.errors import Leased, LetterReason
from services.bridge.found import FoundRow
from services.bridge.parts import root_of
from services.bridge.ports import GoneMarker, LeaseNote, ShownContact, ShownOrGone, State
from services.projector.mongo.writes import Collection
from tests.fakes.projector_store import FakeRegister


@dataclass
class Kept:
    """The state of one thing."""

    state: State
    follows: Sequence[str] = ()
    held: bool = False
    taken_away: int = 0
    given_up: LetterReason | None = None
    others: list[FoundRow] = field(default_factory=list)


class FakeStates:
    """A `services.bridge.ports.BridgeStates` for one process."""

    def __init__(self) -> None:
        self.kept: dict[str, Kept] = {}

    async def find(self, name: str) -> State:
        return self.kept[name].state if name in self.kept else State()

    async def uuids(self, names: Sequence[str]) -> Mapping[str, str]:
        known = {name: self.kept[name].state.ours.rows.get(root_of(name)) for name in names if name in self.kept}
        return {name: row.uuid for name, row in known.items() if row is not None}

    async def following(self, klantcontact_id: str) -> Sequence[str]:
        return [name.removeprefix("kc:") for name, each in self.kept.items() if klantcontact_id in each.follows]

    async def forget_actoren(self, uuids: Sequence[str]) -> None:
        for name, each in list(self.kept.items()):
            if name.startswith("actor:") and each.state.ours.rows["actoren"].uuid in uuids:
                del self.kept[name]

    async def give_up(self, name: str, reason: LetterReason) -> None:
        if name in self.kept:
            self.kept[name].given_up = reason

    @asynccontextmanager
    async def leased(self, name: str, *, follows: Sequence[str] = ()) -> AsyncIterator["FakeLease"]:
        kept = self.kept.get(name)
        if kept is not None and kept.held:
            raise Leased
        before = kept.state if kept is not None else State()
        begun = State(replace(before.ours, is_new=False, is_done=False), before.summary)
        self.kept[name] = (
            replace(kept, state=begun, follows=follows, held=True) if kept else Kept(begun, follows, held=True)
        )
        lease = FakeLease(self, name, before)
        try:
            yield lease
        finally:
            if not lease.is_given_back:
                self.kept[name].held = False


class FakeLease:
    """A `services.bridge.ports.Lease`."""

    def __init__(self, states: FakeStates, name: str, state: State) -> None:
        self._states = states
        self._name = name
        self.state = state
        self.is_given_back = False

    async def note(self, note: LeaseNote) -> None:
        self.state = State(note.ours, self.state.summary)
        kept = self._states.kept[self._name]
        kept.state, kept.taken_away = self.state, kept.taken_away + note.taken_away
        kept.others += [each for each in note.others if each not in kept.others]

    async def end(self, summary: Mapping[str, Any]) -> None:
        ours = replace(self.state.ours, is_done=True, is_new=False, in_flight=frozenset())
        self.state = State(ours, summary)
        kept = self._states.kept[self._name]
        kept.state, kept.held, self.is_given_back = self.state, False, True


class FakeDocuments:
    """A `services.bridge.ports.ProjectedDocuments` on the projector's fake."""

    def __init__(self, register: FakeRegister, *, confidential: bool = False) -> None:
        self._register = register
        self._klantcontacten = [Collection.KLANTCONTACTEN]
        self._taken = [Collection.INTERNE_TAKEN]
        if confidential:
            self._klantcontacten.append(Collection.KLANTCONTACTEN_VERTROUWELIJK)
            self._taken.append(Collection.INTERNE_TAKEN_VERTROUWELIJK)

    async def of_klantcontact(self, klantcontact_id: str, taken: Sequence[str] = ()) -> ShownContact:
        shown = self._shown(self._klantcontacten, [klantcontact_id])[klantcontact_id]
        its_taken = self._shown(self._taken, taken)
        if not isinstance(shown, Mapping):
            return ShownContact(shown, its_taken)
        for collection in self._taken:
            for taak in self._register.collections[collection].values():
                if taak["interneTaak"]["aanleidinggevendKlantcontact"]["klantcontactId"] == klantcontact_id:
                    its_taken[taak["_id"]] = taak
        partijen = sorted({each["wasPartij"]["partijId"] for each in shown["betrokkenen"] if "wasPartij" in each})
        return ShownContact(shown, its_taken, self._shown([Collection.PARTIJEN], partijen))

    async def of_partij(self, partij_id: str) -> ShownOrGone:
        return self._shown([Collection.PARTIJEN], [partij_id])[partij_id]

    def _shown(self, collections: Sequence[Collection], ids: Sequence[str]) -> dict[str, ShownOrGone]:
        contents, shown = self._register.collections, dict[str, ShownOrGone].fromkeys(ids)
        for identifier in ids:
            for collection in collections:
                shown[identifier] = contents[collection].get(identifier, shown[identifier])
            marker = contents[Collection.VERVALLEN].get(identifier)
            if shown[identifier] is None and marker is not None:
                names = ("versie",) if "versie" in marker else ("revisie", "besluitversie")
                shown[identifier] = GoneMarker(tuple(marker[name] for name in names))
        return shown
