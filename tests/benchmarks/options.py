"""The size of a benchmark, which the environment may change: `KLANTCONTACT_BENCH_…`."""

import os
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, kw_only=True)
class Options:
    """The size of a benchmark."""

    events: int
    """`KLANTCONTACT_BENCH_EVENTS`: contacts in the topic of a run."""
    rounds: int
    """`KLANTCONTACT_BENCH_ROUNDS`: how often each run is made, in turn with the others."""
    partitions: int = 4
    """`KLANTCONTACT_BENCH_PARTITIONS` of each topic."""
    batch: int | None = None
    """`KLANTCONTACT_BENCH_BATCH`: contacts in a batch. None: as the services do by default."""

    @classmethod
    def from_environment(cls, *, events: int, rounds: int) -> Self:
        """Return the given size with what the environment changes. Raises ValueError for what is no whole number."""
        batch = _number("BATCH", 0)
        return cls(
            events=_number("EVENTS", events),
            rounds=_number("ROUNDS", rounds),
            partitions=_number("PARTITIONS", 4),
            batch=batch or None,
        )

    @property
    def first_events(self) -> int:
        """The first events of a peer that is compiled while it works: 50,000, unless the size was changed."""
        return self.events * 5 // 3

    @property
    def warm_events(self) -> int:
        """All that it reads. In the last third it is warm."""
        return 3 * self.first_events

    @property
    def settings(self) -> dict[str, object]:
        """The settings of the services that belong to it."""
        return {} if self.batch is None else {"batch_size": self.batch, "projector_batch_size": self.batch}


def _number(name: str, default: int) -> int:
    return int(os.environ.get(f"KLANTCONTACT_BENCH_{name}") or default)
