"""A letter's record goes back to where it lay, at a bounded rate, so that the classifier judges it again.

To that topic, since it says who spoke. To that partition, since records with one key have to stay in one order, and a
publisher may choose partitions in another way than Kafka's.
"""

import asyncio
from asyncio import Future
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from aiokafka import AIOKafkaProducer
from aiokafka.errors import MessageSizeTooLargeError

from schemas.cloudevents import Header
from schemas.dead_letters import ATTEMPT, EARLIER, MAX_EARLIER
from services.operations.dead_letters.letters import Content, Letter
from services.operations.kafka import STALL_SECONDS, TOO_LARGE
from services.runtime.kafka.errors import translate_write_errors
from services.runtime.settings import Settings

IS_CUT: Final = (
    "only the beginning of it was kept: `dlq show` says where the original lies. Its publisher sends that again, or "
    "`dlq redrive --from` takes a file with the whole content"
)


def why_not(letter: Letter, content: Content, topics: Sequence[str]) -> str | None:
    """Return why a letter can't go back with a content, its own or a corrected one, or None when it can: to the topic
    that it came from, when that is one of these.
    """
    if letter.last_offset is not None:
        return "it stands for a batch that was too large to read, and has no content"
    if letter.withheld is not None and content is letter.content:
        return f"its content {letter.withheld.value}"
    if letter.is_cut and _is_still_cut(letter, content):
        return IS_CUT
    if letter.origin is None:
        return "it does not say where it came from"
    if letter.origin.topic not in topics:
        return f"it did not come from {' or '.join(topics)}"
    return None


def _is_still_cut(letter: Letter, content: Content) -> bool:
    """Whether a part that was cut is as the letter has it."""
    kept = letter.content
    as_kept = {
        "key": content.key == kept.key,
        "headers": list(content.headers) == list(kept.headers),
        "value": content.value == kept.value,
    }
    return any(as_kept[part] for part in letter.original_sizes or as_kept)


def headers_of(letter: Letter, content: Content) -> list[Header]:
    """Return the headers to send: those of the record, how often it failed, and its letters so far."""
    chain = [*letter.earlier, letter.id][-MAX_EARLIER:]
    return [
        *content.headers,
        (ATTEMPT, str(letter.attempt).encode()),
        (EARLIER, ",".join(map(str, chain)).encode()),
    ]


class Returns:
    """Sends records back, in the order in which they are handed over."""

    def __init__(self, producer: AIOKafkaProducer, settings: Settings, partitions: Mapping[str, set[int]]) -> None:
        """`partitions`: those of each topic to which letters go back."""
        self._producer = producer
        self._settings = settings
        self._partitions = partitions
        self._waiting: list[tuple[Letter, Future[Any]]] = []

    @property
    def number(self) -> int:
        """How many were handed over and not yet forgotten."""
        return len(self._waiting)

    async def send(self, letter: Letter, content: Content) -> str | None:
        """Hand the record of a letter that can go back to the producer. Returns why Kafka refuses it, or None."""
        topic = _topic_of(letter)
        with translate_write_errors(self._settings, topic):
            try:
                async with asyncio.timeout(STALL_SECONDS):
                    sending: Future[Any] = await self._producer.send(
                        topic,
                        content.value,
                        key=content.key,
                        partition=self._partition(letter, content),
                        headers=headers_of(letter, content),
                    )
            except MessageSizeTooLargeError:
                return TOO_LARGE
        self._waiting.append((letter, sending))
        return None

    async def settle(self) -> Sequence[Letter]:
        """Wait until Kafka has all records that were handed over, and return their letters.

        Raises TransientFailure when it stops answering, InvalidSettings when it does not let this user write.
        """
        if self._waiting:
            await asyncio.wait([sending for _, sending in self._waiting], timeout=STALL_SECONDS)
        for letter, sending in self._waiting:
            with translate_write_errors(self._settings, _topic_of(letter)):
                if not sending.done():
                    raise TimeoutError
                sending.result()
        return [letter for letter, _ in self._waiting]

    def forget(self) -> None:
        """Forget the letters that were settled."""
        self._waiting.clear()

    def _partition(self, letter: Letter, content: Content) -> int | None:
        """Return where it lay; None, so that the key decides, when the key or the topic's partitions have changed."""
        there = letter.origin.partition if letter.origin else None
        known = self._partitions[_topic_of(letter)]
        return there if content.key == letter.content.key and there in known else None


def _topic_of(letter: Letter) -> str:
    assert letter.origin is not None, "`why_not` lets no other letter go back"
    return letter.origin.topic


CATCH_UP_SECONDS: Final = 1.0
"""How much delay is caught up: a pause of the broker should not make the whole slower, nor be followed by a flood."""


class Pace:
    """Spreads work evenly over time."""

    def __init__(self, per_second: float | None, clock: Callable[[], float] | None = None) -> None:
        """`per_second` None: as fast as it goes. The clock is that of the event loop unless another is given."""
        self._between_seconds = 1 / per_second if per_second else 0.0
        self._clock = clock or asyncio.get_running_loop().time
        self._next = self._clock()

    def delay_seconds(self) -> float:
        """Return how long the next piece has to wait, and count it."""
        now = self._clock()
        due = max(self._next, now - CATCH_UP_SECONDS)
        self._next = due + self._between_seconds
        return max(0.0, due - now)

    async def wait(self) -> None:
        """Wait until the next piece may go. Raises CancelledError also for a cancellation that was lost before.

        `asyncio.wait_for` of Python 3.11, which the database client uses, loses one that comes just when the awaited
        work is done (gh-86296). Ctrl-C would then have no effect.
        """
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise asyncio.CancelledError
        if delay_seconds := self.delay_seconds():
            await asyncio.sleep(delay_seconds)
