"""The state of a partij. Any two parts of its history can be joined into one, in any order.

The laws of this file (`schemas/decision.md`, "Taking back"):

1. `join` is commutative, associative and idempotent, and an event is itself a small state. So repeats and order do
   not matter.
2. A partij has one of some things: nummer and soort, toestemming, the identificator of a kind. There the highest
   `versie` counts, whatever the revisie of the event. One versie is one decision, so it has one content.
3. What a contact brought is kept under that contact, with its versie. A newer versie of the same contact replaces it,
   even by nothing.
4. Nothing of a versie below `geleegdBij` has contents. Nothing of a versie up to `vervallenBij` is left. Both only
   grow.
5. The MAX_CONTACTS newest contacts are kept. This does not depend on the order either. A contact is dropped when that
   many others have a higher versie. Those can only get a higher versie still, or be emptied or vervallen; then
   everything below them is too. So a contact that is dropped once would be dropped from the whole as well.

A contact that brings nothing leaves a marker (its id and versie). The marker is needed only while something older of
that contact could still come and would not be emptied anyway.
"""

from collections.abc import Mapping
from dataclasses import field
from typing import NamedTuple

from schemas.values import value_class
from services.projector.merging.documents import ProjectedDocument

MAX_CONTACTS = 50
"""Promised in `schemas/decision.md`, "Taking back". It bounds the document of a klant who calls daily."""

CONSENT_GIVEN = "gegeven"
NO_CONSENT = "geen"

NAMES = ("contactnaam", "organisatienaam")
"""The fields of a partij that hold a name."""


class Contact(NamedTuple):
    """The contact that brought something: its id is unique within its source."""

    source: str
    contact_id: str


class Kern(NamedTuple):
    """The identity of the partij, as of the highest versie that stated it."""

    versie: int
    nummer: str
    soort_partij: str
    identificatie: str
    werkte_voor: tuple[ProjectedDocument, ...] | None
    """The identificatoren of the organisatie that a contactpersoon works for; None when it works for none."""


class EffectiveConsent(NamedTuple):
    """Whether effective consent exists, as of that versie."""

    versie: int
    waarde: str


class Restriction(NamedTuple):
    """Whether processing is restricted (AVG 18), as of that versie."""

    versie: int
    beperkt: bool


class Identificator(NamedTuple):
    """The identificator of one kind, as of that versie; None: taken back."""

    versie: int
    document: ProjectedDocument | None


class BroughtDetails(NamedTuple):
    """The details that one contact brought, with `plaatsgevondenOp`, as of that versie. Empty when it brought none."""

    versie: int
    document: ProjectedDocument


@value_class(frozen=True, slots=True)
class PartijState:
    """Everything known of a partij."""

    versie: int = 0
    """The highest versie of any event seen."""
    geleegd_bij: int = 0
    vervallen_bij: int = 0
    kern: Kern | None = None
    """None when the partij is not shown: only withdrawals from it have come so far, or it is vervallen."""
    toestemming: EffectiveConsent | None = None
    beperking: Restriction | None = None
    """None: nothing has been said of it."""
    identificatoren: Mapping[str, Identificator] = field(default_factory=dict)
    bijdragen: Mapping[Contact, BroughtDetails] = field(default_factory=dict)


UNKNOWN = PartijState()


def join(left: PartijState, right: PartijState) -> PartijState:
    """Return what two states together know of one partij."""
    geleegd_bij = max(left.geleegd_bij, right.geleegd_bij)
    vervallen_bij = max(left.vervallen_bij, right.vervallen_bij)
    identificatoren = dict(left.identificatoren)
    for kind, theirs in right.identificatoren.items():
        ours = identificatoren.get(kind)
        if ours is None or _rank(theirs) > _rank(ours):
            identificatoren[kind] = theirs
    bijdragen = dict(left.bijdragen)
    for contact, bijdrage in right.bijdragen.items():
        if contact not in bijdragen or bijdrage.versie > bijdragen[contact].versie:
            bijdragen[contact] = bijdrage
    return PartijState(
        versie=max(left.versie, right.versie),
        geleegd_bij=geleegd_bij,
        vervallen_bij=vervallen_bij,
        kern=_newest_kern(left.kern, right.kern, vervallen_bij),
        toestemming=_newest_toestemming(left.toestemming, right.toestemming, vervallen_bij),
        # A partij that comes back under its old id is as restricted as it was.
        beperking=max(filter(None, (left.beperking, right.beperking)), default=None),
        identificatoren={kind: each for kind, each in identificatoren.items() if each.versie > vervallen_bij},
        bijdragen=_newest_contacts(bijdragen, geleegd_bij, vervallen_bij),
    )


def _rank(identificator: Identificator) -> tuple[int, bool]:
    """One decision may withdraw a kind and give it anew: the given one counts."""
    return identificator.versie, identificator.document is not None


def _newest_kern(left: Kern | None, right: Kern | None, vervallen_bij: int) -> Kern | None:
    known = [kern for kern in (left, right) if kern is not None and kern.versie > vervallen_bij]
    return max(known, key=lambda kern: kern.versie, default=None)


def _newest_toestemming(
    left: EffectiveConsent | None, right: EffectiveConsent | None, vervallen_bij: int
) -> EffectiveConsent | None:
    known = [each for each in (left, right) if each is not None and each.versie > vervallen_bij]
    return max(known, key=lambda each: (each.versie, each.waarde == NO_CONSENT), default=None)


def _newest_contacts(
    bijdragen: dict[Contact, BroughtDetails], geleegd_bij: int, vervallen_bij: int
) -> dict[Contact, BroughtDetails]:
    left = {
        contact: bijdrage
        for contact, bijdrage in bijdragen.items()
        if bijdrage.versie > vervallen_bij and _says_something(bijdrage, geleegd_bij)
    }
    if len(left) <= MAX_CONTACTS:
        return left
    newest = sorted(left, key=lambda contact: (left[contact].versie, contact), reverse=True)
    return {contact: left[contact] for contact in newest[:MAX_CONTACTS]}


def _says_something(bijdrage: BroughtDetails, geleegd_bij: int) -> bool:
    """Whether it has an effect. A marker suppresses older details of its contact, unless those are emptied anyway."""
    return bijdrage.versie >= geleegd_bij if bijdrage.document else bijdrage.versie > geleegd_bij
