"""The state of a klantcontact or interne taak by its newest decision: registered, or withdrawn.

The law of this file: the highest (revisie, besluitversie) counts. At equal ones, which should never occur, withdrawn
counts above registered, and confidential above ordinary. A maximum depends neither on order nor on repeats, so neither
does what is stored, nor where.
"""

from typing import Final, NamedTuple

from schemas.values import value_class
from services.projector.events import Data
from services.projector.merging.documents import ProjectedDocument


class Revision(NamedTuple):
    """Identifies a decision about a contact. A later one compares higher."""

    revisie: int
    besluitversie: int


FIRST: Final = Revision(1, 1)
"""The decision about a contact that no other precedes."""


@value_class(frozen=True, slots=True)
class Kept:
    """Registered. `document` is None when the stored document is already right."""

    revision: Revision
    vertrouwelijk: bool
    """Whether it stands, or has to stand, apart from what is ordinary."""
    document: ProjectedDocument | None = None
    actor: ProjectedDocument | None = None
    """Of a taak: the actor that it is assigned to, as its document has it."""
    reopens: bool = False
    """Of a taak: whether this batch opens it again, whatever status it has (`taak.py`)."""


@value_class(frozen=True, slots=True)
class Gone:
    """Withdrawn. It is remembered, so that an earlier decision that comes late does not bring it back."""

    revision: Revision


Versioned = Kept | Gone


def revision_of(data: Data) -> Revision:
    """Return the decision that an event follows from."""
    return Revision(data["herkomst"]["revisie"], data["besluit"]["besluitversie"])


def is_news(known: Versioned | None, revision: Revision, *, gone: bool = False, vertrouwelijk: bool = False) -> bool:
    """Whether an event is newer than what is known."""
    if known is None:
        return True
    if isinstance(known, Gone):
        return revision > known.revision
    return (revision, gone, vertrouwelijk) > (known.revision, False, known.vertrouwelijk)


def after_withdrawal(known: Versioned | None, data: Data) -> Versioned | None:
    """Return the state after a withdrawal. One that moved continues under the same id on the other topic, which we read
    too.
    """
    revision = revision_of(data)
    return Gone(revision) if not data["verplaatst"] and is_news(known, revision, gone=True) else known


def is_newer(state: Versioned, known: Versioned | None) -> bool:
    """Whether a state is newer than what is known."""
    if isinstance(state, Gone):
        return is_news(known, state.revision, gone=True)
    return is_news(known, state.revision, vertrouwelijk=state.vertrouwelijk)
