"""The mapper as a process on Apache Kafka and MongoDB: each example of the shipped mappings, and hostile messages."""

import json
import zlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from schemas.cloudevents import Header
from services.channels.mapping.files import EXAMPLES, SHIPPED, shipped_names
from services.channels.message_files import EXPECTED, ChannelMessage, messages_in
from services.runtime.settings import Settings
from tests.support.leftovers import remove_database, remove_topics
from tests.support.raw_channels import JSON_TYPE, MAIL, RawChannels, channel_settings, headers_of, place_in
from tests.support.sealed import values_of
from tests.support.service_process import ServiceProcess
from tests.support.waiting import wait_for

Raw = tuple[str, bytes | None, Sequence[Header]]
"""A channel, a message and its headers."""

MAPPED = "klantcontact_channel_mapped_total"
DEEP = b"[" * 200_000
HOSTILE: Mapping[str, Raw] = {
    "nothing": ("open-forms", None, []),
    "no JSON": ("open-forms", b"\xff\xfe{", [JSON_TYPE]),
    "endless brackets": ("open-forms", DEEP, [JSON_TYPE]),
    "an endless number": ("open-forms", b'{"metadata": {"form_version": ' + b"9" * 200_000 + b"}}", [JSON_TYPE]),
    "too large": ("open-forms", b'"' + b"x" * 300_000 + b'"', [JSON_TYPE]),
    "half a surrogate pair": ("open-forms", b'{"metadata": {"public_reference": "\\ud800"}}', [JSON_TYPE]),
    "compressed": ("open-forms", zlib.compress(b"{}"), [("content-encoding", b"gzip")]),
    "a header of 200 kB": ("mail", b"Subject: x\n\n", [("content-type", b"message/rfc822; " + b"x" * 200_000)]),
    "a mail without end": ("mail", b"Content-Type: multipart/mixed; boundary=a\n\n" + b"--a\n" * 50_000, [MAIL]),
    "another platform": ("mail", b'{"task_sid": "T1"}', [JSON_TYPE]),
    "a list of many": ("twilio-taskrouter", json.dumps([{}] * 60_000).encode(), [JSON_TYPE]),
}


HOW_IT_ENDS = {
    "nothing": "onleesbaar",
    "no JSON": "onleesbaar",
    "endless brackets": "onleesbaar",
    "an endless number": "onleesbaar",
    "too large": "te_groot",
    "half a surrogate pair": "contact_ongeldig",
    "compressed": "onleesbaar",
    "a header of 200 kB": "onleesbaar",
    "a mail without end": "onleesbaar",
    "another platform": "contact_ongeldig",
    "a list of many": "mapping_fout",
}


@pytest.fixture(scope="module")
def raw(kafka_bootstrap: str, mongo_uri: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RawChannels]:
    """A channel for each mapping that comes with klantcontact."""
    name = f"test-{uuid4().hex[:12]}"
    settings = channel_settings(
        kafka=kafka_bootstrap,
        mongo=mongo_uri,
        name=name,
        database=name,
        folder=tmp_path_factory.mktemp("channels"),
        channels={each: each for each in shipped_names()},
    )
    yield RawChannels(settings)
    remove_topics(kafka_bootstrap, name)
    remove_database(mongo_uri, name)


def topic_of(settings: Settings, channel: str) -> str:
    return next(each for each in settings.raw_topics if each.endswith(f".{channel}"))


def examples() -> Iterator[tuple[str, ChannelMessage, list[Any]]]:
    """Yield each message of the examples with its channel, and with what is expected of all contacts of its file."""
    for name in shipped_names():
        for file in sorted((SHIPPED / name / EXAMPLES).glob("*")):
            if not file.name.endswith(EXPECTED):
                lines = file.with_name(file.name.removesuffix(file.suffix) + EXPECTED).read_text("utf-8").splitlines()
                for message in messages_in(file):
                    yield name, message, [json.loads(line) for line in lines]


def test_each_example_and_each_hostile_message_ends_as_it_should(raw: RawChannels, tmp_path: Path) -> None:
    known = list(examples())
    messages: list[Raw] = [
        (topic_of(raw.settings, channel), each.value, [MAIL if each.is_mail else JSON_TYPE])
        for channel, each, _ in known
    ]
    hostile = [(topic_of(raw.settings, channel), value, headers) for channel, value, headers in HOSTILE.values()]
    places = raw.publish([*messages, *hostile])
    with ServiceProcess("mapper", raw.settings, tmp_path / "mapper.log") as mapper:
        raw.wait_until_mapped(len(places))
        wait_for("they are counted", lambda: sum(mapper.measured(MAPPED).values()) >= len(places))
        wait_for("it is ready", mapper.is_ready)
        assert mapper.terminate() == 0

    found = _found(raw)
    of_file: dict[tuple[str, str], list[Any]] = defaultdict(list)
    expected: dict[tuple[str, str], list[Any]] = {}
    for (channel, message, wanted), place in zip(known, places, strict=False):
        file = (channel, message.name.partition(":")[0])
        of_file[file] += found.get(place, [])
        expected[file] = [_told(each) for each in wanted if each["uitkomst"] != "overgeslagen"]
    assert of_file == expected
    kinds = {name: found.get(place) for name, place in zip(HOSTILE, places[len(known) :], strict=True)}
    assert {name: each and each[0]["soort"] for name, each in kinds.items()} == HOW_IT_ENDS
    assert [each for each in mapper.log() if each["level"] in {"error", "critical"}] == []
    assert "999990" not in mapper.said(), "a log holds no number of a person"


def _found(raw: RawChannels) -> Mapping[str, list[Any]]:
    """Return what became of the messages, by place, in the form of goldens."""
    found: dict[str, list[Any]] = defaultdict(list)
    for event in raw.events():
        headers = headers_of(event)
        assert headers["mapping"].partition("/")[0] in headers["bericht"]
        found[headers["bericht"]].append({"event": json.loads(event.value() or b"")})
    letters = raw.letters()
    for letter, value in zip(letters, values_of(raw.settings, letters), strict=True):
        headers = headers_of(letter)
        assert len(value) <= 256 * 1024
        found[place_in(letter)].append({"soort": headers["dlq_kind"], "fouten": json.loads(headers["dlq_faults"])})
    return found


def _told(golden: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what is published of a golden: of a fault of the contract its path, else its place."""
    if golden["uitkomst"] == "event":
        return {"event": golden["event"]}
    fouten = [{"pad": each.get("pad", each["plaats"]), "soort": each["soort"]} for each in golden["fouten"]]
    return {"soort": golden["soort"], "fouten": fouten}
