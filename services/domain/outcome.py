"""What became of a record: each outcome with its name, its rules and what goes out. An outcome is never an exception.

An outcome has one of four shapes, each with its own line in the log: `Published`, `Skipped`, `Refused`, and `Erased`.
An operator's instruction to erase has an answer instead: `Executed` or `Declined`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import ClassVar, Final

from schemas.faults import Refusal, RefusalKind
from schemas.reading.decoding import Received
from schemas.values import value_class
from services.domain.besluit import BesluitRecord
from services.domain.changed import regels
from services.domain.events import Event, events_of
from services.domain.wissing import Bezwaar, GewistItem, Wissing


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

    only_new: bool = False
    """Whether the events that a former judgement of the contact gave already stay out."""

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
    only_new: bool = True


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


@value_class(frozen=True, slots=True)
class Erased:
    """A contact came of which something was erased: it is closed, and nothing goes out."""

    name: ClassVar[str] = "erased"
    rules: ClassVar[Sequence[str]] = ()

    received: Received

    def events(self, source: str) -> Iterable[Event]:  # noqa: ARG002 - as of what is published
        """Return nothing."""
        return ()


@value_class(frozen=True, slots=True)
class Executed:
    """An operator's instruction to erase was executed: withdrawals go out, and a line of the ledger."""

    name: ClassVar[str] = "erasure_executed"
    rules: ClassVar[Sequence[str]] = ()
    received: ClassVar[None] = None

    wissing: Wissing
    item: GewistItem
    gone: Sequence[Event]
    """The events without contents."""
    anew: Mapping[str, Event]
    """By klantcontactId the events that go out again. Their data are `besluit` and `herkomst`, and what the instruction
    has for that klantcontact."""

    def events(self, source: str) -> Iterable[Event]:  # noqa: ARG002 - it was made with the classifier's own source
        """Return what goes out: the same each time that the instruction comes."""
        yield from self.gone
        contents = {each["klantcontact"]["klantcontactId"]: each for each in self.wissing.opnieuw}
        for klantcontact_id, event in self.anew.items():
            data = {**contents[klantcontact_id], **event.body["data"]}
            yield replace(event, body={**event.body, "data": data})


@value_class(frozen=True, slots=True)
class Declined:
    """An operator's instruction to erase was not executed, since it no longer fits. Nothing goes out."""

    name: ClassVar[str] = "erasure_declined"
    rules: ClassVar[Sequence[str]] = ()
    received: ClassVar[None] = None

    wissing: Wissing
    bezwaar: Bezwaar

    def events(self, source: str) -> Iterable[Event]:  # noqa: ARG002 - as of what is published
        """Return nothing."""
        return ()


Outcome = Published | Skipped | Refused | Erased
"""Of a contact."""

InstructionAnswer = Executed | Declined
"""To an instruction."""

OUTCOMES: Final = (
    Decided,
    Rejudged,
    Unchanged,
    Repeated,
    Seen,
    Overtaken,
    Refused,
    Failed,
    Erased,
    Executed,
    Declined,
)

FAILED: Final = Failed(Refusal(RefusalKind.INTERNE_FOUT, ()))
