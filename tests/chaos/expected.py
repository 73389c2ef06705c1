"""What should have come of the records of `contact.ended`, by the rules alone: the dry run, partition by partition.

No klant has contacts in two partitions, so the order between partitions makes no difference.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Any, Final

import orjson

from schemas.faults import Refusal
from schemas.positions import Position
from schemas.reading.decoding import decode
from services.domain.case import prepare
from services.domain.events import Event
from services.domain.numbers import Numbers
from services.domain.outcome import Decided, Refused
from services.domain.policy import DEFAULT
from services.domain.register import Register
from services.domain.sleutels import Sleutels
from services.domain.streams import Stream
from services.runtime.settings import Settings
from tests.chaos.observed import Input, Output

NOW: Final = datetime(2000, 1, 1, tzinfo=UTC)
"""The moment of each decision, which is not compared."""


@dataclass(frozen=True)
class Decision:
    """One revisie of a contact, and the events that go out for it, in their order."""

    partition: int
    offset: int
    revisie: int
    events: Sequence[Output]


@dataclass
class Expected:
    """All that should have come of it."""

    decisions: dict[str, list[Decision]] = field(default_factory=lambda: defaultdict(list))
    """By the key of the contact, in the order of its revisies."""
    letters: dict[tuple[int, int], str] = field(default_factory=dict)
    """By partition and offset of the refused record: the kind of refusal."""
    refused_contacts: dict[tuple[int, int], str] = field(default_factory=dict)
    """Those of them that name a contact of ours: its key."""
    register: Register = field(default_factory=lambda: Register(DEFAULT, Numbers(count(1), count(1), count(1))))


def expect(inputs: Iterable[Input], settings: Settings) -> Expected:
    """Judge everything that came in."""
    topics = _topics(settings)
    assert settings.sleutel is not None, "the world has a key"
    sleutels = Sleutels(settings.sleutel.get_secret_value().encode())
    expected = Expected()
    for each in sorted(inputs, key=lambda each: (each.partition, each.offset)):
        place = (each.partition, each.offset)
        received = decode(each.value, (), each.written_at)
        if isinstance(received, Refusal):
            expected.letters[place] = received.kind
            continue
        case = prepare(received, sleutels, DEFAULT, position=Position(settings.contact_topics[0], *place))
        outcome = expected.register.judge(case, NOW)
        if isinstance(outcome, Refused):
            expected.letters[place] = outcome.refusal.kind
            expected.refused_contacts[place] = case.key
        elif isinstance(outcome, Decided):
            events = [_output(event, topics) for event in outcome.events(settings.source)]
            expected.decisions[case.key].append(Decision(*place, received.contact.revisie, events))
    return expected


def _topics(settings: Settings) -> Mapping[Stream, str]:
    return {
        Stream.REGISTERED: settings.registered_topic,
        Stream.CONFIDENTIAL: settings.confidential_topic,
        Stream.TAAK: settings.taak_topic,
        Stream.CONFIDENTIAL_TAAK: settings.confidential_taak_topic,
    }


def _output(event: Event, topics: Mapping[Stream, str]) -> Output:
    body = json.loads(orjson.dumps(event.body, option=orjson.OPT_UTC_Z))
    return Output(topics[event.stream], event.key, body)


UNCOMPARED: Final = frozenset({"time", "toegewezenOp", "nummer"})
"""Moments of a decision, and numbers, which are handed out in the order of judging. Those are checked by themselves."""


def comparable(value: Any) -> Any:  # noqa: ANN401 - any JSON
    """Return a JSON value without what differs between two runs of the same contacts."""
    if isinstance(value, dict):
        return {name: comparable(each) for name, each in value.items() if name not in UNCOMPARED}
    return [comparable(each) for each in value] if isinstance(value, list) else value
