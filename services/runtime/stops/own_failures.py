"""The failures of our own code in a row: one makes a dead letter of its record, a run of them stops the partition."""

from functools import partial
from typing import Final

from aiokafka import TopicPartition

from services.runtime.kafka.records import Record
from services.runtime.mongo.patience import Patience
from services.runtime.observe import metrics
from services.runtime.stops.stop import Meeting, PartitionStopped, Stop, StopStore


class OwnFailures:
    """Counts them for each partition by itself."""

    def __init__(self, store: StopStore, patiently: Patience, *, limit: int) -> None:
        """`limit`: how many failures in a row stop a partition."""
        self.limit: Final = limit
        self._store = store
        self._patiently = patiently
        self._in_a_row: dict[TopicPartition, int] = {}

    async def add(self, record: Record, failed: str) -> None:
        """Count a failure, and return when its record becomes a dead letter. Raises PartitionStopped instead after a
        run of failures, or where the partition stopped before, unless the record is to be skipped.
        """
        number = self._in_a_row.get(record.place, 0) + 1
        self._count(record.place, number)
        stop = Stop(record.topic, record.partition, record.offset, [failed])
        meet = partial(self._store.meet, stop, begins=number >= self.limit)
        meeting = await self._patiently(record.place, meet)
        if meeting is Meeting.STOP:
            raise PartitionStopped(stop)
        if meeting is Meeting.SKIP:
            metrics.SKIPPED_RECORDS.labels(topic=record.topic).inc()
            self._count(record.place, 0)

    def end_row(self, place: TopicPartition) -> None:
        """Note that a record of the partition did not fail."""
        if self._in_a_row:  # hardly ever, and it is asked for each record
            self._count(place, 0)

    def _count(self, place: TopicPartition, number: int) -> None:
        self._in_a_row.pop(place, None)
        if number:
            self._in_a_row[place] = number
        metrics.OWN_FAILURES_IN_A_ROW.set(max(self._in_a_row.values(), default=0))
