"""Pauses while infrastructure is away."""

from itertools import islice

from services.runtime.waiting import CAP_SECONDS, FIRST_SECONDS, pauses, pauses_within


def test_pauses_double_up_to_the_cap_and_lie_in_the_upper_half_of_their_bound() -> None:
    bounds = [min(FIRST_SECONDS * 2**step, CAP_SECONDS) for step in range(50)]

    drawn = list(islice(pauses(), 50))

    assert all(bound / 2 <= pause <= bound for pause, bound in zip(drawn, bounds, strict=True))


def test_two_instances_do_not_pause_alike() -> None:
    assert list(islice(pauses(), 10)) != list(islice(pauses(), 10))


def test_pauses_within_a_bound_stay_within_it_together() -> None:
    drawn = list(pauses_within(3.0))

    assert drawn
    assert 3.0 - CAP_SECONDS < sum(drawn) <= 3.0
