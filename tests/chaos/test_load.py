"""The publisher goes on when librdkafka gives a producer up, and sends again what was not acknowledged."""

from collections.abc import Callable
from typing import ClassVar
from unittest.mock import Mock

import pytest
from confluent_kafka import KafkaError, KafkaException, Message

from tests.chaos.load import Load
from tests.chaos.town import Town


class _Producer:
    """Acknowledges everything at the next poll, unless it is broken."""

    made: ClassVar[list["_Producer"]] = []

    def __init__(self, _: object) -> None:
        self.taken: list[tuple[bytes, Callable[[None, Message], None]]] = []
        self.made.append(self)

    @property
    def is_broken(self) -> bool:
        return self is self.made[0]

    def produce(self, _: str, *, value: bytes, on_delivery: Callable[[None, Message], None], **__: object) -> None:
        self.taken.append((value, on_delivery))

    def poll(self, _: float) -> None:
        if self.is_broken:
            raise KafkaException(KafkaError(KafkaError.OUT_OF_ORDER_SEQUENCE_NUMBER, fatal=True))
        for _value, note in self.taken:
            note(None, Mock(**{"partition.return_value": 0, "offset.return_value": 1}))


def test_what_a_broken_producer_had_is_sent_again_with_a_new_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.chaos.load.Producer", _Producer)
    monkeypatch.setattr("tests.chaos.load.Load.join", lambda _: None)
    monkeypatch.setattr(_Producer, "made", [])
    load = Load("nowhere", "contact.ended", 3, Town(1), per_second=1)
    load.probe()
    assert load.stop() == 0
    broken, new = _Producer.made
    assert [value for value, _ in new.taken] == [value for value, _ in broken.taken]
    assert len(load.acknowledged) == len(new.taken) == 3
