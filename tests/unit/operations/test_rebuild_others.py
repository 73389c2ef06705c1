"""Fields that others own: which they are, and which later changes a rebuild carries over."""

import random
from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.operations.rebuild.others import (
    STATUS,
    Carried,
    Fields,
    Theirs,
    fitting,
    of_others,
    since_carried,
    theirs,
)
from services.projector.merging.documents import Amendment
from services.projector.mongo.writes import Collection
from services.runtime.mongo.client import Document
from tests.fakes.projector_store import FakeRegister, amend
from tests.support.projector_examples import Event, assigned, fact, taak_created
from tests.support.thoroughness import examples


def test_fields_of_others_are_found_beside_ours_and_within_the_taak() -> None:
    document = {
        "_id": "t-1",
        "interneTaak": {"nummer": "1", "status": "verwerkt", "afgehandeldDoor": {"naam": "A"}},
        "besluit": {},
        "herkomst": {},
        "dossier": "D1",
    }
    assert of_others(Collection.INTERNE_TAKEN, document) == {
        "interneTaak.status": "verwerkt",
        "interneTaak.afgehandeldDoor": {"naam": "A"},
        "dossier": "D1",
    }


@pytest.mark.parametrize(
    ("now", "carried", "there", "changes", "why"),
    [
        ({"s": 1}, {"s": 1}, {"s": 1}, Amendment({}), "nobody did anything"),
        ({"s": 2}, {"s": 1}, {"s": 1}, Amendment({"s": 2}), "it was changed before the swap"),
        ({"s": 1}, {"s": 1}, {"s": 3}, Amendment({}), "it was changed after the swap"),
        ({"s": 2}, {"s": 1}, {"s": 3}, Amendment({}), "it was changed before and after: the last one counts"),
        ({"s": 1, "d": 1}, {"s": 1}, {"s": 3}, Amendment({"d": 1}), "another field was added before the swap"),
        ({"d": 1}, {}, {"d": 2}, Amendment({}), "a field was added before, and again after the swap"),
        ({}, {"d": 1}, {"d": 1}, Amendment({}, ("d",)), "a field was taken away before the swap"),
        ({}, {"d": 1}, {"d": 2}, Amendment({}), "it was taken away before, and changed after the swap"),
        ({}, {"d": 1}, {}, Amendment({}), "it was taken away before and after the swap"),
    ],
)
def test_a_later_change_is_carried_unless_the_new_document_knows_better(
    now: Fields, carried: Fields, there: Fields, changes: Amendment, why: str
) -> None:
    assert since_carried(now, carried, there) == changes, why


# A taak that goes to another actor during the rebuild

TAKEN = Collection.INTERNE_TAKEN


def of_taak(naam: str, status: str, revisie: int | None = None) -> Theirs:
    """Return what others own in a taak: in revisie 1 of A, in revisie 2 of B."""
    actor = {"soortActor": "organisatorische_eenheid", "naam": naam}
    return Theirs({STATUS: status, "dossier": "D1"}, actor, (revisie or (1 if naam == "A" else 2), 1))


@pytest.mark.parametrize(
    ("given_", "there", "status", "why"),
    [
        (of_taak("A", "verwerkt"), of_taak("A", "te_verwerken", 2), "verwerkt", "the same actor"),
        (of_taak("X", "verwerkt", 1), of_taak("A", "te_verwerken"), "verwerkt", "the same decision, and damage"),
        (of_taak("A", "verwerkt"), of_taak("B", "te_verwerken"), "te_verwerken", "the new document is ahead"),
        (of_taak("B", "verwerkt"), of_taak("A", "te_verwerken"), "te_verwerken", "the new document is behind"),
    ],
)
def test_a_status_is_carried_to_a_document_with_the_same_actor_only(
    given_: Theirs, there: Theirs, status: str, why: str
) -> None:
    assert fitting(given_, there) == {STATUS: status, "dossier": "D1"}, why


OPENED = of_taak("B", "te_verwerken")


@pytest.mark.parametrize(
    ("former", "live", "mended", "why"),
    [
        (of_taak("B", "verwerkt"), OPENED, "verwerkt", "opened again, and handled before the swap"),
        (of_taak("B", "in_behandeling"), OPENED, "in_behandeling", "opened again, and taken up before the swap"),
        (OPENED, OPENED, None, "opened again in both"),
        (of_taak("A", "verwerkt"), OPENED, None, "opened again after the swap only"),
        (of_taak("A", "in_behandeling"), OPENED, None, "taken up before the swap, opened again after it"),
        (of_taak("B", "verwerkt"), of_taak("B", "te_laat"), None, "handled before the swap, changed after it"),
    ],
)
def test_a_taak_that_was_carried_as_handled_and_opened_again_since_is_mended(
    former: Theirs, live: Theirs, mended: str | None, why: str
) -> None:
    carried = Carried()
    carried.carry(TAKEN, "t-1", of_taak("A", "verwerkt"), of_taak("A", "te_verwerken"))

    has_moved = carried.has_moved(TAKEN, "t-1", former)
    amendment = carried.mend(TAKEN, "t-1", former, live) if has_moved else Amendment({})

    assert amendment == Amendment({STATUS: mended} if mended else {}), why


class Rebuilding:
    """A rebuild of some taken in memory. The projector and the new collections take in events, each at its own pace.

    `ideal` is what would stand without the rebuild: the live collections take in all events before the swap ends.
    """

    def __init__(self, events: Sequence[Event]) -> None:
        self.facts = [fact(event) for event in events]
        self.live, self.new, self.ideal = FakeRegister(), FakeRegister(), FakeRegister()
        self.projected = self.built = 0
        self.carried = Carried()

    def project(self, number: int) -> None:
        taken = self.facts[self.projected : self.projected + number]
        self.live.merge(taken)
        self.ideal.merge(taken)
        self.projected += len(taken)

    def build(self, number: int) -> None:
        taken = self.facts[self.built : self.built + number]
        self.new.merge(taken)
        self.built += len(taken)

    def set_status(self, chance: random.Random, statuses: Sequence[str]) -> None:
        for identifier in taken_of(self.live):
            if chance.random() < 0.5:
                status = chance.choice(statuses)
                for register in (self.live, self.ideal):
                    taken_of(register)[identifier]["interneTaak"]["status"] = status

    def carry(self) -> None:
        for identifier, (given_, there) in self._pairs(self.live, self.new):
            amend(taken_of(self.new)[identifier], self.carried.carry(TAKEN, identifier, given_, there))

    def swap(self) -> FakeRegister:
        """Put the new collections in place, and return those of before."""
        former, self.live = self.live, self.new
        self.ideal.merge(self.facts[self.projected :])
        self.live.merge(self.facts[self.built :])
        return former

    def mend(self, former: FakeRegister) -> None:
        for identifier, (now, there) in self._pairs(former, self.live):
            if self.carried.has_moved(TAKEN, identifier, now):
                amend(taken_of(self.live)[identifier], self.carried.mend(TAKEN, identifier, now, there))

    @staticmethod
    def _pairs(one: FakeRegister, other: FakeRegister) -> Iterator[tuple[str, tuple[Theirs, Theirs]]]:
        for identifier, document in taken_of(one).items():
            if identifier in taken_of(other):
                yield identifier, (theirs(TAKEN, document), theirs(TAKEN, taken_of(other)[identifier]))


def taken_of(register: FakeRegister) -> dict[str, Document]:
    return register.collections[TAKEN]


@st.composite
def corrections(draw: st.DrawFn) -> list[Event]:
    """Draw the events of a few taken, each corrected some times. None comes back to an actor that it left."""
    events = []
    for contact in ("c-1", "c-2"):
        moves = draw(st.lists(st.booleans(), max_size=4))
        events += [(contact, done + 1, f"Afdeling {sum(moves[:done])}") for done in range(len(moves) + 1)]
    mixed = draw(st.permutations([contact for contact, _, _ in events]))
    of = {contact: iter([each for each in events if each[0] == contact]) for contact in mixed}
    in_order = [next(of[contact]) for contact in mixed]
    return [taak_created(contact, revisie=revisie, fields=assigned(naam)) for contact, revisie, naam in in_order]


@given(events=corrections(), chance=st.randoms(use_true_random=False))
@settings(max_examples=examples(300))
def test_a_rebuilt_taak_has_the_status_that_would_stand_without_the_rebuild(
    events: list[Event], chance: random.Random
) -> None:
    rebuilding = Rebuilding(events)
    steps = [
        lambda: rebuilding.project(chance.randint(1, 4)),
        lambda: rebuilding.build(chance.randint(1, 4)),
        lambda: rebuilding.set_status(chance, ["verwerkt", "in_behandeling", "te_verwerken"]),
    ]

    def meanwhile() -> None:
        for _ in range(chance.randint(0, 9)):
            chance.choice(steps)()

    meanwhile()
    for _ in range(chance.randint(1, 2)):  # again when it was interrupted
        rebuilding.carry()
        meanwhile()
    former = rebuilding.swap()
    if chance.random() < 0.3:
        # A value that was never there: one that was carried before would pass for the carried one.
        rebuilding.set_status(chance, ["te_laat"])
    rebuilding.mend(former)

    assert statuses_of(rebuilding.live) == statuses_of(rebuilding.ideal)


def statuses_of(register: FakeRegister) -> dict[str, str]:
    return {identifier: each["interneTaak"]["status"] for identifier, each in taken_of(register).items()}
