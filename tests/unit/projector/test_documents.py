"""Amendments: what has to change in a document that others may have added fields to."""

from services.projector.merging.documents import Amendment, difference


def test_a_difference_sets_differing_fields_and_removes_surplus_ones() -> None:
    assert difference({"a": 1, "b": 2, "c": None}, {"a": 1, "b": 3, "d": 4}) == Amendment({"b": 2, "c": None}, ("d",))
