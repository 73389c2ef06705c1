"""The partitions that have stopped at an event, as long as the group leaves them to us."""

from collections.abc import Set as AbstractSet

import structlog
from aiokafka import TopicPartition

from services.projector.batch import Stop
from services.runtime.observe import metrics
from services.runtime.observe.health import Health, Part

log = structlog.get_logger()


class Stops:
    """The stops of one assignment. After a rebalance another object takes its place, and each stop is met again."""

    def __init__(self, health: Health) -> None:
        self._health = health
        self._by_place: dict[TopicPartition, Stop] = {}
        self._has_ended = False

    @property
    def partitions(self) -> AbstractSet[TopicPartition]:
        """The partitions that have stopped."""
        return self._by_place.keys()

    def add(self, stop: Stop) -> bool:
        """Show a stop in readiness, log and metrics. Return False, and do nothing, once the assignment has ended."""
        if self._has_ended:
            return False
        self._by_place[stop.place] = stop
        self._health.set(Part.SERVICE, str(stop), by=_reporter(stop.place))
        metrics.OWN_FAILURES.inc()
        self._measure()
        log.error(
            "projector.stopped",
            topic=stop.topic,
            partition=stop.partition,
            offset=stop.offset,
            reasons=list(stop.reasons),
        )
        return True

    def end(self) -> None:
        """The group divides the partitions anew: the instance that gets one meets its stop again."""
        self._has_ended = True
        for place in self._by_place:
            self._health.leave(Part.SERVICE, by=_reporter(place))
        self._by_place.clear()
        self._measure()

    def _measure(self) -> None:
        metrics.STOPPED.set(len(self._by_place))
        metrics.OWN_FAILURES_IN_A_ROW.set(1 if self._by_place else 0)


def _reporter(place: TopicPartition) -> str:
    return f"partition {place.partition} of {place.topic}"
