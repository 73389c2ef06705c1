"""What is asked about partitions of other instances, and how often: many repeats must not wait one after another."""

import asyncio
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import NodeNotReadyError

from services.runtime.exactly_once.committed_offset import ASK_SECONDS, OthersOffsets
from tests.support.jumping_clock import on_jumping_clock

PLACE = TopicPartition("contact.ended", 1)


class _Client:
    """Answers as Kafka would, or not at all."""

    def __init__(self) -> None:
        self.asked = 0
        self.committed = 5
        self.is_away = False
        self.is_silent = False

    async def coordinator_lookup(self, *_: object) -> int:
        return 1

    async def send(self, *_: object, **__: object) -> Any:  # noqa: ANN401 - it stands for a response of aiokafka
        self.asked += 1
        if self.is_away:
            raise NodeNotReadyError
        if self.is_silent:
            await asyncio.sleep(60)
        return _Response([("contact.ended", [(1, self.committed, "", 0)])])


class _Response:
    error_code = 0

    def __init__(self, topics: list[Any]) -> None:
        self.topics = topics


@on_jumping_clock
async def test_what_is_known_to_be_committed_is_not_asked_for_again() -> None:
    client, others = _Client(), OthersOffsets("group")
    assert [await others.is_beyond(client, PLACE, offset) for offset in (4, 3, 0)] == [True] * 3
    assert client.asked == 1


@on_jumping_clock
async def test_what_is_not_committed_is_asked_for_again_but_not_for_each_repeat() -> None:
    client, others = _Client(), OthersOffsets("group")
    assert not any([await others.is_beyond(client, PLACE, 5) for _ in range(20)])
    assert client.asked == 1
    await asyncio.sleep(ASK_SECONDS)
    client.committed = 6
    assert await others.is_beyond(client, PLACE, 5)


@on_jumping_clock
async def test_the_same_partition_of_another_topic_is_another_question() -> None:
    client, others = _Client(), OthersOffsets("group")
    assert await others.is_beyond(client, PLACE, 4)
    client.committed = 0
    assert not await others.is_beyond(client, TopicPartition("contact.ended.other", 1), 4)
    assert client.asked == 2


@pytest.mark.parametrize("how", ["is_away", "is_silent"])
@on_jumping_clock
async def test_a_kafka_that_does_not_answer_is_asked_once_for_many_repeats(how: str) -> None:
    client, others = _Client(), OthersOffsets("group")
    setattr(client, how, True)
    assert not any([await others.is_beyond(client, PLACE, 0) for _ in range(20)])
    assert client.asked == 1
