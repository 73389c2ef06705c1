"""Which contacts and partijen have been kept long enough: pure, so that it can be tried with any moment.

A contact goes as a whole, with all its klantcontacten: they were registered from one event, and one instruction takes
them back. So the last of them decides. While a taak of it is open, somebody still needs it.
"""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from enum import StrEnum

from schemas.outputs import Regel
from schemas.values import value_class
from services.domain.besluit import BesluitRecord
from services.operations.retain.period import Period
from services.operations.retain.terms import Terms


@value_class(frozen=True, slots=True)
class StoredKlantcontact:
    """What decides about a klantcontact of a contact."""

    klantcontact_id: str
    regel: Regel
    zaak: bool = False
    """Whether a zaak is linked to it."""
    taak_open: bool = False
    """Whether a taak of it is not done yet."""
    contactgegevens: bool = False
    """Whether a betrokkene of it has a name or an address there."""
    gereed_op: datetime | None = None
    """When its taak was first seen to be done; None: there is none, or it is open."""


@value_class(frozen=True, slots=True)
class StoredContact:
    """What decides about a contact."""

    key: str
    op: datetime
    """When it took place."""
    klantcontacten: Sequence[StoredKlantcontact] = ()
    beperkt: bool = False
    """Whether the processing of a partij of it is restricted (AVG art. 18)."""


class Fate(StrEnum):
    """Whether something goes, or why it stays."""

    GOES = "goes"
    NO_TERM = "no term"
    """The municipality has set none for it."""
    NOT_YET = "not yet"
    OPEN_TAAK = "open taak"
    RESTRICTED = "restricted"
    """Its term has passed, but the processing of a partij is restricted."""


@value_class(frozen=True, slots=True)
class JudgedContact:
    """What becomes of a contact."""

    standing: Fate
    regel: Regel | None = None
    """The rule whose term lasts longest; None: nothing of it is registered."""


def judge_contact(contact: StoredContact, terms: Terms, now: datetime) -> JudgedContact:
    """Return what becomes of a contact."""
    if not contact.klantcontacten:
        return JudgedContact(_standing(contact, terms.besluiten_zonder_klantcontact, now))
    ends: list[tuple[datetime, Regel]] = []
    for each in contact.klantcontacten:
        term = terms.of_klantcontact(each.regel, zaak=each.zaak)
        if term is None:
            return JudgedContact(Fate.NO_TERM, each.regel)
        ends.append((term.after(contact.op), each.regel))
    last, regel = max(ends)
    if last > now:
        return JudgedContact(Fate.NOT_YET, regel)
    if any(each.taak_open for each in contact.klantcontacten):
        return JudgedContact(Fate.OPEN_TAAK, regel)
    return JudgedContact(Fate.RESTRICTED if contact.beperkt else Fate.GOES, regel)


def _standing(contact: StoredContact, term: Period | None, now: datetime) -> Fate:
    if term is None:
        return Fate.NO_TERM
    if term.after(contact.op) > now:
        return Fate.NOT_YET
    return Fate.RESTRICTED if contact.beperkt else Fate.GOES


def judge_details(contact: StoredContact, terms: Terms, now: datetime) -> Fate:
    """Return what becomes of the details at the betrokkenen of a contact that stays itself."""
    holding = [each for each in contact.klantcontacten if each.contactgegevens]
    term = terms.contactgegevens_na_taak
    if term is None or not holding:
        return Fate.NO_TERM
    if any(each.taak_open for each in contact.klantcontacten):
        return Fate.OPEN_TAAK
    done = [each.gereed_op for each in holding if each.gereed_op is not None]
    if len(done) < len(holding) or term.after(max(done)) > now:
        return Fate.NOT_YET
    return Fate.RESTRICTED if contact.beperkt else Fate.GOES


def changes_due(
    changes: Iterable[BesluitRecord], known: AbstractSet[str], restricted: AbstractSet[str]
) -> list[BesluitRecord]:
    """Return the changes outside a contact that no partij needs any more. `known`: the partijen that a contact knows.

    Such a change says what holds for a partij, so it has no term of its own. It goes with the last contact: by itself
    it would keep a partij without a klantcontact (VNG V3337).
    """
    kept = known | restricted
    return [each for each in changes if kept.isdisjoint(partij.partij_id for partij in each.partijen)]


@value_class(frozen=True, slots=True)
class StoredPartij:
    """The entry of a partij that no contact knows."""

    partij_id: str
    nummer: str
    beperkt: bool = False


def judge_partij(partij: StoredPartij, left: Mapping[str, datetime], terms: Terms, now: datetime) -> Fate:
    """Return what becomes of such an entry. `left`: when a decision last let go of each partij."""
    term = terms.partijen_zonder_contact
    if term is None:
        return Fate.NO_TERM
    since = left.get(partij.partij_id)
    if since is not None and term.after(since) > now:
        return Fate.NOT_YET
    return Fate.RESTRICTED if partij.beperkt else Fate.GOES
