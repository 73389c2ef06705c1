"""What became of a record: each outcome with its name, its rules and what goes out. An outcome is never an exception.

An outcome has one of three shapes, each with its own line in the log: `Published`, `Skipped`, `Refused`.
"""

from collections.abc import Iterable, Sequence
from typing import ClassVar, Final

from schemas.faults import Refusal, RefusalKind
from schemas.reading.decoding import Received
from schemas.values import value_class
from services.domain.besluit import BesluitRecord
from services.domain.changed import regels
from services.domain.events import Event, events_of


@value_class(frozen=True, slots=True)
class _WithBesluit:
    name: ClassVar[str]
    """What logs, metrics and traces call it."""

    received: Received
    besluit: BesluitRecord
    """The one in force afterwards."""

    @property
    def rules(self) -> Sequence[str]:
        """The rule of each onderwerp, or that of a change."""
        return [regel.value for regel in regels(self.besluit)]


@value_class(frozen=True, slots=True)
class Published(_WithBesluit):
    """The events of the decision go out, and its rules are counted."""

    only_new: ClassVar[bool] = False

    def events(self, source: str) -> Iterable[Event]:
        """Return what goes out; `source` is the classifier's own."""
        return events_of(self.received, self.besluit, source, only_new=self.only_new)


@value_class(frozen=True, slots=True)
class Decided(Published):
    """A contact, or a higher revisie of it, was judged for the first time."""

    name = "decided"


@value_class(frozen=True, slots=True)
class Rejudged(Published):
    """An operator asked for a new judgement of the revisie in force, and it came out otherwise."""

    name = "rejudged"
    only_new = True


@value_class(frozen=True, slots=True)
class Repeated(Published):
    """The revisie in force came again, with the same contents: the same events go out again, unless it was `Seen`."""

    name = "repeated"


@value_class(frozen=True, slots=True)
class Skipped(_WithBesluit):
    """Nothing goes out."""

    def events(self, source: str) -> Iterable[Event]:  # noqa: ARG002 - as of what is published
        """Return nothing."""
        return ()


@value_class(frozen=True, slots=True)
class Unchanged(Skipped):
    """An operator asked for a new judgement, and it came out the same."""

    name = "unchanged"


@value_class(frozen=True, slots=True)
class Seen(Skipped):
    """The revisie in force came again, and its events went out before."""

    name = "seen"


@value_class(frozen=True, slots=True)
class Overtaken(Skipped):
    """A higher revisie is in force."""

    name = "overtaken"


@value_class(frozen=True, slots=True)
class Refused:
    """A dead letter goes out: the record can't be read, or only the register shows that the contact can't be right."""

    name: ClassVar[str] = "refused"
    rules: ClassVar[Sequence[str]] = ()

    refusal: Refusal
    received: Received | None = None
    """None: the record can't be read."""


@value_class(frozen=True, slots=True)
class Failed(Refused):
    """Our own code failed on the record."""

    name = "failed"


Outcome = Published | Skipped | Refused

OUTCOMES: Final = (Decided, Rejudged, Unchanged, Repeated, Seen, Overtaken, Refused, Failed)

FAILED: Final = Failed(Refusal(RefusalKind.INTERNE_FOUT, ()))
