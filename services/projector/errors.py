"""What can stop the projector: always a mistake of ours, since only our own classifier writes what it reads."""

from collections.abc import Sequence

from services.runtime.errors import KlantcontactError


class NotProjectable(KlantcontactError):
    """This event can't be projected. It holds where and of which kind, never a value of the event."""

    def __init__(self, reasons: Sequence[str]) -> None:
        super().__init__("; ".join(reasons))
        self.reasons = tuple(reasons)


class Unreadable(NotProjectable):
    """The record is not an event of a type and version that this release knows."""


class DocumentRefused(NotProjectable):
    """MongoDB refuses what the events come to: a validator, a number that another document has, or BSON itself."""
