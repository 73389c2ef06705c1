"""Where the fuzzer begins: the scenarios and the examples, in each mode, with a mark in every personal text."""

import json
from collections.abc import Iterator
from typing import Any, Final

from schemas.generation.examples import CASES, input_name
from schemas.generation.files import EXAMPLES
from services.local.scenarios import load_scenarios
from tests.contract.changes import whole_event
from tests.fuzz.inputs import MODES, MOST_STEPS, REQUESTS, Step, input_of

MARK: Final = "KANARIE"
"""Stands in every text that no log, error or fault may show."""

_MARKED: Final = frozenset(
    {
        *("voorletters", "voornaam", "voorvoegselAchternaam", "achternaam", "organisatienaam", "pseudoniem"),
        *("straatnaam", "huisnummertoevoeging", "stad", "adresregel1", "adresregel2", "adresregel3", "adres"),
        *("onderwerp", "inhoud", "gevraagdeHandeling", "toelichting", "omschrijving"),
    }
)


def seeds() -> Iterator[bytes]:
    """Yield the inputs with which each run begins."""
    examples = [json.loads((EXAMPLES / input_name(case)).read_text("utf-8")) for case in CASES]
    for events in [*(each.gebeurtenissen for each in load_scenarios()), examples, [whole_event()]]:
        marked = [_marked(event) for event in events]
        for begin in range(0, len(marked), MOST_STEPS):
            yield input_of([{"event": event} for event in marked[begin : begin + MOST_STEPS]])
    for mode in MODES:
        yield input_of([_step(_marked(event), mode) for event in examples[:MOST_STEPS]])
        yield input_of([_step(_marked(whole_event()), mode)])
    for asks in REQUESTS:
        yield input_of(
            [_step(_marked(whole_event()), "utf-8"), _step(_marked(whole_event()), "utf-8") | {"asks": asks}]
        )
    yield json.dumps(whole_event()).encode()


def events() -> list[dict[str, Any]]:
    """Return every event of the scenarios, for the mutator to take parts of."""
    every = [event for scenario in load_scenarios() for event in scenario.gebeurtenissen]
    # No scenario has every field of the contract; the whole event has.
    return [_marked(event) for event in [*every, *[whole_event()] * (len(every) // 10)]]


def _step(event: dict[str, Any], mode: str) -> Step:
    return {"event": event, "mode": mode, "headers": [["content-type", "application/json"]]}


def _marked(tree: Any, name: str = "") -> Any:  # noqa: ANN401 - JSON
    if isinstance(tree, dict):
        return {key: _marked(value, key) for key, value in tree.items()}
    if isinstance(tree, list):
        return [_marked(each, name) for each in tree]
    if not isinstance(tree, str) or name not in _MARKED:
        return tree
    return f"{MARK}{tree}"[: max(len(tree), len(MARK) + 1)]
