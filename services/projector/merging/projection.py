"""Folds a batch of events into the known states of everything that they touch. The store reads before, writes after."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from schemas.klantcontact_registered_v1 import KlantcontactRegistered
from schemas.klantcontact_withdrawn_v1 import KlantcontactWithdrawn
from schemas.partij_changed_v1 import PartijChanged
from schemas.taak_created_v1 import TaakCreated
from schemas.taak_withdrawn_v1 import TaakWithdrawn
from schemas.values import value_class
from services.projector.events import Fact
from services.projector.merging import klantcontact, taak
from services.projector.merging.partij import UNKNOWN, PartijState, join
from services.projector.merging.partij_events import changed, partijen_of, withdrawn_from
from services.projector.merging.versioned import Versioned, is_newer


@value_class(frozen=True, slots=True)
class Touched:
    """The ids of everything that a batch changes or confirms."""

    klantcontacten: frozenset[str]
    taken: frozenset[str]
    partijen: frozenset[str]


@dataclass(slots=True)
class States:
    """The state of klantcontacten, taken and partijen by id: as known before a batch, or as changed by it."""

    klantcontacten: dict[str, Versioned] = field(default_factory=dict)
    taken: dict[str, Versioned] = field(default_factory=dict)
    partijen: dict[str, PartijState] = field(default_factory=dict)

    @property
    def touched(self) -> Touched:
        """The ids in these states."""
        return Touched(frozenset(self.klantcontacten), frozenset(self.taken), frozenset(self.partijen))


def touched_by(facts: Iterable[Fact]) -> Touched:
    """Return what must be looked up before `project`."""
    klantcontacten: set[str] = set()
    taken: set[str] = set()
    partijen: set[str] = set()
    for fact in facts:
        data = fact.data
        if fact.model is KlantcontactRegistered:
            klantcontacten.add(data["klantcontact"]["klantcontactId"])
            partijen.update(partij["partijId"] for partij in data["partijen"])
        elif fact.model is KlantcontactWithdrawn:
            klantcontacten.add(data["klantcontactId"])
        elif fact.model is TaakCreated:
            taken.add(data["interneTaak"]["taakId"])
        elif fact.model is TaakWithdrawn:
            taken.add(data["taakId"])
        else:
            partijen.add(data["partijId"])
    return Touched(frozenset(klantcontacten), frozenset(taken), frozenset(partijen))


def project(known: States, facts: Sequence[Fact]) -> States:
    """Return the states that the events change. Unchanged ones are left out, so that a repeat writes nothing."""
    now = States(dict(known.klantcontacten), dict(known.taken), dict(known.partijen))
    for fact in facts:
        _take_in(now, fact)
    return States(
        _changed(known.klantcontacten, now.klantcontacten),
        _changed(known.taken, now.taken),
        _changed(known.partijen, now.partijen),
    )


def joined(known: States, more: States) -> States:
    """Return what changes in `known` when `more` is merged into it. Where both are equally new, `known` stays."""
    return States(
        dict(_newer(known.klantcontacten, more.klantcontacten)),
        dict(_newer(known.taken, more.taken)),
        _changed(
            known.partijen,
            {
                partij_id: join(known.partijen.get(partij_id, UNKNOWN), state)
                for partij_id, state in more.partijen.items()
            },
        ),
    )


def _newer(known: Mapping[str, Versioned], more: Mapping[str, Versioned]) -> Iterator[tuple[str, Versioned]]:
    for identifier, state in more.items():
        if is_newer(state, known.get(identifier)):
            yield identifier, state


def _take_in(now: States, fact: Fact) -> None:
    data = fact.data
    if fact.model is KlantcontactRegistered:
        _merge(now.klantcontacten, data["klantcontact"]["klantcontactId"], klantcontact.merge, fact)
        for partij_id, state in partijen_of(data):
            _join(now.partijen, partij_id, state)
    elif fact.model is KlantcontactWithdrawn:
        _merge(now.klantcontacten, data["klantcontactId"], klantcontact.merge, fact)
    elif fact.model is TaakCreated:
        _merge(now.taken, data["interneTaak"]["taakId"], taak.merge, fact)
    elif fact.model is TaakWithdrawn:
        _merge(now.taken, data["taakId"], taak.merge, fact)
    elif fact.model is PartijChanged:
        _join(now.partijen, data["partijId"], changed(data))
    else:
        _join(now.partijen, data["partijId"], withdrawn_from(data))


def _merge(
    states: dict[str, Versioned],
    identifier: str,
    merge: Callable[[Versioned | None, Fact], Versioned | None],
    fact: Fact,
) -> None:
    state = merge(states.get(identifier), fact)
    if state is not None:
        states[identifier] = state


def _join(states: dict[str, PartijState], partij_id: str, state: PartijState) -> None:
    # Joined even when nothing is known: `join` removes what `geleegd_bij` and `vervallen_bij` exclude.
    states[partij_id] = join(states.get(partij_id, UNKNOWN), state)


_State = TypeVar("_State", Versioned, PartijState)


def _changed(before: Mapping[str, _State], after: Mapping[str, _State]) -> dict[str, _State]:
    return {identifier: state for identifier, state in after.items() if before.get(identifier) != state}
