"""Effective consent to reuse of contact details: the newest statement known counts, by the moment of its contact.

Source: `schemas/decision.md`, "Effective consent"; AVG art. 7(3): withdrawing is as easy as giving, so at equal moments
it wins.
"""

from datetime import datetime

from schemas.contact_ended_v1 import Toestemming
from schemas.values import value_class

STATEMENTS = frozenset({Toestemming.GEGEVEN, Toestemming.INGETROKKEN})
"""What states something for later contacts; `geweigerd` and `niet_gevraagd` speak of this one only."""

REFUSALS = frozenset({Toestemming.GEWEIGERD, Toestemming.INGETROKKEN})
"""What keeps the details of this contact out of the partij. A withdrawal older than a known consent is one too."""


@value_class(frozen=True, slots=True)
class Moment:
    """Something that a contact did to a partij, and when that contact took place."""

    op: datetime
    source: str
    contact_id: str


def newest(one: Moment | None, other: Moment | None) -> Moment | None:
    """Give the later of two moments."""
    if one is None or other is None:
        return one or other
    return other if other.op > one.op else one


def is_effective(gegeven: Moment | None, ingetrokken: Moment | None) -> bool:
    """Tell whether consent is in force, given the newest statement of each kind."""
    return gegeven is not None and (ingetrokken is None or gegeven.op > ingetrokken.op)
