"""The errors that stop the projector. Each is our bug: only our own classifier writes the topics that it reads."""

from collections.abc import Sequence

from services.runtime.errors import KlantcontactError


class NotProjectable(KlantcontactError):
    """This event can't be projected. The reasons name places and kinds of error, never a value of the event."""

    def __init__(self, reasons: Sequence[str]) -> None:
        super().__init__("; ".join(reasons))
        self.reasons = tuple(reasons)


class Unreadable(NotProjectable):
    """The record is no event of a type and version that this release knows."""


class DocumentRefused(NotProjectable):
    """MongoDB refuses a document: a validator, a number that another document has, or BSON itself."""
