"""Until when a record stays in a topic, by the topic's own configuration."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from services.operations.markers import MARKED_EVERY
from services.operations.places.place import NO_END, StayTerm
from services.runtime.kafka.clients import admin_client
from services.runtime.kafka.errors import translate_kafka_errors
from services.runtime.kafka.topics import topic_configurations
from services.runtime.settings import Settings

CLEANING: Final = timedelta(minutes=10)
"""How long a broker may take to notice that something is due, and to remove the file: twice its defaults together."""

FOR_GOOD: Final = -1
"""The retention of a topic that loses nothing to time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicTerm:
    """How long a topic keeps its records."""

    retention: timedelta | None
    """None: for good."""
    segment: timedelta
    """Kafka removes whole segments, and closes one this long after its first record."""
    compaction: timedelta | None
    """How long the broker may wait with compaction; None: the topic is not compacted."""

    @property
    def term(self) -> StayTerm:
        """What ends the stay of a record."""
        if self.retention is None:
            return StayTerm.REGISTER
        return StayTerm.RETENTION if self.compaction is None else StayTerm.COMPACTION

    @property
    def days(self) -> float | None:
        """The retention in days."""
        return None if self.retention is None else self.retention / timedelta(days=1)

    def until(self, written_at: datetime, *, replaced_at: datetime | None = None) -> datetime | None:
        """Return when a record is gone at the latest; None: nobody knows, or it stays.

        `replaced_at`: when its key got a newer one. In a topic that is compacted, only then is there such a moment: the
        cleaner joins segments, and one goes with the youngest record in it (`docs/privacy/topics-that-forget.md`).
        """
        if self.compaction is None:
            return None if self.retention is None else _later(written_at, self.retention, self.segment, CLEANING)
        if replaced_at is None:
            return None
        # A marker closes the segment of a quiet partition, and is appended once a day.
        return _later(replaced_at, max(self.segment + MARKED_EVERY, self.compaction), CLEANING)


def _later(moment: datetime, *periods: timedelta) -> datetime:
    try:
        return moment + sum(periods, timedelta())
    except OverflowError:
        return NO_END


async def topic_terms(settings: Settings, names: Sequence[str]) -> Mapping[str, TopicTerm]:
    """Return the terms of existing topics. Raises as `translate_kafka_errors` does."""
    async with admin_client(settings) as admin:
        with translate_kafka_errors(settings, right="describe the configuration of the topics"):
            configurations = await topic_configurations(admin, names)
    return {name: term_of(configuration) for name, configuration in configurations.items()}


def term_of(configuration: Mapping[str, str]) -> TopicTerm:
    """Return what a topic's configuration says. A broker without administration says nothing: for good."""
    policy = configuration.get("cleanup.policy", "delete").split(",")
    retention = int(configuration.get("retention.ms", FOR_GOOD)) if "delete" in policy else FOR_GOOD
    lag = int(configuration.get("max.compaction.lag.ms", 0))
    return TopicTerm(
        retention=None if retention == FOR_GOOD else _milliseconds(retention),
        segment=_milliseconds(int(configuration.get("segment.ms", 0))),
        compaction=_milliseconds(lag) if "compact" in policy else None,
    )


def _milliseconds(number: int) -> timedelta:
    try:
        return timedelta(milliseconds=number)
    except OverflowError:
        return timedelta.max
