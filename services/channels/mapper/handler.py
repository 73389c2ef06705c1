"""Handles a batch of one partition of a raw topic: map, encode, publish and commit.

A mapping is a pure function of one message, so the mapper looks nothing up and records nothing. It asks MongoDB only
when it makes a dead letter: MongoDB keeps the keys of letters, and knows where partitions have stopped.
"""

import time
from collections import deque
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final

from services.channels.loading import MappedChannel
from services.channels.mapper.encoding import EventEncoder
from services.channels.mapper.instrumentation import MappedMessage, tell_mapped, tell_spans
from services.channels.outcomes import outcomes_of
from services.runtime.clock import Clock
from services.runtime.exactly_once.ports import Publisher, share_of
from services.runtime.exactly_once.telling import tell_own_failure
from services.runtime.kafka.records import Record
from services.runtime.letters.store import LetterKeys
from services.runtime.mongo.patience import Patience
from services.runtime.observe.failures import where
from services.runtime.observe.health import Health
from services.runtime.observe.metrics import timed
from services.runtime.observe.tracing import Spans
from services.runtime.stops.own_failures import OwnFailures
from services.runtime.stops.stop import PartitionStopped, StopStore
from services.runtime.turns import Turns

MAX_TRANSACTION_BYTES: Final = 4 * 1024 * 1024
"""Of one transaction, whose last record may pass it, as of the classifier's. 500 messages usually cause a third of it.

A small batch may cause less, in proportion (`share_of`)."""


class MessageHandler:
    """Handles the batches of every partition that this instance holds: those of one partition one after another."""

    def __init__(  # noqa: PLR0913 - one for each port, and a limit
        self,
        *,
        channels: Mapping[str, MappedChannel],
        stop_store: StopStore,
        letter_keys: LetterKeys,
        encoder: EventEncoder,
        clock: Clock,
        health: Health,
        own_failures_limit: int,
        spans: Spans | None = None,
    ) -> None:
        """`channels`: by raw topic."""
        self._channels = channels
        self._letter_keys = letter_keys
        self._encoder = encoder
        self._clock = clock
        self._spans = spans
        self._patiently = Patience(health, clock)
        self._own_failures = OwnFailures(stop_store, self._patiently, limit=own_failures_limit)

    async def handle(self, records: Sequence[Record], publisher: Publisher) -> None:
        """Publish what each record becomes, and commit it; see `BatchHandler`."""
        left, share = deque(records), share_of(len(records))
        while left:
            started_ns = time.time_ns()
            with timed("map"):
                part, stopped = await self._map_part(left, share)
            if part:
                await self._publish(part, publisher, started_ns)
            if stopped is not None:
                raise stopped

    async def _map_part(self, left: deque[Record], share: float) -> tuple[list[MappedMessage], PartitionStopped | None]:
        """Map the next records until a transaction is full, or until the partition stops."""
        part: list[MappedMessage] = []
        part_bytes, turns = 0, Turns()
        while left and part_bytes < MAX_TRANSACTION_BYTES * share:
            try:
                mapped = await self._mapped(left.popleft())
            except PartitionStopped as stopped:
                return part, stopped
            part.append(mapped)
            part_bytes += mapped.weight()
            if turns.is_over:
                await turns.pause()
        return part, None

    async def _mapped(self, record: Record) -> MappedMessage:
        channel = self._channels[record.topic]
        now = self._clock.now()
        try:
            outcomes = outcomes_of(record, channel.mapping)
            messages = self._encoder.messages(record, channel, outcomes, now)
        except Exception as error:  # noqa: BLE001 - every mistake of our own code in a message ends here
            tell_own_failure("message.mapping_failed", record, error)
            await self._own_failures.add(record, where(error))
            return MappedMessage(record, channel, None, [self._encoder.own_failure(record, channel, now)])
        self._own_failures.end_row(record.place)
        return MappedMessage(record, channel, outcomes, messages)

    async def _publish(self, part: Sequence[MappedMessage], publisher: Publisher, started_ns: int) -> None:
        messages = [message for mapped in part for message in mapped.messages]
        with timed("publish"):
            if keys := [each.letter_key for each in messages if each.letter_key is not None]:
                # First, so that every letter that anyone reads can be opened. A key without a letter expires.
                await self._patiently(part[0].record.place, partial(self._letter_keys.keep, keys))
            await publisher.publish(messages, next_offset=part[-1].record.offset + 1)
        tell_mapped(part)
        if self._spans is not None:
            tell_spans(self._spans, part, started_ns=started_ns)
