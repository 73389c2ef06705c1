"""The examples of the shipped mappings as their platforms send them, and what has to become of them."""

import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final
from urllib.request import Request, urlopen

from pymongo import MongoClient
from pymongo.database import Database

from services.channels.mapping.files import EXAMPLES, shipped_file
from services.channels.message_files import EXPECTED, MAIL, messages_in
from services.domain.ids import contact_key
from services.local.channels import TABLES, PlatformRequest, request_of
from services.local.servers.errors import StartFailed
from services.local.system import System
from services.runtime.mongo.client import Document

ANSWER_SECONDS: Final = 30
"""Patience with the intake, which answers within a second."""

DECIDED_SECONDS: Final = 45.0
"""Patience with the decision about a message, which an idle machine takes within a second."""

LOOK_SECONDS: Final = 0.1

ExpectedContact = Mapping[str, Any]
"""What becomes of a contact, as an example's own file says it."""


@dataclass(frozen=True, slots=True)
class ChannelSample:
    """One example of a channel: its messages in order, and what becomes of the contacts in them."""

    kanaal: str
    name: str
    messages: tuple[bytes, ...]
    expected: tuple[ExpectedContact, ...]

    def of_kind(self, uitkomst: str) -> Sequence[ExpectedContact]:
        """Return the contacts that become `event`, `overgeslagen` or `geweigerd`."""
        return [each for each in self.expected if each["uitkomst"] == uitkomst]


def channel_samples(kanaal: str) -> Iterator[ChannelSample]:
    """Yield the examples of a channel of this machine, in order of name. Mail comes in one form by each channel."""
    mapping = shipped_file(TABLES[kanaal]["mapping"])
    assert mapping is not None, "the channels of this machine have shipped mappings"
    takes_mail = TABLES[kanaal].get("omhulsel") == "mail"
    for file in sorted((mapping.parent / EXAMPLES).iterdir()):
        if not file.name.endswith(EXPECTED) and (file.suffix == MAIL) is takes_mail:
            yield ChannelSample(
                kanaal, file.stem, tuple(each.value for each in messages_in(file)), tuple(_expectations(file))
            )


def _expectations(file: Path) -> Iterator[ExpectedContact]:
    text = file.with_name(file.name.removesuffix(file.suffix) + EXPECTED).read_text("utf-8")
    yield from map(json.loads, text.splitlines())


def is_taken(request: PlatformRequest) -> bool:
    """Whether the intake takes a request."""
    made = Request(request.url, data=request.body, headers=dict(request.headers))  # noqa: S310 - an address of ours
    try:
        with urlopen(made, timeout=ANSWER_SECONDS) as answer:  # noqa: S310 - the same
            return bool(answer.status == HTTPStatus.NO_CONTENT)
    except OSError:
        return False


def send_samples(
    samples: Iterable[ChannelSample], system: System, *, deliver: Callable[[PlatformRequest], bool] = is_taken
) -> None:
    """Send the messages of samples to the intake, as their platforms do.

    Raises StartFailed when the intake refuses one, and when one of several messages is not decided in time.

    `deliver` makes the request, and returns whether the intake took it.
    """
    assert system.settings.kanalen_file is not None, "a system with an intake has channels"
    for sample in samples:
        for number, message in enumerate(sample.messages):
            made = request_of(
                sample.kanaal, message, address=system.intake_address, channels=system.settings.kanalen_file
            )
            if not deliver(made):
                raise StartFailed(f"The intake did not take {sample.name} of {sample.kanaal}.")
            if len(sample.messages) > 1:  # what comes first decides: the klant of both may be one
                _wait_until_decided(sample, number, system)


def _wait_until_decided(sample: ChannelSample, number: int, system: System) -> None:
    wanted = _keys(sample.expected[: number + 1])
    with _register(system) as register:
        deadline = time.monotonic() + DECIDED_SECONDS
        while not wanted <= _rules_found(register, wanted).keys():
            if time.monotonic() > deadline:
                raise StartFailed(f"{sample.name} of {sample.kanaal} was not decided within {DECIDED_SECONDS:.0f} s.")
            time.sleep(LOOK_SECONDS)


def wait_until_right(samples: Sequence[ChannelSample], system: System, *, seconds: float) -> list[str]:
    """Wait until every sample became what it should. Return the names of those that did not in time, and counts."""
    deadline = time.monotonic() + seconds
    with _register(system) as register:
        while (wrong := _wrong(samples, register, system)) and time.monotonic() < deadline:
            time.sleep(LOOK_SECONDS)
    return wrong


def _wrong(samples: Sequence[ChannelSample], register: Database[Document], system: System) -> list[str]:
    expected = {sample.name: _rules_expected(sample) for sample in samples}
    found = _rules_found(register, {key for rules in expected.values() for key in rules})
    wrong = [name for name, rules in expected.items() if any(found.get(key) != rule for key, rule in rules.items())]
    refused = sum(len(sample.of_kind("geweigerd")) for sample in samples)
    letters = system.count_dead_letters(of_channels=True)
    return wrong if letters == refused else [*wrong, f"{letters} of {refused} dead letters of channels"]


def _rules_expected(sample: ChannelSample) -> Mapping[str, Sequence[str]]:
    """Return the rules of each contact by the key of its decision: of the last revisie that is not refused."""
    return {_key(each): each["regels"] for each in sample.of_kind("event") if "revisie_conflict" not in each["regels"]}


def _rules_found(register: Database[Document], keys: Iterable[str]) -> Mapping[str, Sequence[str]]:
    documents = register["besluiten"].find({"_id": {"$in": list(keys)}})
    return {each["_id"]: [onderwerp["regel"] for onderwerp in each["onderwerpen"]] for each in documents}


def _keys(expected: Iterable[ExpectedContact]) -> set[str]:
    return {_key(each) for each in expected if each["uitkomst"] == "event"}


def _key(contact: ExpectedContact) -> str:
    return contact_key(contact["event"]["source"], contact["event"]["data"]["contactId"])


@contextmanager
def _register(system: System) -> Iterator[Database[Document]]:
    with MongoClient[Document](system.stack.mongo_uri) as client:
        yield client[system.settings.register_database]
