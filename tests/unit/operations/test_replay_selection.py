"""The selection of a replay: which records it reads, and which positions a topic still holds."""

from collections.abc import Sequence
from typing import Any

import pytest

from schemas.positions import Position
from services.operations.replay.selection import (
    ContactSelection,
    InvalidSelection,
    Offsets,
    _at_offsets,
    is_held,
    read_offsets,
    stretches_of,
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


TWO = [*WHOLE, Stretch("contact.ended.b", 0, first=0, begin=0, end=30)]


@pytest.mark.parametrize("topic", ["contact.ended", "contact.ended.b"])
async def test_offsets_are_those_of_the_topic_that_is_named(topic: str) -> None:
    selection = ContactSelection(offsets=(Offsets(0, 12, 13),), topic=topic)
    (found,) = await _stretches(selection, TWO)
    assert (found.topic, found.begin, found.end) == (topic, 12, 14)


async def test_offsets_of_one_of_several_topics_need_its_name() -> None:
    with pytest.raises(InvalidSelection, match=r"needs --topic: there are contact\.ended, contact\.ended\.b\."):
        await _stretches(ContactSelection(offsets=(Offsets(0, 12, 13),)), TWO)


async def test_a_topic_that_is_not_read_is_refused_with_those_that_are() -> None:
    with pytest.raises(InvalidSelection, match=r"--topic is none of contact\.ended, contact\.ended\.b\."):
        await _stretches(ContactSelection(topic="taak.created"), TWO)


def test_a_contact_is_not_looked_for_in_one_topic() -> None:
    with pytest.raises(InvalidSelection, match="Leave --topic out"):
        ContactSelection(contacts=("c-1",), topic="contact.ended")


async def _stretches(selection: ContactSelection, whole: list[Stretch]) -> Sequence[Stretch]:
    nothing: Any = None  # neither Kafka nor MongoDB is asked
    return await stretches_of(selection, whole, nothing, nothing)


def test_a_partition_that_the_topic_lacks_is_refused_with_the_name_of_the_topic() -> None:
    whole = [Stretch("gemeente.contact.ended", 0, first=0, begin=0, end=5)]

    with pytest.raises(InvalidSelection, match=r"gemeente\.contact\.ended has no partition 99"):
        _at_offsets([Offsets(99, 0, 1)], whole)
