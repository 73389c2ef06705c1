"""Effective consent to reuse of contact details: the newest known statement counts, by the moment of its contact.

Source: `schemas/decision.md`, "Effective consent"; AVG art. 7(3): withdrawing is as easy as giving, so at equal moments
it wins.
"""

from dataclasses import replace
from datetime import datetime

from schemas.contact_ended_v1 import Toestemming
from schemas.reading.coherence import CLOCK_TOLERANCE
from schemas.values import value_class

STATEMENTS = frozenset({Toestemming.GEGEVEN, Toestemming.INGETROKKEN})
"""The answers that count for later contacts too; `geweigerd` and `niet_gevraagd` speak of their own contact only."""

REFUSALS = frozenset({Toestemming.GEWEIGERD, Toestemming.INGETROKKEN})
"""The answers that keep the details of their contact out of the partij, even when a newer consent counts."""


@value_class(frozen=True, slots=True)
class Moment:
    """Something that a contact did to a partij, and when that contact took place."""

    op: datetime
    source: str
    contact_id: str
    wijziging: bool = False
    """Whether it was no contact but a change outside one; `contact_id` is its wijzigingId then."""

    def is_of(self, other: "Moment") -> bool:
        """Whether both are of one contact."""
        mine, theirs = (self.source, self.contact_id, self.wijziging), (other.source, other.contact_id, other.wijziging)
        return mine == theirs


@value_class(frozen=True, slots=True)
class Statement:
    """A statement of consent, and the contact that made it."""

    toestemming: Toestemming
    """One of `STATEMENTS`."""
    contact: Moment


@value_class(frozen=True, slots=True)
class Statements:
    """The newest statement of each kind about one partij; None where no contact made one."""

    gegeven: Moment | None = None
    ingetrokken: Moment | None = None

    def stated_at(self, said: Toestemming | None, contact: Moment) -> Moment:
        """Return the moment from which the statement of a contact counts, judged after these: normally its own.

        The clocks of two systems differ. So a withdrawal counts from the newest consent, where that was judged before
        it and lies at most the tolerance after it.
        """
        given = self.gegeven
        if said is Toestemming.INGETROKKEN and given and contact.op < given.op <= contact.op + CLOCK_TOLERANCE:
            return replace(contact, op=given.op)
        return contact

    def including(self, said: Toestemming | None, contact: Moment) -> "Statements":
        """Return the newest statements with one more, which counts from the moment of `contact`.

        An answer outside `STATEMENTS` changes nothing.
        """
        if said is Toestemming.GEGEVEN:
            return Statements(newest(self.gegeven, contact), self.ingetrokken)
        if said is Toestemming.INGETROKKEN:
            return Statements(self.gegeven, newest(self.ingetrokken, contact))
        return self

    @property
    def counting(self) -> Statement | None:
        """The statement that counts: the newest, and of two at one moment the withdrawal."""
        if self.gegeven is not None and (self.ingetrokken is None or self.gegeven.op > self.ingetrokken.op):
            return Statement(Toestemming.GEGEVEN, self.gegeven)
        return Statement(Toestemming.INGETROKKEN, self.ingetrokken) if self.ingetrokken is not None else None

    @property
    def give_consent(self) -> bool:
        """Whether consent to reuse is in force: the statement that counts gives it."""
        counting = self.counting
        return counting is not None and counting.toestemming is Toestemming.GEGEVEN


def newest(one: Moment | None, other: Moment | None) -> Moment | None:
    """Return the later of two moments; of equal ones the first."""
    if one is None or other is None:
        return one or other
    return other if other.op > one.op else one
