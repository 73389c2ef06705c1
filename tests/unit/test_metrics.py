"""Metrics take no label from a message."""

import pytest
from prometheus_client import REGISTRY

from services.runtime import metrics


def _counted(path: str) -> float:
    return REGISTRY.get_sample_value("klantcontact_unknown_fields_total", {"path": path}) or 0


@pytest.fixture(autouse=True)
def _no_paths_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "_known_paths", set())


def test_an_unknown_field_is_counted_by_its_path() -> None:
    before = _counted("data.betrokkenen.geslacht")

    metrics.count_unknown_field("data.betrokkenen.geslacht")

    assert _counted("data.betrokkenen.geslacht") == before + 1


@pytest.mark.parametrize("path", ["data.999993653", "data.jan de vries", "data.jan@example.nl", "data." + "a" * 100])
def test_what_may_be_a_value_in_the_place_of_a_field_is_no_label(path: str) -> None:
    before = _counted("other")

    metrics.count_unknown_field(path)

    assert _counted(path) == 0
    assert _counted("other") == before + 1


def test_the_number_of_paths_is_bounded() -> None:
    letters = "abcdefghij"
    names = [f"data.many.{one}{other}" for one in letters for other in letters]
    for name in [*names, "data.many.too"]:
        metrics.count_unknown_field(name)

    assert _counted("data.many.jj") == 1
    assert _counted("data.many.too") == 0
