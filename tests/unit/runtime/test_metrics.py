"""Metrics take no label from a message."""

import pytest
from prometheus_client import REGISTRY, Histogram

from services.runtime.observe import metrics


def _counted(path: str) -> float:
    return REGISTRY.get_sample_value("klantcontact_unknown_fields_total", {"path": path}) or 0


@pytest.mark.parametrize("name", ["geslacht", "999993653", "Jansen", "jan de vries"])
def test_an_unknown_field_is_counted_under_its_parent_since_its_name_may_be_personal(name: str) -> None:
    before = _counted("data.betrokkenen")

    metrics.count_unknown_field(f"data.betrokkenen.{name}")

    assert _counted("data.betrokkenen") == before + 1
    assert _counted(f"data.betrokkenen.{name}") == 0


def test_many_values_are_observed_as_each_would_be() -> None:
    values = [-1.0, 0.0, 0.1, 0.1000001, 3.0, 10.0, 1e9]
    one, many = (Histogram(name, "of a test", buckets=(0.1, 1, 10), registry=None) for name in ("one", "many"))
    for each in values:
        one.observe(each)

    metrics.observe_all(many, values)

    assert _samples(many) == _samples(one)


def _samples(histogram: Histogram) -> list[tuple[str, dict[str, str], float]]:
    return [
        (each.name.partition("_")[2], each.labels, each.value)
        for metric in histogram.collect()
        for each in metric.samples
        if not each.name.endswith("_created")
    ]
