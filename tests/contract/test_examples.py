"""The examples are complete, valid and lead to what they are named after."""

import json
from functools import cache
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from schemas.generation.examples import CASES, CHANGES, input_name
from schemas.generation.files import EXAMPLES, JSON_SCHEMAS
from schemas.generation.published import EVENTS
from schemas.reading.consent import decode_either
from schemas.reading.decoding import Received
from services.domain.policy import DEFAULT
from services.operations.classify import classify

FILES = sorted(path.name for path in EXAMPLES.glob("*.json"))
BY_TYPE = {event.type: event for event in EVENTS}


def example(name: str) -> dict[str, Any]:
    body: dict[str, Any] = json.loads((EXAMPLES / name).read_text("utf-8"))
    return body


@cache
def validator(name: str) -> Draft202012Validator:
    schema = json.loads((JSON_SCHEMAS / name).read_text("utf-8"))
    return Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)


@pytest.mark.parametrize("name", FILES)
def test_an_example_agrees_with_its_json_schemas(name: str) -> None:
    body = example(name)
    event = BY_TYPE[body["type"]]
    assert name.startswith(f"{event.name}.")
    assert [error.message for error in validator(event.event_file).iter_errors(body)] == []
    assert [error.message for error in validator(event.data_file).iter_errors(body["data"])] == []


@pytest.mark.parametrize("name", FILES)
def test_an_example_agrees_with_its_model_to_the_last_field(name: str) -> None:
    body = example(name)
    BY_TYPE[body["type"]].event.model_validate_json(json.dumps(body), extra="forbid")


def test_there_is_an_example_of_every_event() -> None:
    assert {example(name)["type"] for name in FILES} == set(BY_TYPE)


@pytest.mark.parametrize("case", CASES)
def test_what_comes_in_is_valid_and_holds_nothing_that_is_ignored(case: str) -> None:
    received = decode_either((EXAMPLES / input_name(case)).read_bytes())
    assert isinstance(received, Received)
    assert received.unknown_fields == ()


OUTCOMES = {
    # by hand: somebody unknown must be called back (V2)
    "terugbelverzoek": ("V2", True, True, "geen", True),
    # authenticated and with consent (V4); the number for today stands at the betrokkene, the rest at the partij
    "gekende-klant": ("V4", True, True, "nieuw", True),
    # the same klant withdraws consent in the portal, which empties its partij, and gives it again a day later
    "ingetrokken": ("T", True, "leeg", False),
    "gegeven": ("T", True, "bestaand", True),
    # a zaak follows, so no interne taak and no details at the betrokkene (V4)
    "vestiging": ("V4", True, False, "nieuw", False),
    # authenticated, consent was not asked (V3); the represented stichting is gekend through its representative
    "contactpersoon": ("V3", True, False, "leeg", False),
    # carries out what the first asked for (V0), though nobody is authenticated and nothing remains to be done
    "vervolg": ("V0", True, False, "geen", False),
    # on second thoughts nobody was authenticated (V1): everything is taken back
    "correctie": ("V1", False, False, "geen", False),
    # what was open becomes confidential: all of it moves to the topics for that
    "vertrouwelijk": ("V2", True, True, "geen", True),
}


def test_each_case_comes_out_as_it_should_in_the_dry_run() -> None:
    lines = [json.dumps(example(input_name(case))).encode() for case in CASES]
    outcomes: dict[str, object] = {}
    for case, answer in zip(CASES, classify(lines, DEFAULT), strict=True):
        if case in CHANGES:
            found = answer["uitkomst"]
            outcomes[case] = (found["regel"], found["gevolg"], found["partij"], found["toestemming"])
            continue
        [only] = answer["uitkomsten"]
        outcomes[case] = (
            only["regel"],
            only["klantcontact"],
            only["interneTaak"],
            only["partij"],
            only["betrokkeneContactgegevens"],
        )
    assert outcomes == OUTCOMES


def test_each_case_leads_to_these_events() -> None:
    led_to = {case: [name for name in FILES if name.endswith(f".{case}.json")] for case in CASES}
    kinds = {case: [name.removesuffix(f".{case}.json") for name in names] for case, names in led_to.items()}
    assert kinds == {
        "terugbelverzoek": ["contact.ended", "klantcontact.registered", "taak.created"],
        "gekende-klant": ["contact.ended", "klantcontact.registered", "taak.created"],
        "ingetrokken": ["partij.withdrawn", "toestemming.gewijzigd"],
        "gegeven": ["partij.changed", "toestemming.gewijzigd"],
        "vestiging": ["contact.ended", "klantcontact.registered"],
        "contactpersoon": ["contact.ended", "klantcontact.registered"],
        "vervolg": ["contact.ended", "klantcontact.registered"],
        "correctie": ["contact.ended", "klantcontact.withdrawn", "partij.withdrawn", "taak.withdrawn"],
        "vertrouwelijk": [
            "contact.ended",
            "klantcontact.registered",
            "klantcontact.withdrawn",
            "taak.created",
            "taak.withdrawn",
        ],
    }


def test_what_is_withdrawn_is_what_was_registered() -> None:
    registered, taak = example("klantcontact.registered.gekende-klant.json"), example("taak.created.gekende-klant.json")
    [partij] = registered["data"]["partijen"]
    assert example("klantcontact.withdrawn.correctie.json")["subject"] == registered["subject"]
    assert example("taak.withdrawn.correctie.json")["subject"] == taak["subject"]
    assert example("partij.withdrawn.correctie.json")["subject"] == partij["partijId"]


def test_a_follow_up_points_at_what_it_follows_up() -> None:
    [pointer] = example("klantcontact.registered.vervolg.json")["data"]["onderwerpobjecten"]
    followed_up = example("klantcontact.registered.terugbelverzoek.json")["data"]["klantcontact"]
    assert pointer == {"wasKlantcontact": {name: followed_up[name] for name in ("klantcontactId", "nummer")}}


def test_numbers_in_examples_are_nobodys() -> None:
    for name in FILES:
        for found in _objects_with(example(name), "objectId"):
            if found["codeRegister"] in ("brp", "hr"):
                assert found["objectId"].startswith("9999"), name


def _objects_with(tree: object, name: str) -> list[dict[str, Any]]:
    if isinstance(tree, dict):
        return [
            *([tree] if name in tree else []),
            *(each for value in tree.values() for each in _objects_with(value, name)),
        ]
    return [each for value in tree for each in _objects_with(value, name)] if isinstance(tree, list) else []
