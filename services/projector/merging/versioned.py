"""A klantcontact and an interne taak are as their newest decision has them: registered, or taken back.

The law of this file: of everything ever seen of one of them, the highest (revisie, besluitversie) is what counts, and
taken back counts above registered when they are equal (they never should be). A maximum does not depend on the order in
which it is taken, nor on repeats; so neither does what is stored.
"""

from typing import NamedTuple

from schemas.outputs import Besluit, Herkomst
from schemas.values import value_class
from services.projector.merging.documents import ProjectedDocument


class Revision(NamedTuple):
    """Which decision about a contact; a later one compares higher."""

    revisie: int
    besluitversie: int


@value_class(frozen=True, slots=True)
class Kept:
    """It was registered. `document` is None when it stands in the database as it is."""

    revision: Revision
    document: ProjectedDocument | None = None


@value_class(frozen=True, slots=True)
class Gone:
    """It was taken back; remembered so that an earlier decision that comes late does not bring it back."""

    revision: Revision


Versioned = Kept | Gone


def revision_of(herkomst: Herkomst, besluit: Besluit) -> Revision:
    """Tell which decision an event follows from."""
    return Revision(herkomst.revisie, besluit.besluitversie)


def is_news(known: Versioned | None, revision: Revision, *, gone: bool) -> bool:
    """Tell whether an event says more than what is known."""
    return known is None or (revision, gone) > (known.revision, isinstance(known, Gone))
