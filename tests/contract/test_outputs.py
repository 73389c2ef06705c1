"""Every event that a decision gives is what the models and the JSON Schemas say, to the last field."""

import json

import pytest

from schemas.generation.examples import CASES, input_name
from schemas.generation.files import EXAMPLES
from schemas.generation.published import EVENTS
from schemas.reading.consent import decode_either
from schemas.reading.decoding import Received
from services.local.scenarios import Scenario, load_scenarios
from tests.contract.changes import whole_event
from tests.contract.test_examples import BY_TYPE, validator
from tests.support.examples import Wire, line
from tests.unit.domain.desk import Desk, Sent

SCENARIOS = load_scenarios()


def check(sent: Sent) -> None:
    event = BY_TYPE[sent.body["type"]]
    event.event.model_validate_json(json.dumps(sent.body), extra="forbid")
    assert [error.message for error in validator(event.event_file).iter_errors(sent.body)] == []
    assert [error.message for error in validator(event.data_file).iter_errors(sent.data)] == []


def sent_of(*events: Wire) -> list[Sent]:
    """Return everything that goes out for some events in order, as far as they are valid."""
    desk = Desk()
    arrived = [decode_either(line(each)) for each in events]
    return [sent for each in arrived if isinstance(each, Received) for sent in desk.judge(each).sent]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.id)
def test_what_a_scenario_leads_to(scenario: Scenario) -> None:
    for sent in sent_of(*scenario.gebeurtenissen):
        check(sent)


def test_what_all_scenarios_lead_to_in_one_register() -> None:
    for sent in sent_of(*(each for scenario in SCENARIOS for each in scenario.gebeurtenissen)):
        check(sent)


def test_what_the_examples_and_their_repeats_lead_to() -> None:
    events = [json.loads((EXAMPLES / input_name(case)).read_text("utf-8")) for case in CASES]
    everything = sent_of(*events, *events[-1:])
    for sent in everything:
        check(sent)
    assert {*(each.type for each in EVENTS if each.is_input), *(sent.body["type"] for sent in everything)} == set(
        BY_TYPE
    ), "each event is seen here"


@pytest.mark.parametrize("vertrouwelijk", [True, False])
@pytest.mark.parametrize("gelukt", [True, None])
def test_what_an_event_with_every_field_leads_to(vertrouwelijk: bool, gelukt: bool | None) -> None:  # noqa: FBT001
    whole = whole_event()
    whole["data"] |= {"vertrouwelijk": vertrouwelijk, "totStandGekomen": gelukt}
    later = {
        **whole,
        "data": {
            **whole["data"],
            "revisie": 3,
            "vertrouwelijk": not vertrouwelijk,
            "betrokkenen": whole["data"]["betrokkenen"][:1],
            "vervolgOp": None,
        },
    }
    for onderwerp in later["data"]["onderwerpen"]:
        onderwerp.pop("betrokkenen", None)
    sent = sent_of(whole, later)
    for each in sent:
        check(each)
    assert len(sent) > 6
