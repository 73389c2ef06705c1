"""Metrics take no label from a message."""

import pytest
from prometheus_client import REGISTRY

from services.runtime.observe import metrics


def _counted(path: str) -> float:
    return REGISTRY.get_sample_value("klantcontact_unknown_fields_total", {"path": path}) or 0


@pytest.mark.parametrize("name", ["geslacht", "999993653", "Jansen", "jan de vries"])
def test_an_unknown_field_is_counted_under_its_parent_since_its_name_may_be_personal(name: str) -> None:
    before = _counted("data.betrokkenen")

    metrics.count_unknown_field(f"data.betrokkenen.{name}")

    assert _counted("data.betrokkenen") == before + 1
    assert _counted(f"data.betrokkenen.{name}") == 0
