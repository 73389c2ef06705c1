"""Every case and history of the standard comes out as written."""

from collections.abc import Mapping
from typing import Any

import pytest

from services.domain.policy import DEFAULT
from services.local.scenarios import Scenario, Verwachting, load_scenarios
from services.operations.classify import classify
from tests.support.examples import line

SCENARIOS = load_scenarios()


def test_there_are_68_cases_and_5_histories_each_with_a_story() -> None:
    assert len(SCENARIOS) == 73
    assert len({each.id for each in SCENARIOS}) == 73
    assert sum(each.id.startswith("S") for each in SCENARIOS) == 5
    assert all(each.titel and each.narratief and each.verwacht[-1] for each in SCENARIOS)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.id)
def test_each_scenario_by_itself_has_the_outcome_as_written(scenario: Scenario) -> None:
    shown = classify([line(each) for each in scenario.gebeurtenissen], DEFAULT)
    for expected, answer in zip(scenario.verwacht, shown, strict=True):
        assert expected is None or expected.holds_for(answer), (expected, answer)


def test_all_scenarios_in_one_register_have_the_outcome_as_written() -> None:
    lines = [line(each) for scenario in SCENARIOS for each in scenario.gebeurtenissen]
    expectations = [each for scenario in SCENARIOS for each in scenario.verwacht]
    for expected, answer in zip(expectations, classify(lines, DEFAULT), strict=True):
        assert expected is None or expected.holds_for(answer), (expected, answer)


V1 = {"onderwerpIndex": 0, "regel": "V1"}


@pytest.mark.parametrize(
    ("expected", "answer", "holds"),
    [
        pytest.param(Verwachting((V1,)), {"uitkomsten": [{**V1, "toelichting": "…"}]}, True, id="more may be said"),
        pytest.param(Verwachting((V1,)), {"uitkomsten": [{**V1, "regel": "V2"}]}, False, id="another rule"),
        pytest.param(Verwachting((V1,)), {"uitkomsten": []}, False, id="an onderwerp is missing"),
        pytest.param(Verwachting((V1,)), {"uitkomsten": [V1, V1]}, False, id="an onderwerp too many"),
        pytest.param(Verwachting((V1,)), {"fouten": [{"pad": "data"}]}, False, id="refused"),
        pytest.param(Verwachting(ongeldig=("data.a",)), {"fouten": [{"pad": "data.a.0"}]}, True, id="under the path"),
        pytest.param(Verwachting(ongeldig=("data.a",)), {"fouten": [{"pad": "data.ab"}]}, False, id="beside the path"),
        pytest.param(Verwachting(ongeldig=("data.a",)), {"uitkomsten": [V1]}, False, id="not refused"),
    ],
)
def test_an_expectation_holds_only_for_what_it_says(
    expected: Verwachting, answer: Mapping[str, Any], *, holds: bool
) -> None:
    assert expected.holds_for(answer) is holds
