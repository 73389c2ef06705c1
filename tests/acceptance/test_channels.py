"""Every example of every channel, sent with `curl` to the intake of `klantcontact up`, ends as its golden says.

And where one of the services of `up` ends, all of it does.
"""

import json
import re
import subprocess
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from urllib.request import urlopen

import pytest
from pymongo import MongoClient

from services.local.channel_samples import ChannelSample, channel_samples, send_samples, wait_until_right
from services.local.channels import TABLES, PlatformRequest
from services.local.servers.stack import Stack
from services.local.system import System, committed_messages
from services.runtime.mongo.client import Document
from tests.support.kafka_tools import ANSWER_SECONDS, holds_readers_up
from tests.support.up_process import STOP_SECONDS, UpProcess, alive, up_process
from tests.support.waiting import wait_for

STORED_SECONDS = 90.0
KEPT = {"V0", "V2", "V3", "V4"}
"""The rules by which a klantcontact is registered."""

SKIPPED = re.compile(r'^klantcontact_channel_skipped_total\{channel="(.+)",reason="(.+)"\} (.+)$', re.MULTILINE)

Seen = Counter[tuple[str, str]]
"""How often what happened in which channel."""

EMPTY_LIST = Seen({("twilio", "geen_contact"): 1})
"""By HTTP an empty list is a request without messages."""


@pytest.fixture(scope="module")
def up(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[UpProcess]:
    """The system beside the stack of the session, whose start has fetched what there is to fetch."""
    assert stack.kafka_bootstrap
    with up_process(tmp_path_factory.mktemp("up")) as running:
        yield running


def curl(request: PlatformRequest) -> bool:
    """Return whether the intake takes what `curl` sends it."""
    headers = [word for name, value in request.headers.items() for word in ("-H", f"{name}: {value}")]
    command = ["curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}", "--data-binary", "@-", *headers, request.url]
    return subprocess.run(command, input=request.body, capture_output=True, check=True).stdout == b"204"


def test_every_example_ends_as_its_golden_says(up: UpProcess) -> None:
    system = up.system()
    by_channel = {kanaal: list(channel_samples(kanaal)) for kanaal in TABLES}
    samples = [each for of_channel in by_channel.values() for each in of_channel]

    send_samples(samples, system, deliver=curl)

    assert wait_until_right(samples, system, seconds=STORED_SECONDS) == []
    # What is skipped, or in conflict, shows in no decision and no letter.
    wait_for("each message is mapped", lambda: not _unmapped(system))
    skipped = _outcomes(by_channel, "overgeslagen", "reden") - EMPTY_LIST
    wait_for("each contact that is skipped is counted", lambda: _skipped(up).total() >= skipped.total())
    assert sorted(_sent(system)) == sorted(_expected(samples))
    assert _letters(system) == _outcomes(by_channel, "geweigerd", "soort")
    assert _skipped(up) == skipped
    wait_for("each klantcontact is stored", lambda: _stored(system) == _registered(samples))


def test_a_service_that_ends_by_itself_ends_all_with_its_log_on_the_screen(up: UpProcess) -> None:
    """It stands last in its file: it ends the system of the others."""
    family = up.family()
    projector = next(child for child in family if child.cmdline()[-2:] == ["run", "projector"])

    projector.kill()

    assert up.process.wait(STOP_SECONDS) == 1
    assert "The projector has ended. The end of its log:" in up.screen()
    assert len(family) >= len(("kafka", "mongod", "classifier", "projector", "mapper", "intake"))
    assert alive(family) == []


def _of_kind(samples: Iterable[ChannelSample], uitkomst: str) -> list[Any]:
    return [each for sample in samples for each in sample.of_kind(uitkomst)]


def _outcomes(by_channel: dict[str, list[ChannelSample]], uitkomst: str, why: str) -> Seen:
    return Counter(
        (kanaal, each[why]) for kanaal, samples in by_channel.items() for each in _of_kind(samples, uitkomst)
    )


def _expected(samples: Iterable[ChannelSample]) -> list[str]:
    return [json.dumps(each["event"], sort_keys=True) for each in _of_kind(samples, "event")]


def _sent(system: System) -> list[str]:
    """Return the events that the mapper made."""
    messages = committed_messages(system.stack.kafka_bootstrap, system.settings.contact_topics)
    return [json.dumps(json.loads(each.value() or b""), sort_keys=True) for each in messages]


def _unmapped(system: System) -> bool:
    """Whether the mapper has a message to read, or its last events can't be read yet."""
    kafka, settings = system.stack.kafka_bootstrap, system.settings
    left = committed_messages(kafka, settings.raw_topics, after_group=settings.mapper_group)
    return any(True for _ in left) or holds_readers_up(
        kafka, [*settings.contact_topics, *settings.raw_dead_letter_topics]
    )


def _letters(system: System) -> Seen:
    """Return the kinds of the dead letters of channels."""
    messages = committed_messages(system.stack.kafka_bootstrap, system.settings.raw_dead_letter_topics)
    headers: Sequence[Any] = [(each.topic(), dict(each.headers() or ())) for each in messages]
    return Counter((topic.split(".")[1], named["dlq_kind"].decode()) for topic, named in headers)


def _skipped(up: UpProcess) -> Seen:
    """Return why the mapper skipped contacts, as its metrics count them."""
    with urlopen(f"http://{up.address_of('mapper')}/metrics", timeout=ANSWER_SECONDS) as answer:
        text = answer.read().decode()
    counted = SKIPPED.findall(text)
    return Counter({(channel, reason): int(float(number)) for channel, reason, number in counted if float(number)})


def _registered(samples: Iterable[ChannelSample]) -> Seen:
    """Return how many klantcontacten each contact has by the rules of its last revisie."""
    last = {
        (each["event"]["source"], each["event"]["data"]["contactId"]): each["regels"]
        for each in _of_kind(samples, "event")
        if "revisie_conflict" not in each["regels"]
    }
    return Counter(contact for contact, rules in last.items() for rule in rules if rule in KEPT)


def _stored(system: System) -> Seen:
    with MongoClient[Document](system.stack.mongo_uri) as client:
        stored = list(client[system.settings.mongo_database]["klantcontacten"].find({}, {"herkomst": 1}))
    return Counter((each["herkomst"]["source"], each["herkomst"]["contactId"]) for each in stored)
