"""Reading a stretch of a topic, on real Kafka."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from services.operations.topic_reader import Stretch, topic_reader
from services.runtime.errors import InvalidSettings
from services.runtime.settings import Settings
from tests.support.header_names import publish_with_header_names
from tests.support.kafka_tools import make_topics, producer, publish_values, transaction


@pytest.fixture
def settings(kafka_bootstrap: str) -> Settings:
    return Settings(kafka_bootstrap=kafka_bootstrap)


async def values(settings: Settings, stretches: list[Stretch]) -> list[bytes | None]:
    async with topic_reader(settings) as reader:
        return [record.value async for batch in reader.records(stretches) for record in batch]


async def test_committed_records_are_read_up_to_the_present_end(settings: Settings, topics: str) -> None:
    topic = f"{topics}.in"
    make_topics(settings.kafka_bootstrap, topic, partitions=2)
    publish_values(settings.kafka_bootstrap, topic, [b"1", b"2"], partition=0)
    transaction(settings.kafka_bootstrap, topic, [b"3"], committed=False)
    transaction(settings.kafka_bootstrap, topic, [b"4"], committed=True)
    steps: list[tuple[int, int | None]] = []
    async with topic_reader(settings) as reader:
        stretches = await reader.whole(topic)
        read = [
            record.value
            async for batch in reader.records(stretches, lambda done, of: steps.append((done, of)))
            for record in batch
        ]
    assert sorted(read) == [b"1", b"2", b"4"]
    total = sum(stretch.length for stretch in stretches)
    assert steps[0] == (0, total)
    assert steps[-1] == (total, total)


async def test_a_period_selects_the_records_of_that_time(settings: Settings, topics: str) -> None:
    topic = f"{topics}.in"
    make_topics(settings.kafka_bootstrap, topic)
    publish_values(settings.kafka_bootstrap, topic, [b"1", b"2", b"3"])
    now = datetime.now(UTC)
    hour = timedelta(hours=1)
    async with topic_reader(settings) as reader:
        whole = await reader.whole(topic)
        before = await reader.between(whole, since=now - hour, until=now + hour)
        after = await reader.between(whole, since=now + hour, until=None)
        earlier = await reader.between(whole, since=None, until=now - hour)
    assert before == [Stretch(topic, 0, first=0, begin=0, end=3)]
    assert after == [Stretch(topic, 0, first=0, begin=3, end=3)]
    assert earlier == [Stretch(topic, 0, first=0, begin=0, end=0)]


async def test_a_period_is_looked_for_in_each_topic_by_itself(settings: Settings, topics: str) -> None:
    one, other = f"{topics}.a", f"{topics}.b"
    make_topics(settings.kafka_bootstrap, one, other, configuration={"message.timestamp.type": "CreateTime"})
    now, hour = datetime.now(UTC), timedelta(hours=1)
    sender = producer(settings.kafka_bootstrap)
    for topic, hours_ago in ((one, 3), (one, 3), (one, 1), (other, 1)):
        sender.produce(topic, b"1", partition=0, timestamp=int((now - hours_ago * hour).timestamp() * 1000))
    assert sender.flush(20) == 0
    async with topic_reader(settings) as reader:
        whole = await reader.whole(one, other)
        later = await reader.between(whole, since=now - 2 * hour, until=None)
        earlier = await reader.between(whole, since=None, until=now - 2 * hour)
    assert {each.topic: (each.begin, each.end) for each in later} == {one: (2, 3), other: (0, 1)}
    assert {each.topic: (each.begin, each.end) for each in earlier} == {one: (0, 2), other: (0, 0)}


async def test_a_range_of_offsets_is_read_as_requested(settings: Settings, topics: str) -> None:
    topic = f"{topics}.in"
    make_topics(settings.kafka_bootstrap, topic)
    publish_values(settings.kafka_bootstrap, topic, [b"1", b"2", b"3", b"4"])
    assert await values(settings, [Stretch(topic, 0, first=0, begin=1, end=3)]) == [b"2", b"3"]


async def test_a_header_name_that_is_not_text_is_read_escaped(settings: Settings, topics: str) -> None:
    topic = f"{topics}.in"
    make_topics(settings.kafka_bootstrap, topic)
    await publish_with_header_names(settings.kafka_bootstrap, topic, [b"a", b"\xff", b"b"])
    async with topic_reader(settings) as reader:
        stretches = await reader.whole(topic)
        read = [record.headers async for batch in reader.records(stretches) for record in batch]
    assert read == [(("a", b"1"),), ((r"\xff", b"1"),), (("b", b"1"),)]


async def test_reading_nothing_after_a_part_of_something_does_not_hang(settings: Settings, topics: str) -> None:
    topic = f"{topics}.in"
    make_topics(settings.kafka_bootstrap, topic)
    publish_values(settings.kafka_bootstrap, topic, [b"1", b"2"])
    async with asyncio.timeout(20) as limit, topic_reader(settings) as reader:
        async for _ in reader.records(await reader.whole(topic)):
            break
        await reader.whole(topic)  # meanwhile the consumer has asked for more, and waits
        assert [batch async for batch in reader.records([])] == []
    assert not limit.expired(), "the consumer took the end of the limit for its own"


async def test_a_missing_topic_is_refused(settings: Settings, topics: str) -> None:
    async with topic_reader(settings) as reader:
        with pytest.raises(InvalidSettings, match=f"{topics}.nowhere"):
            await reader.whole(f"{topics}.nowhere")
