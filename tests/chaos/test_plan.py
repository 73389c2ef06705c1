"""A seed says what happens: the same faults in the same order, all of them in each round."""

from collections import Counter
from itertools import islice

import pytest

from tests.chaos.faults import KINDS
from tests.chaos.plan import Kind, Planned, chosen, drawn
from tests.chaos.world import SERVICES


def _told(kind: Kind, seed: int, number: int = 50) -> list[tuple[int, str, str, float, float]]:
    def as_told(each: Planned) -> tuple[int, str, str, float, float]:
        return each.number, each.fault.name, each.target, each.pause, each.seconds

    return [as_told(each) for lane in range(len(kind.lanes)) for each in islice(drawn(seed, kind, lane), number)]


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_a_seed_repeats_its_schedule_and_another_has_another(kind: Kind) -> None:
    assert _told(kind, 1) == _told(kind, 1)
    assert _told(kind, 1) != _told(kind, 2)


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_each_round_has_every_fault_as_often_as_its_weight(kind: Kind) -> None:
    for lane, faults in enumerate(kind.lanes):
        weights = {each.name: each.weight for each in faults}
        one_round = list(islice(drawn(3, kind, lane), sum(weights.values())))
        assert Counter(each.fault.name for each in one_round) == weights


def test_every_service_is_killed_in_each_round() -> None:
    names = [{each.name for each in lane} for lane in KINDS["processes"].lanes]
    assert [service for service, lane in zip(SERVICES, names, strict=True) if f"{service} killed" not in lane] == []


def test_a_kind_that_the_machine_cannot_do_is_left_out_with_the_reason() -> None:
    able = Kind(name="a", pause=(0, 0), lanes=[])
    unable = Kind(name="b", pause=(0, 0), lanes=[], missing=lambda: "no b")
    assert chosen({"a": able, "b": unable}, ["a", "b"]) == ([able], {"b": "no b"})
