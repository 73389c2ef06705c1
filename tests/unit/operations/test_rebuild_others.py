"""What others own: which fields, and what of it is carried over a second time."""

import pytest

from services.operations.rebuild.others import Fields, difference, of_others, since_carried
from services.projector.merging.documents import Amendment
from services.projector.mongo.writes import Collection


def test_a_field_of_others_stands_beside_ours_or_within_the_taak() -> None:
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


def test_a_difference_sets_what_is_other_and_takes_away_what_is_too_much() -> None:
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
def test_what_changed_since_is_carried_where_nobody_knows_better(
    now: Fields, carried: Fields, there: Fields, changes: Amendment, why: str
) -> None:
    assert since_carried(now, carried, there) == changes, why
