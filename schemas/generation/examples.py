"""The examples of output events: the real decision makes them from the examples of `contact.ended`.

To add an example, write a `contact.ended.<case>.json` or a `toestemming.gewijzigd.<case>.json`, and name the case here.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any, Final

import orjson

from schemas.reading.consent import decode_either
from schemas.reading.decoding import Received
from services.domain.case import prepare
from services.domain.events import Event
from services.domain.numbers import Numbers
from services.domain.outcome import Decided
from services.domain.policy import DEFAULT
from services.domain.register import Register
from services.domain.sleutels import Sleutels

CASES: Final = (
    "terugbelverzoek",
    "gekende-klant",
    "ingetrokken",
    "gegeven",
    "vestiging",
    "contactpersoon",
    "vervolg",
    "correctie",
    "vertrouwelijk",
)
"""In the order in which they happen: each meets the register as those before it left it."""

_SOURCE: Final = "urn:nld:oin:00000000000000000000:systeem:klantcontact"
_KEY: Final = bytes(32)
"""Nothing is kept, so there is nothing for a key to protect."""

_DECIDES_AFTER: Final = timedelta(seconds=1)


CHANGES: Final = frozenset({"ingetrokken", "gegeven"})
"""The cases that are a `toestemming.gewijzigd`."""


def input_name(case: str) -> str:
    """Return the file of a case's input."""
    return f"{'toestemming.gewijzigd' if case in CHANGES else 'contact.ended'}.{case}.json"


def output_examples(folder: Path) -> Mapping[str, Any]:
    """Return each event that the examples in a folder lead to, by the name of its file."""
    register = Register(DEFAULT, Numbers(count(1000000001), count(2000000001), count(3000000001)))
    sleutels = Sleutels(_KEY)
    examples: dict[str, Any] = {}
    for case in CASES:
        received = decode_either((folder / input_name(case)).read_bytes())
        assert isinstance(received, Received), f"{input_name(case)} is invalid: {received}"
        outcome = register.judge(prepare(received, sleutels, DEFAULT), _moment_after(received))
        assert isinstance(outcome, Decided), f"{input_name(case)} is not decided: {outcome}"
        examples.update(_named(outcome.events(_SOURCE), case))
    return examples


def _moment_after(received: Received) -> datetime:
    return received.time + _DECIDES_AFTER


def _named(events: Iterable[Event], case: str) -> Iterator[tuple[str, Any]]:
    names: set[str] = set()
    for event in events:
        body = orjson.loads(orjson.dumps(event.body, option=orjson.OPT_UTC_Z))
        name = f"{body['type'].removeprefix('nl.klantinteracties.')}.{case}.json"
        assert name not in names, f"one example of a kind for a case: {name}"
        names.add(name)
        yield name, body
