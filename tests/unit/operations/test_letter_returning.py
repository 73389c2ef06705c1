"""Sending a letter back to the topic that its record came from."""

from dataclasses import replace

import pytest
from aiokafka.errors import MessageSizeTooLargeError, RequestTimedOutError, TopicAuthorizationFailedError

from schemas.cloudevents import Header
from services.operations.dead_letters.letters import Content, Letter, letter_of
from services.operations.dead_letters.returning import IS_CUT, Returns, headers_of, why_not
from services.operations.kafka import TOO_LARGE
from services.runtime.errors import InvalidSettings, TransientFailure
from services.runtime.settings import Settings
from tests.support.letters import letter, record


class Producer:
    """Keeps the messages that it gets, or raises the given error."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.topics: list[str] = []
        self.sent: list[tuple[bytes | None, bytes | None, int | None]] = []

    async def send(
        self, topic: str, value: bytes | None, *, key: bytes | None, partition: int | None, headers: list[Header]
    ) -> object:
        assert headers
        if self.error:
            raise self.error
        self.topics.append(topic)
        self.sent.append((key, value, partition))
        return None


def _again(found: Letter) -> Letter:
    """Return the letter that results when a letter is sent back and fails again."""
    return letter(offset=found.id.offset + 1, headers=headers_of(found, found.content))


def test_a_letter_that_fails_again_counts_on_and_names_the_letters_before_it() -> None:
    first = letter(offset=120, headers=[("traceparent", b"00-1")])
    second = _again(first)
    third = _again(second)
    assert (second.attempt, [str(each) for each in second.earlier]) == (2, ["3-120"])
    assert (third.attempt, [str(each) for each in third.earlier]) == (3, ["3-120", "3-121"])
    assert third.content.headers == [("traceparent", b"00-1")]


def test_a_long_history_keeps_its_newest_ten_letters() -> None:
    found = letter(offset=0)
    for _ in range(14):
        found = _again(found)
    assert (found.id.offset, found.attempt) == (14, 15)
    assert [each.offset for each in found.earlier] == list(range(4, 14))


@pytest.mark.parametrize(
    ("found", "topic", "reason"),
    [
        (letter(), "contact.ended", None),
        (letter(), "other", "it did not come from other"),
        (letter(topic="contact.ended.b"), "contact.ended", "it did not come from contact.ended"),
        (letter_of(record()), "contact.ended", "it does not say where it came from"),
        (
            letter(value=None, last_offset=21),
            "contact.ended",
            "it stands for a batch that was too large to read, and has no content",
        ),
        (letter(value=b"x" * 3_000_000), "contact.ended", IS_CUT),
    ],
)
def test_a_letter_goes_back_only_whole_and_only_where_it_came_from(
    found: Letter, topic: str, reason: str | None
) -> None:
    assert why_not(found, found.content, (topic,)) == reason


def test_a_letter_that_is_cut_goes_back_with_a_content_that_has_each_part_anew() -> None:
    found = letter(key=b"k" * 70_000, value=b"x" * 70_000)
    kept = found.content
    assert found.original_sizes == {"key": 70_000, "value": 70_000}
    assert why_not(found, replace(kept, value=b"{}"), ("contact.ended",)) == IS_CUT
    assert why_not(found, replace(kept, key=b"k", value=b"{}"), ("contact.ended",)) is None


async def test_a_letter_returns_to_its_partition_unless_its_key_is_corrected_or_the_partition_is_gone() -> None:
    producer = Producer()
    found = letter()
    returns = Returns(producer, Settings(), {"contact.ended": {0, 1}})
    await returns.send(found, found.content)
    await returns.send(found, replace(found.content, value=b"2"))
    await returns.send(found, Content(b"other", b"3", []))
    fewer = Returns(producer, Settings(), {"contact.ended": {0}})
    await fewer.send(found, found.content)
    assert [partition for _, _, partition in producer.sent] == [1, 1, None, None]
    assert [value for _, value, _ in producer.sent][1:3] == [b"2", b"3"]


async def test_a_letter_returns_to_its_own_topic_and_to_a_partition_that_this_one_has() -> None:
    producer = Producer()
    returns = Returns(producer, Settings(), {"contact.ended": {0, 1}, "contact.ended.b": {0}})
    for each in (letter(), letter(topic="contact.ended.b")):
        await returns.send(each, each.content)
    assert [(topic, partition) for topic, (_, _, partition) in zip(producer.topics, producer.sent, strict=True)] == [
        ("contact.ended", 1),
        ("contact.ended.b", None),
    ]


async def test_a_letter_that_is_too_large_is_reported_and_does_not_stop_the_others() -> None:
    returns = Returns(Producer(MessageSizeTooLargeError()), Settings(), {"contact.ended": {1}})
    assert await returns.send(letter(), letter().content) == TOO_LARGE
    assert returns.number == 0


@pytest.mark.parametrize(
    ("error", "expected", "told"),
    [
        (RequestTimedOutError(), TransientFailure, r"can't do it now \(RequestTimedOutError\)"),
        (TopicAuthorizationFailedError(), InvalidSettings, r"does not let this user write to contact\.ended"),
    ],
)
async def test_a_failed_send_is_told_as_a_transient_failure_or_a_missing_right(
    error: Exception, expected: type[Exception], told: str
) -> None:
    returns = Returns(Producer(error), Settings(), {"contact.ended": {1}})
    with pytest.raises(expected, match=told):
        await returns.send(letter(), letter().content)
