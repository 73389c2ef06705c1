"""Why a record of an output topic is not projected: it is not ours, or it is ours and there is a bug of ours."""

from collections.abc import Sequence
from enum import StrEnum

from services.runtime.errors import KlantcontactError


class ForeignReason(StrEnum):
    """What shows that a record is not an event of our classifier. Metrics, the log and the report name it."""

    NO_VALUE = "no_value"
    """A tombstone."""
    NO_JSON = "no_json"
    OTHER_TYPE = "other_type"
    """A `type` that this release does not project, or none."""
    OTHER_SOURCE = "other_source"
    """A `source` other than `SOURCE` and `FORMER_SOURCES`, or none."""
    TOO_LARGE = "too_large"
    """A batch that unpacks to more than memory is meant to hold."""


class Foreign(KlantcontactError):
    """The record is not an event of our classifier. It is passed over."""

    def __init__(self, reason: ForeignReason) -> None:
        super().__init__(reason.value)
        self.reason = reason


class NotProjectable(KlantcontactError):
    """This event of ours can't be projected. The reasons name places and kinds of error, never a value of the event."""

    def __init__(self, reasons: Sequence[str]) -> None:
        super().__init__("; ".join(reasons))
        self.reasons = tuple(reasons)


class Unreadable(NotProjectable):
    """The event has our source and a type of ours, but not the form of a version that this release knows."""


class DocumentRefused(NotProjectable):
    """MongoDB refuses a document: a validator, a number that another document has, or BSON itself."""
