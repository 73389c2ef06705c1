"""On which partition an instruction to erase is placed."""

from dataclasses import replace
from typing import Any, Final, cast

import pytest

from schemas.positions import Position
from services.operations.erase.asking import AskedWissing, Instructions
from services.runtime.settings import Settings
from tests.support.erasing import SLEUTELS, to_erase
from tests.support.examples import contact
from tests.unit.domain.desk import Desk

SETTINGS: Final = Settings(contact_topics=("contact.ended",), consent_topics=("portaal", "balie"))


class _Requests:
    """Knows how many partitions a topic has."""

    async def partitions_of(self, _topic: str) -> set[int]:
        return {0, 1, 2}


def _asking() -> Instructions:
    unused = cast("Any", None)
    return Instructions(cast("Any", _Requests()), unused, SETTINGS, SLEUTELS)


@pytest.mark.parametrize(
    ("lay", "placed"),
    [
        (Position("contact.ended", 2, 7), ("contact.ended", 2)),
        (Position("balie", 1, 7), ("balie", 1)),
        (Position("balie", 8, 7), ("contact.ended", None)),  # the topic was made anew with fewer partitions
        (Position("no longer read", 1, 7), ("contact.ended", None)),
    ],
)
async def test_it_is_placed_where_the_record_lay(lay: Position, placed: tuple[str, int | None]) -> None:
    desk = Desk()
    desk.bring(contact())
    [besluit] = desk.register.besluiten.values()
    asked = AskedWissing(to_erase(contact_key=besluit.key), replace(besluit, position=lay))

    place = await _asking()._place(asked)

    topic, partition = placed
    assert place.topic == topic
    assert place.partition == partition or partition is None
