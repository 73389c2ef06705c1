"""What comes of judging one contact: an expected outcome is a value, never an exception."""

from schemas.faults import Refusal
from schemas.reading.decoding import Received
from schemas.values import value_class
from services.domain.besluit import BesluitRecord


@value_class(frozen=True, slots=True)
class Judged:
    """A contact, or a higher revisie of it, was judged for the first time."""

    received: Received
    besluit: BesluitRecord


@value_class(frozen=True, slots=True)
class Rejudged:
    """An operator asked for a new judgement of the revisie in force, and it came out otherwise."""

    received: Received
    besluit: BesluitRecord


@value_class(frozen=True, slots=True)
class Unchanged:
    """An operator asked for a new judgement, and it came out the same: nothing goes out. `besluit` is in force."""

    received: Received
    besluit: BesluitRecord


@value_class(frozen=True, slots=True)
class Repeated:
    """The revisie in force came again, with the same contents: the same events go out again."""

    received: Received
    besluit: BesluitRecord


@value_class(frozen=True, slots=True)
class Overtaken:
    """A lower revisie than the one in force: nothing goes out. `besluit` is the one in force."""

    received: Received
    besluit: BesluitRecord


@value_class(frozen=True, slots=True)
class Refused:
    """Only the register shows that the contact can't be right."""

    received: Received
    refusal: Refusal


Judgement = Judged | Rejudged | Unchanged | Repeated | Overtaken | Refused
