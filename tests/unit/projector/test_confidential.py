"""Klantcontacten and taken of a contact that turns confidential, and back, stand in the collections for that."""

import random
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.operations.rebuild.sources import IN_THIS_ORDER
from services.projector.events import read
from services.projector.mongo.stored import told_by
from services.projector.mongo.writes import CONFIDENTIAL, SINCE, Collection, places_of
from tests.fakes.projector_store import FakeRegister
from tests.support.examples import CALL_BACK, NEW_ZAAK, contact, onderwerp
from tests.support.projector_examples import (
    OWN_SOURCES,
    Event,
    fact,
    klantcontact_id,
    klantcontact_withdrawn,
    registered,
    taak_created,
    taak_id,
    taak_withdrawn,
)
from tests.support.thoroughness import examples
from tests.unit.domain.desk import Desk, Sent

APART: Mapping[str, bool] = {"vertrouwelijk": True}
HIDDEN, OPEN = "verborgen-woord", "openbaar-woord"
"""In each text of a revisie that is confidential, and of one that is not."""

ORDINARY_STREAMS = ("registered", "taak")
ORDINARY = [each for each in Collection if each not in CONFIDENTIAL.values()]

THOROUGH = settings(max_examples=examples(200), suppress_health_check=[HealthCheck.too_slow])


def register_after(*events: Event) -> FakeRegister:
    register = FakeRegister()
    for event in events:
        register.merge([fact(event)])
    return register


def stands_in(register: FakeRegister, identifier: str) -> list[Collection]:
    return [collection for collection, there in register.collections.items() if identifier in there]


KLANTCONTACT = (
    Collection.KLANTCONTACTEN,
    klantcontact_id("c-1"),
    registered(),
    registered(revisie=2, fields=APART),
    klantcontact_withdrawn(verplaatst=True),
)
TAAK = (
    Collection.INTERNE_TAKEN,
    taak_id("c-1"),
    taak_created(),
    taak_created(revisie=2, fields=APART),
    taak_withdrawn(verplaatst=True),
)


@pytest.mark.parametrize(("collection", "identifier", "open_before", "apart", "moved"), [KLANTCONTACT, TAAK])
def test_a_thing_that_turns_confidential_moves_in_whichever_order_its_events_come(
    collection: Collection, identifier: str, open_before: Event, apart: Event, moved: Event
) -> None:
    for order in (
        (open_before, apart, moved),
        (open_before, moved, apart),
        (moved, apart, open_before),
        (apart, open_before, apart, moved, open_before),
    ):
        assert stands_in(register_after(*order), identifier) == [CONFIDENTIAL[collection]]


@pytest.mark.parametrize(("collection", "identifier", "open_before", "apart", "moved"), [KLANTCONTACT, TAAK])
def test_a_withdrawal_that_says_moved_changes_nothing_by_itself(
    collection: Collection, identifier: str, open_before: Event, apart: Event, moved: Event
) -> None:
    assert stands_in(register_after(open_before, moved), identifier) == [collection]
    assert stands_in(register_after(apart, moved), identifier) == [CONFIDENTIAL[collection]]
    assert stands_in(register_after(moved), identifier) == []


@pytest.mark.parametrize(("collection", "identifier", "open_before", "apart", "moved"), [KLANTCONTACT, TAAK])
def test_a_thing_that_is_no_longer_confidential_moves_back(
    collection: Collection, identifier: str, open_before: Event, apart: Event, moved: Event
) -> None:
    back = {KLANTCONTACT[1]: registered(revisie=3), TAAK[1]: taak_created(revisie=3)}[identifier]
    for order in ((open_before, apart, moved, back), (apart, back), (back, apart, open_before)):
        assert stands_in(register_after(*order), identifier) == [collection]


@pytest.mark.parametrize(
    ("apart", "withdrawn", "identifier", "collection"),
    [
        (registered(fields=APART), klantcontact_withdrawn(), klantcontact_id("c-1"), Collection.KLANTCONTACTEN),
        (taak_created(fields=APART), taak_withdrawn(), taak_id("c-1"), Collection.INTERNE_TAKEN),
    ],
)
def test_what_is_gone_is_remembered_alike_whether_it_was_confidential_or_not(
    apart: Event, withdrawn: Event, identifier: str, collection: Collection
) -> None:
    for order in ((apart, withdrawn), (withdrawn, apart)):
        register = register_after(*order)
        assert stands_in(register, identifier) == [Collection.VERVALLEN]
        assert register.collections[Collection.VERVALLEN][identifier]["collectie"] == collection


def test_what_others_own_moves_along_with_a_taak_and_back() -> None:
    register = register_after(taak_created())
    stored = register.collections[Collection.INTERNE_TAKEN][taak_id("c-1")]
    stored["interneTaak"] |= {"status": "verwerkt", "afgehandeldOp": "2026-03-03"}
    stored["behandelaar"] = "A. de Boer"

    for revisie, vertrouwelijk in ((2, True), (3, False)):
        register.merge([fact(taak_created(revisie=revisie, fields={"vertrouwelijk": vertrouwelijk}))])
        (place,) = stands_in(register, taak_id("c-1"))
        moved = register.collections[place][taak_id("c-1")]
        assert (place is CONFIDENTIAL[Collection.INTERNE_TAKEN]) is vertrouwelijk
        assert moved["interneTaak"]["gevraagdeHandeling"] == f"Terugbellen, revisie {revisie}"
        assert moved["interneTaak"]["status"] == "verwerkt"
        assert moved["interneTaak"]["afgehandeldOp"] == "2026-03-03"
        assert moved["behandelaar"] == "A. de Boer"


def test_a_field_of_ours_that_the_new_revisie_lacks_does_not_move_along() -> None:
    apart = taak_created(revisie=2, fields=APART)
    del apart["data"]["interneTaak"]["toelichting"]

    register = register_after(taak_created(), apart)

    moved = register.collections[Collection.INTERNE_TAKEN_VERTROUWELIJK][taak_id("c-1")]
    assert "toelichting" not in moved["interneTaak"]


def test_what_others_own_moves_along_with_a_klantcontact() -> None:
    register = register_after(registered())
    register.collections[Collection.KLANTCONTACTEN][klantcontact_id("c-1")]["onderzocht"] = True

    register.merge([fact(registered(revisie=2, fields=APART))])

    moved = register.collections[Collection.KLANTCONTACTEN_VERTROUWELIJK][klantcontact_id("c-1")]
    assert (moved["onderzocht"], moved["klantcontact"]["onderwerp"]) == (True, "Paspoort, revisie 2")


# An earlier release kept all in one collection, and sent every taak to one topic


def test_a_taak_that_an_earlier_release_published_in_the_open_moves_when_it_is_published_again() -> None:
    old = taak_created()
    del old["data"]["interneTaak"]["vertrouwelijk"]
    again = taak_created(fields=APART)

    for order in ((old, again), (again, old)):
        assert stands_in(register_after(*order), taak_id("c-1")) == [Collection.INTERNE_TAKEN_VERTROUWELIJK]


def test_a_confidential_document_in_the_ordinary_collection_goes_to_the_confidential_one_in_a_rebuild() -> None:
    live, new = register_after(registered(fields=APART), taak_created()), FakeRegister()
    there = live.collections
    stored = list(there[Collection.KLANTCONTACTEN_VERTROUWELIJK].values())
    del there[Collection.INTERNE_TAKEN][taak_id("c-1")]["interneTaak"]["vertrouwelijk"]

    new.absorb(told_by(Collection.KLANTCONTACTEN, stored))
    new.absorb(told_by(Collection.INTERNE_TAKEN, there[Collection.INTERNE_TAKEN].values()))

    assert stands_in(new, klantcontact_id("c-1")) == [Collection.KLANTCONTACTEN_VERTROUWELIJK]
    assert stands_in(new, taak_id("c-1")) == [Collection.INTERNE_TAKEN]


# Any history, in any order --------------------------------------------------------------------------------------------

FOLLOW_UPS = {"taak": CALL_BACK, "zaak": NEW_ZAAK, "none": None}

Revisie = tuple[bool, str]
"""Whether it is confidential, and what follows."""

HISTORIES = st.lists(
    st.tuples(st.booleans(), st.sampled_from(["taak", "taak", "zaak", "none"])), min_size=1, max_size=6
)


def published(history: Sequence[Revisie]) -> list[Sent]:
    """Return all that goes out for the revisies of one contact, in order."""
    desk = Desk()
    return [each for number, revisie in enumerate(history, start=1) for each in _brought(desk, number, *revisie)]


def _brought(desk: Desk, number: int, vertrouwelijk: bool, follows: str) -> Sequence[Sent]:  # noqa: FBT001
    word = f"{HIDDEN if vertrouwelijk else OPEN}-{number}"
    opvolging = FOLLOW_UPS[follows]
    if follows == "taak":
        opvolging = {**CALL_BACK, "gevraagdeHandeling": word, "toelichting": word}
    subject = onderwerp("0", opvolging=opvolging, tekst=word, other={"inhoud": word})
    return desk.bring(contact(revisie=number, vertrouwelijk=vertrouwelijk, onderwerpen=[subject])).sent


def documents(register: FakeRegister, collections: Sequence[Collection]) -> dict[Collection, dict[str, Any]]:
    there = register.contents()
    return {
        collection: {
            identifier: {name: value for name, value in document.items() if name != SINCE}
            for identifier, document in there[collection].items()
        }
        for collection in collections
    }


@THOROUGH
@given(HISTORIES, st.integers(), st.integers(1, 5))
def test_any_order_ends_in_the_same_documents_and_nothing_confidential_is_ever_in_the_open(
    history: list[Revisie], seed: int, size: int
) -> None:
    sent = published(history)
    assert not [each for each in sent if each.stream in ORDINARY_STREAMS and HIDDEN in each.value.decode()]
    expected = _after(FakeRegister(), [sent])
    chance = random.Random(seed)

    live = FakeRegister()
    assert _after(live, _delivered(sent, chance, size)) == expected
    # A rebuild takes in a part, then what lies there live, then the rest.
    new = FakeRegister()
    _after(new, _delivered(chance.sample(sent, chance.randint(0, len(sent))), chance, size))
    for collection in IN_THIS_ORDER:
        new.absorb(told_by(collection, live.contents()[collection].values()))
        assert HIDDEN not in str(documents(new, ORDINARY))
    assert _after(new, _delivered(sent, chance, size)) == expected
    if history[-1][0]:
        assert [each for kind in CONFIDENTIAL for each in places_of(kind)[:1] if expected[each]] == []
        assert OPEN not in str(expected)


def _delivered(sent: Sequence[Sent], chance: random.Random, size: int) -> Iterator[Sequence[Sent]]:
    """Yield events in some order, with repeats, cut into batches."""
    shuffled = [*sent, *chance.sample(sent, chance.randint(0, len(sent)))]
    chance.shuffle(shuffled)
    for start in range(0, len(shuffled), size):
        yield shuffled[start : start + size]


def _after(register: FakeRegister, batches: Iterator[Sequence[Sent]] | list[list[Sent]]) -> dict[Collection, Any]:
    """Return the documents after the batches; at each step nothing confidential is in the ordinary ones."""
    for batch in batches:
        register.merge([read(each.value, OWN_SOURCES).fact for each in batch])
        assert HIDDEN not in str(documents(register, ORDINARY))
    return documents(register, list(Collection))
