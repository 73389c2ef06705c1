"""What the classifier does with a batch of one partition: decode, look up, decide, record, publish and commit.

Each batch ends in one of three ways: it is published and committed as a whole, in several transactions when much goes
out; the partition is lost to another instance, which takes it up; or the partition stops at a record, because our own
code fails on message after message.

A few bytes can cause many: a correction takes back all that its contact was ever given. So a batch is encoded and
published by part, and cut again when its contacts, or the decisions behind them, are too much at once.
"""

import time
from collections import deque
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Final

from services.classifier.encoding import Encoder
from services.classifier.instrumentation import Handled, tell_batch, tell_logboek, tell_spans
from services.classifier.ports import HeavyBatch, RegisterStore
from services.classifier.reading import Read, read_in_turns
from services.classifier.repeats import Judged, Moved, without_seen
from services.domain.besluit import NOWHERE
from services.domain.case import Case
from services.domain.outcome import FAILED, InstructionAnswer, Outcome, Published, Refused
from services.domain.register import Register
from services.domain.wissen import execute
from services.domain.wissing import Wissing
from services.runtime.clock import Clock
from services.runtime.errors import InvalidSettings, PartitionLost, TransientFailure
from services.runtime.exactly_once.ports import Publisher, share_of
from services.runtime.exactly_once.telling import tell_own_failure
from services.runtime.kafka.records import Record
from services.runtime.letters.store import LetterKeys
from services.runtime.logboek.logboek import Logboek
from services.runtime.mongo.patience import Patience
from services.runtime.observe.failures import where
from services.runtime.observe.health import Health
from services.runtime.observe.metrics import timed
from services.runtime.observe.tracing import Spans
from services.runtime.stops.own_failures import OwnFailures
from services.runtime.stops.stop import PartitionStopped, StopStore
from services.runtime.turns import Turns

MAX_TRANSACTION_BYTES: Final = 4 * 1024 * 1024
"""Of one transaction, whose last record may pass it: some five thousand events. A usual batch is a third of it. A
correction of a contact that was given much can cause hundreds of times its own size. As many bytes are in memory three
times until they are written, for each of the four full batches in flight."""

MAX_PARTS: Final = 2_000
"""Betrokkenen and onderwerpen of one batch of several records. Each takes some kilobytes until its batch is published.
A usual batch has half of it; 500 contacts of 1.5 kB can have twelve times as many.

A small batch may hold and cause less, in proportion (`share_of`)."""


class Handler:
    """Handles the batches of every partition that this instance holds: those of one partition one after another."""

    def __init__(  # noqa: PLR0913 - one for each port, and a limit
        self,
        *,
        read: Read,
        store: RegisterStore,
        stop_store: StopStore,
        letter_keys: LetterKeys,
        encoder: Encoder,
        clock: Clock,
        health: Health,
        own_failures_limit: int,
        counted_sources: frozenset[str] = frozenset(),
        spans: Spans | None = None,
        logboek: Logboek | None = None,
    ) -> None:
        self._read = read
        self._store = store
        self._letter_keys = letter_keys
        self._encoder = encoder
        self._clock = clock
        self._counted_sources = counted_sources
        self._spans = spans
        self._logboek = logboek
        self._patiently = Patience(health, clock)
        self._own_failures = OwnFailures(stop_store, self._patiently, limit=own_failures_limit)

    async def handle(self, records: Sequence[Record], publisher: Publisher) -> None:
        """Handle them as `BatchHandler` promises."""
        waiting, share = [records], share_of(len(records))
        while waiting:
            batch = waiting.pop()
            started_ns = time.time_ns()
            try:
                left = deque(await self._judge_patiently(batch, publisher, share))
            except HeavyBatch as heavy:
                cut = heavy.fits or len(batch) // 2
                waiting += [batch[cut:], batch[:cut]]
                continue
            if rest := batch[len(left) :]:
                waiting.append(rest)
            while left:
                await self._publish_part(left, publisher, started_ns, share)

    async def _publish_part(self, left: deque[Judged], publisher: Publisher, started_ns: int, share: float) -> None:
        """Encode the next records until a transaction is full, and publish them. Their messages are kept no longer."""
        with timed("encode"):
            part, stopped = await self._encode_part(left, share)
        if part:
            await self._publish(part, publisher, started_ns)
        if stopped is not None:
            raise stopped

    async def _publish(self, part: Sequence[Handled], publisher: Publisher, started_ns: int) -> None:
        messages = [message for handled in part for message in handled.messages]
        with timed("publish"):
            if keys := [each.letter_key for each in messages if each.letter_key is not None]:
                # First, so that every letter that anyone reads can be opened. A key without a letter expires.
                await self._patiently(part[0].record.place, partial(self._letter_keys.keep, keys))
            await publisher.publish(messages, next_offset=part[-1].record.offset + 1)
        tell_batch(part, self._counted_sources)
        if self._spans is not None:
            tell_spans(self._spans, part, started_ns=started_ns)
        if self._logboek is not None:
            tell_logboek(self._logboek, part, started_ns=started_ns)

    async def _encode_part(self, left: deque[Judged], share: float) -> tuple[list[Handled], PartitionStopped | None]:
        """Encode until a transaction is full, or until the partition stops."""
        part: list[Handled] = []
        part_bytes, turns = 0, Turns()
        while left and part_bytes < MAX_TRANSACTION_BYTES * share:
            try:
                handled = await self._encoded(left.popleft())
            except PartitionStopped as stopped:
                return part, stopped
            part.append(handled)
            part_bytes += handled.weight()
            if turns.is_over:
                await turns.pause()
        return part, None

    async def _encoded(self, judged: Judged) -> Handled:
        record, outcome = judged.record, judged.outcome
        try:
            messages = self._encoder.messages(record, outcome, judged.now)
        except Exception as error:  # noqa: BLE001 - as in judging
            if judged.case is not None and isinstance(outcome, Published):
                unsent = Moved(judged.case, outcome.besluit, NOWHERE)
                await self._patiently(record.place, partial(self._note_sent, [unsent]))
            tell_own_failure("contact.handling_failed", record, error)
            await self._own_failures.add(record, where(error))
            return Handled(record, FAILED, self._encoder.messages(record, FAILED, judged.now))
        if outcome is FAILED:
            await self._own_failures.add(record, judged.failed)
        else:
            self._own_failures.end_row(record.place)
        return Handled(record, outcome, messages)

    async def _judge_patiently(self, records: Sequence[Record], publisher: Publisher, share: float) -> list[Judged]:
        """Judge a batch up to the end of a run of failures; retry as long as the database is away."""

        async def judge() -> list[Judged]:
            return await self._judge_isolated(records, publisher, _Run(self._own_failures.limit, share))

        return await self._patiently(records[0].place, judge)

    async def _judge_isolated(self, records: Sequence[Record], publisher: Publisher, run: "_Run") -> list[Judged]:
        """Judge records. When our own code fails on them, halve them until the one that it fails on stands alone.

        What lies behind a whole run is left out: the partition may stop there.
        """
        if run.is_whole:
            return []
        try:
            batch = await self._judge(records, publisher, run.share)
        except (TransientFailure, PartitionLost, HeavyBatch, InvalidSettings):
            raise
        except Exception as error:  # noqa: BLE001 - every mistake of our own code in a message ends here
            if len(records) == 1:
                tell_own_failure("contact.handling_failed", records[0], error)
                run.failures += 1
                return [Judged(records[0], None, FAILED, self._clock.now(), where(error))]
            middle = len(records) // 2
            return [
                *await self._judge_isolated(records[:middle], publisher, run),
                *await self._judge_isolated(records[middle:], publisher, run),
            ]
        run.failures = 0
        return batch

    async def _judge(self, records: Sequence[Record], publisher: Publisher, share: float) -> list[Judged]:
        """Decode, look up, decide and record."""
        with timed("decode"):
            read = await read_in_turns(records, self._read, most_parts=MAX_PARTS * share)
        now = self._clock.now()
        if read and isinstance(read[0], Wissing):
            return [Judged(records[0], None, await self._erase(read[0], now), now)]
        cases = [each for each in read if isinstance(each, Case)]
        with timed("decide"):
            outcomes = iter(
                await self._store.transact(cases, lambda register: [register.judge(case, now) for case in cases])
            )
            batch = [
                Judged(record, each, next(outcomes), now)
                if isinstance(each, Case)
                else Judged(record, None, Refused(each), now)
                for record, each in zip(records, read, strict=True)
                if not isinstance(each, Wissing)
            ]
            batch, moved = await without_seen(batch, publisher)
            await self._note_sent(moved)
        return batch

    async def _note_sent(self, moved: Sequence[Moved]) -> None:
        """Record with which records the events of decisions go out from now on."""

        def note(register: Register) -> Sequence[Outcome]:
            for each in moved:
                register.note_sent(each.besluit, each.sent_with)
            return []

        if moved:
            await self._store.transact([each.case for each in moved], note)

    async def _erase(self, wissing: Wissing, now: datetime) -> InstructionAnswer:
        return await self._store.erase(wissing, lambda register: execute(register, wissing, now, self._encoder.source))


class _Run:
    """Failures in a row while a batch is judged. Encoding counts them in one row with its own and those before."""

    def __init__(self, limit: int, share: float) -> None:
        """`share`: what the batch may hold and cause."""
        self._limit = limit
        self.share = share
        self.failures = 0

    @property
    def is_whole(self) -> bool:
        """Whether it stops a partition."""
        return self.failures >= self._limit
