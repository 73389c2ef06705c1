"""The examples of a channel go to the intake one after another, without a system that takes them."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import Mock

import pytest

from services.local import channel_samples
from services.local.channel_samples import ChannelSample, send_samples
from services.local.channels import PlatformRequest, make_channels
from services.local.servers.errors import StartFailed
from services.local.servers.stack import KafkaKind, MongoKind, Stack
from services.local.system import System
from services.runtime.settings import Settings

STACK = Stack(
    kafka_bootstrap="127.0.0.1:19092",
    mongo_uri="mongodb://127.0.0.1:17017",
    kafka_kind=KafkaKind.JARS,
    mongo_kind=MongoKind.WHEEL,
)


def decided(contact_id: str) -> Mapping[str, object]:
    """Return the expectation that a contact is decided."""
    return {
        "uitkomst": "event",
        "regels": ["V2"],
        "event": {"source": "urn:a", "data": {"contactId": contact_id}},
    }


def test_a_message_is_not_sent_before_the_one_that_it_follows_is_decided(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    @contextmanager
    def nothing_decided(_: System) -> Iterator[Mapping[str, Mock]]:
        yield {"besluiten": Mock(find=lambda _: [])}

    monkeypatch.setattr(channel_samples, "_register", nothing_decided)
    monkeypatch.setattr(channel_samples, "DECIDED_SECONDS", 0.0)
    channels = make_channels(tmp_path, address="http://127.0.0.1:1")
    system = System(STACK, {}, Settings(kanalen_file=channels), tmp_path, {})
    sent: list[PlatformRequest] = []

    def deliver(request: PlatformRequest) -> bool:
        sent.append(request)
        return True

    sample = ChannelSample("open-forms", "two", (b"1", b"2"), (decided("c-1"), decided("c-2")))
    with pytest.raises(StartFailed, match="two of open-forms was not decided"):
        send_samples([sample], system, deliver=deliver)
    assert [each.body for each in sent] == [b"1"]
