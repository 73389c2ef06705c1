"""A batch of records and the events in them. An event of ours that can't be read stops its own partition only."""

import asyncio
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Final

from aiokafka import TopicPartition

from schemas.values import value_class
from services.projector.errors import Foreign, ForeignReason, Unreadable
from services.projector.events import OutputEvent, read
from services.runtime.kafka.records import Record
from services.runtime.kafka.topics import MARKER_KEY
from services.runtime.observe.failures import where
from services.runtime.stops.stop import Stop

TURN_RECORDS: Final = 50
"""How many records are read before others get a turn: about a millisecond for usual events. MongoDB then does not wait
for the next step of the batch in flight."""

MAX_BATCH_BYTES: Final = 4 * 1024 * 1024
"""The most bytes of events in one batch. Merging and encoding them takes a fraction of a second, in which nothing else
runs, such as the heartbeat. 1000 usual events are a third of it; 80 events of 50 kB, the largest, are all of it."""


def stop_at(record: Record, reasons: Sequence[str]) -> Stop:
    """Return the stop of a partition at this record."""
    return Stop(record.topic, record.partition, record.offset, reasons)


ReadEvent = tuple[Record, OutputEvent]
"""An event, and the record that it was read from."""

PassedOver = tuple[Record, ForeignReason]
"""A record that is not ours, and what shows that."""


@value_class(frozen=True, slots=True)
class ReadBatch:
    """Records of several partitions, read. Of a partition that stops, nothing from the stop on was read."""

    records: Sequence[Record]
    events: Sequence[ReadEvent]
    passed_over: Sequence[PassedOver]
    stops: Mapping[TopicPartition, Stop]
    """Of the partitions in which an event of ours can't be read."""

    def without(self, partitions: AbstractSet[TopicPartition]) -> "ReadBatch":
        """Return the batch without the records of these partitions."""
        if not partitions or not any(each.place in partitions for each in self.records):
            return self
        return ReadBatch(
            [each for each in self.records if each.place not in partitions],
            [each for each in self.events if each[0].place not in partitions],
            [each for each in self.passed_over if each[0].place not in partitions],
            {place: stop for place, stop in self.stops.items() if place not in partitions},
        )

    def up_to(self, stops: Mapping[TopicPartition, Stop]) -> "ReadBatch":
        """Return the part of the batch that is done when its partitions stop there."""
        if not stops:
            return self
        return ReadBatch(
            [each for each in self.records if _is_before(each, stops)],
            [each for each in self.events if _is_before(each[0], stops)],
            [each for each in self.passed_over if _is_before(each[0], stops)],
            stops,
        )

    def next_offsets(self) -> dict[TopicPartition, int]:
        """Return for each partition the offset behind its last record."""
        return {each.place: each.offset + 1 for each in self.records}


def _is_before(record: Record, stops: Mapping[TopicPartition, Stop]) -> bool:
    stop = stops.get(record.place)
    return stop is None or record.offset < stop.offset


async def read_all(records: Sequence[Record], own_sources: frozenset[str]) -> ReadBatch:
    """Read records in their order; those of one partition up to the first event of ours that can't be read.

    Whatever else there is to do gets a turn every TURN_RECORDS.
    """
    events: list[ReadEvent] = []
    passed_over: list[PassedOver] = []
    stops: dict[TopicPartition, Stop] = {}
    for number, record in enumerate(records):
        if number % TURN_RECORDS == 0:
            await asyncio.sleep(0)
        if stops and record.place in stops:
            continue
        if record.value is None and record.key == MARKER_KEY:
            continue
        if record.oversized is not None:
            passed_over.append((record, ForeignReason.TOO_LARGE))
            continue
        try:
            events.append((record, read(record.value, own_sources)))
        except Foreign as foreign:
            passed_over.append((record, foreign.reason))
        except Unreadable as error:
            stops[record.place] = stop_at(record, error.reasons)
        except Exception as error:  # noqa: BLE001 - a bug of ours as well
            stops[record.place] = stop_at(record, [where(error)])
    return ReadBatch(records, events, passed_over, stops)
