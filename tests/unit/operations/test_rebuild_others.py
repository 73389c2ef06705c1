"""Fields that others own: which they are, and which later changes a rebuild carries over."""

import pytest

from services.operations.rebuild.others import Fields, difference, of_others, since_carried
from services.projector.merging.documents import Amendment
from services.projector.mongo.writes import Collection


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


def test_an_amendment_sets_differing_fields_and_removes_surplus_ones() -> None:
    assert difference({"a": 1, "b": 2, "c": None}, {"a": 1, "b": 3, "d": 4}) == Amendment({"b": 2, "c": None}, ("d",))


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
