"""What a rebuild tells whoever started it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.operations.rebuild.verify import Comparison
from services.operations.topic_reader import Stretch


class Outcome(StrEnum):
    """How a rebuild ended."""

    SWAPPED = "swapped"
    COMPARED = "compared"
    """A dry run: nothing was put in place."""
    DIFFERENT = "different"
    """Nothing was put in place, since new and live collections differ."""
    FINISHED = "finished"
    """An earlier rebuild had been interrupted in its swap; this run did the rest of that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a rebuild did."""

    outcome: Outcome
    interrupted: datetime | None = None
    """When an earlier rebuild began that was interrupted, and thrown away or (FINISHED) finished now."""
    events: int = 0
    trimmed: Sequence[Stretch] = ()
    """The partitions whose beginning was removed when its time had come."""
    live_documents_of: datetime | None = None
    """When the live documents were taken in for what the topics no longer hold; None: they were not needed."""
    live_documents: int = 0
    comparisons: Sequence[Comparison] = ()
    projector_behind: int = 0
    """How many events the projector had still to do when the comparison ended."""
    carried_over: int = 0
    """How many documents got what others own."""
