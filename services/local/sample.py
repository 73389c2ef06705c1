"""Any number of events like those of the scenarios: other contacts, other people, the same mix of outcomes.

Every run makes the same events. All people and numbers in them are made up.
"""

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from schemas.reading.coherence import passes_elfproef
from services.local.scenarios import Scenario, load_scenarios

_BSN = re.compile(r'"objectId": "(9999\d{5})"')
_KVK = re.compile(r'"objectId": "(\d{4})(\d{4})"')
_VESTIGING = re.compile(r'"objectId": "(\d{8})(\d{4})"')
_CONTACT_ID = re.compile(r'"contactId": "([^"]+)"')

PEOPLE_PER_SCENARIO = 8
"""As many as the longest history has."""

WAYS = 5
"""The ways to break an event."""


def made_up_bsns() -> list[str]:
    """Return the BSNs of the 9999… test range, which nobody has."""
    return [number for number in map(str, range(999900000, 1000000000)) if passes_elfproef(number)]


def sample(count: int, *, broken: int = 0) -> Iterator[bytes]:
    """Yield `count` events, one a line. `broken` of them are broken: evenly spread, in five ways in turn."""
    valid = [each for each in load_scenarios() if not any(wanted and wanted.ongeldig for wanted in each.verwacht)]
    breaks = 0
    for number, (key, value) in enumerate(scenario_like_events(count, valid), start=1):
        event = {**json.loads(value), "partitionkey": key.decode()}
        if number * broken // count > breaks:
            yield _broken(event, breaks % WAYS)
            breaks += 1
        else:
            yield _line(event)


def _broken(event: dict[str, Any], way: int) -> bytes:
    data = event["data"]
    match way:
        case 0:
            del data["kanaal"]
        case 1:
            data["plaatsgevondenOp"] = data["plaatsgevondenOp"][:19]
        case 2:
            data["actoren"][0]["naam"] = " "
        case 3:
            del event["time"]
        case _:
            return _line(event)[:-1]
    return _line(event)


def _line(event: dict[str, Any]) -> bytes:
    return json.dumps(event, ensure_ascii=False).encode()


def scenario_like_events(count: int, scenarios: Sequence[Scenario]) -> Iterator[tuple[bytes, bytes]]:
    """Yield `count` records as key and value.

    Every contact is new. Its people come from a town of some thousands. A person always has the same key, as the
    contract asks of publishers.
    """
    bsns = made_up_bsns()
    households = len(bsns) // PEOPLE_PER_SCENARIO
    templates = [[json.dumps(event, ensure_ascii=False) for event in scenario.gebeurtenissen] for scenario in scenarios]
    made = 0
    for round_number in range(count):
        for scenario_number, template in enumerate(templates):
            household = (round_number * len(templates) + scenario_number) % households
            people = bsns[household * PEOPLE_PER_SCENARIO : (household + 1) * PEOPLE_PER_SCENARIO]
            varied = _Varied(round_number, household, people)
            for text in template:
                yield f"klant-{household}".encode(), varied(text).encode()
                made += 1
                if made == count:
                    return


class _Varied:
    """One run of a scenario with contacts and people of its own."""

    def __init__(self, round_number: int, household: int, people: list[str]) -> None:
        self._round_number = round_number
        self._household = household
        self._people = people
        self._given: dict[str, str] = {}

    def __call__(self, text: str) -> str:
        text = _CONTACT_ID.sub(rf'"contactId": "\g<1>-{self._round_number}"', text)
        text = _KVK.sub(rf'"objectId": "\g<1>{self._household:04}"', text)
        text = _VESTIGING.sub(rf'"objectId": "\g<1>{self._household:04}"', text)
        return _BSN.sub(lambda match: f'"objectId": "{self._other(match[1])}"', text)

    def _other(self, bsn: str) -> str:
        return self._given.setdefault(bsn, self._people[len(self._given) % len(self._people)])
