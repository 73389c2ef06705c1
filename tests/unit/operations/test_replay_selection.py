"""The selection of a replay: which records it reads, and which positions a topic still holds."""

import pytest

from schemas.positions import Position
from services.operations.replay.selection import (
    ContactSelection,
    InvalidSelection,
    Offsets,
    _at_offsets,
    is_held,
    read_offsets,
)
from services.operations.topic_reader import Stretch

WHOLE = [Stretch("contact.ended", 0, first=10, begin=10, end=20), Stretch("contact.ended", 1, first=0, begin=0, end=5)]


@pytest.mark.parametrize(
    ("position", "held"),
    [
        (Position("contact.ended", 0, 10), True),
        (Position("contact.ended", 0, 19), True),
        (Position("contact.ended", 0, 9), False),
        (Position("contact.ended", 0, 20), False),
        (Position("contact.ended", 7, 3), False),
        (Position("another", 1, 3), False),
    ],
)
def test_a_position_is_held_within_the_bounds_of_its_own_topic(position: Position, *, held: bool) -> None:
    assert is_held(position, WHOLE) is held


@pytest.mark.parametrize("text", ["", "3", "3:5", "3:9-5", "x:1-2", "3:1-", "-1:1-2"])
def test_offsets_of_another_form_are_refused(text: str) -> None:
    with pytest.raises(InvalidSelection, match="looks like 3:1000-1999"):
        read_offsets(text)


def test_a_range_of_offsets_includes_its_last_one() -> None:
    assert read_offsets("3:1000-1999") == Offsets(3, 1000, 1999)


def test_several_kinds_of_selection_at_once_are_refused() -> None:
    with pytest.raises(InvalidSelection, match="not several of them"):
        ContactSelection(offsets=(Offsets(0, 1, 2),), contacts=("c-1",))


def test_a_partition_that_is_named_twice_is_refused() -> None:
    with pytest.raises(InvalidSelection, match="names partition 1 twice"):
        ContactSelection(offsets=(Offsets(1, 0, 0), Offsets(1, 3, 4)))


def test_a_partition_that_the_topic_lacks_is_refused_with_the_name_of_the_topic() -> None:
    whole = [Stretch("gemeente.contact.ended", 0, first=0, begin=0, end=5)]

    with pytest.raises(InvalidSelection, match=r"gemeente\.contact\.ended has no partition 99"):
        _at_offsets([Offsets(99, 0, 1)], whole)
