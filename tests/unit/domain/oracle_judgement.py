"""The judgement of the second opinion on a contact, and the facts in a list of such judgements."""

from dataclasses import dataclass, field
from datetime import datetime

from schemas.contact_ended_v1 import Toestemming
from tests.unit.domain.oracle_facts import ADDRESSES, Key, Place, Touch, name_based_id


@dataclass(frozen=True)
class Outcome:
    """The outcome of one onderwerp; with a klantcontact also the place of each betrokkene's details, by ref."""

    onderwerp_id: str
    regel: str
    klantcontact: bool
    taak: bool
    partij: str
    places: dict[str, Place]

    @property
    def gegevens(self) -> bool:
        return any(each.startswith(ADDRESSES) for place in self.places.values() for each in place.at_betrokkene)


@dataclass(frozen=True)
class Gone:
    """The withdrawal from a partij, as an event tells it."""

    versie: int
    geleegd_bij: int
    resultaat: str
    kinds: frozenset[str]


@dataclass(frozen=True)
class Judged:
    """One judgement, kept for ever."""

    contact: tuple[str, str]
    revisie: int
    moment: datetime
    stream: str
    touches: dict[str, Touch]
    outcomes: tuple[Outcome, ...]
    left: dict[int, str]
    """Partijen that an earlier revisie touched and this one no longer does, with their resultaat."""
    emptied: frozenset[int]
    lost_kinds: dict[int, frozenset[str]]
    gone: dict[int, Gone] = field(default_factory=dict)
    """Its withdrawals from partijen, and those of earlier revisies that no open event has undone since."""

    @property
    def shown_openly(self) -> set[int]:
        return {each.partij for each in self.touches.values()} if self.stream == "registered" else set()


@dataclass(frozen=True)
class Doubled:
    """Refused: the register shows that this betrokkene is the same partij as one before."""

    ref: str


def klantcontact_id(judged: Judged, outcome: Outcome) -> str:
    """Work out the id of a klantcontact."""
    source, contact_id = judged.contact
    return name_based_id(source, "klantcontact", contact_id, outcome.onderwerp_id)


def own_kinds(kinds: frozenset[str]) -> frozenset[str]:
    """Leave out the links of a contactpersoon, which has no identificatoren of its own."""
    return frozenset(each for each in kinds if not each.startswith("pseudoniem"))


def partijen_of(judged: Judged) -> set[int]:
    return {each.partij for each in judged.touches.values()} | set(judged.left)


def resultaat_of(judged: Judged, partij: int) -> str | None:
    return next((each.resultaat for each in judged.touches.values() if each.partij == partij), None)


def links_of(judgements: list[Judged]) -> dict[Key, int]:
    return {key: touch.partij for each in judgements for touch in each.touches.values() for key in touch.keys}


def statements_about(partij: int, judgements: list[Judged]) -> list[tuple[datetime, Toestemming]]:
    return [
        (touch.stated_at, touch.said)
        for each in judgements
        for touch in each.touches.values()
        if touch.partij == partij
    ]
