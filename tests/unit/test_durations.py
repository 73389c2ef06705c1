"""A histogram of a batch at once holds what Prometheus's own would."""

from collections.abc import Iterator
from uuid import uuid4

import pytest
from prometheus_client import REGISTRY, Histogram

from services.runtime.durations import Durations

BOUNDS = (0.5, 1, 60)
SECONDS = [0.0, 0.5, 0.7, 1.0, 59.0, 61.0, 1e9]


@pytest.fixture
def name() -> str:
    return f"test_{uuid4().hex}"


@pytest.fixture
def durations(name: str) -> Iterator[Durations]:
    made = Durations(name, "Of a test.", buckets=BOUNDS)
    yield made
    REGISTRY.unregister(made)


def test_it_counts_as_the_histogram_of_prometheus_does(name: str, durations: Durations) -> None:
    theirs = Histogram(name, "Of a test.", buckets=BOUNDS, registry=None)
    for each in SECONDS:
        theirs.observe(each)
    durations.observe_all(SECONDS[:3])
    durations.observe_all(SECONDS[3:])

    ours = [(each.name, each.labels, each.value) for family in durations.collect() for each in family.samples]
    expected = [(each.name, each.labels, each.value) for family in theirs.collect() for each in family.samples]
    assert ours == [each for each in expected if not each[0].endswith("_created")]


def test_a_name_is_given_once(name: str, durations: Durations) -> None:
    assert list(durations.describe())
    with pytest.raises(ValueError, match="Duplicated"):
        Durations(name, "Again.", buckets=BOUNDS)
