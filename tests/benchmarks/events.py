"""Events like those of the scenarios, as many as wanted: other contacts, other people, the same mix of outcomes."""

import json
import re
from collections.abc import Iterator

from schemas.coherence import passes_elfproef
from services.local.scenarios import load_scenarios

_BSN = re.compile(r'"objectId": "(9999\d{5})"')
_KVK = re.compile(r'"objectId": "(\d{4})(\d{4})"')
_VESTIGING = re.compile(r'"objectId": "(\d{8})(\d{4})"')
_CONTACT_ID = re.compile(r'"contactId": "([^"]+)"')

PEOPLE_PER_SCENARIO = 8
"""As many as the longest history has."""


def _test_bsns() -> list[str]:
    return [number for number in map(str, range(999900000, 1000000000)) if passes_elfproef(number)]


def scenario_like_events(count: int) -> Iterator[tuple[bytes, bytes]]:
    """Give that many records as key and value.

    Every contact is new. Its people come from a town of some thousands, each of whom always has the same key, as the
    contract asks of publishers.
    """
    bsns = _test_bsns()
    households = len(bsns) // PEOPLE_PER_SCENARIO
    templates = [
        [json.dumps(event, ensure_ascii=False) for event in scenario.gebeurtenissen] for scenario in load_scenarios()
    ]
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
