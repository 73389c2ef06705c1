"""By what a klant or a contact is recognised, as far as it is known by now.

It grows while places are read. Of a klant only what names it counts: another klant of the same contact has things of
its own. A contact in which nobody established who the klant is counts as a whole, once a number of the klant leads to
it.
"""

import re
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Final

from schemas.positions import Position
from schemas.reading.origin import Origin, origin_in
from services.domain.besluit import BesluitRecord
from services.domain.ids import contact_key_named
from services.operations.places.numbers import KlantNumbers

UUIDS: Final = re.compile(rb"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(slots=True)
class Traces:
    """What is known of one subject."""

    is_klant: bool
    """Whether the subject is a klant, and not a contact."""
    numbers: KlantNumbers
    partij_ids: set[str] = field(default_factory=set)
    """Of the klant."""
    contacts: dict[str, Origin | None] = field(default_factory=dict)
    """The contacts that are about the subject, by the key of their decision record; None: only the key is known."""
    whole: set[str] = field(default_factory=set)
    """The keys of the contacts of which everything counts."""
    things: set[str] = field(default_factory=set)
    """The ids of klantcontacten and interne taken that are about the subject."""
    things_of_whole: set[str] = field(default_factory=set)
    """Those of them that are of a contact of which everything counts."""
    remains: set[str] = field(default_factory=set)
    """The ids of all things that those contacts ever gave. What is left of a withdrawn one is its ids."""
    positions: set[Position] = field(default_factory=set)
    """Where records of those contacts lay."""
    messages: dict[Position, Origin | None] = field(default_factory=dict)
    """The messages of channels that are about the subject, with the contact that each became, as far as it is known."""

    @property
    def ids(self) -> set[str]:
        """All ids by which something is about the subject."""
        return self.partij_ids | self.things

    def add_contact(self, key: str, origin: Origin | None, *, whole: bool) -> None:
        """Note a contact that is about the subject."""
        if origin is not None or key not in self.contacts:
            self.contacts[key] = origin
        if whole:
            self.whole.add(key)

    def add_besluit(self, besluit: BesluitRecord) -> None:
        """Note what the decision record of such a contact names."""
        if besluit.contact_id:
            self.add_contact(besluit.key, Origin(besluit.source, besluit.contact_id), whole=False)
        places = (besluit.position, besluit.sent_with, *(each.position for each in besluit.voorgangers))
        self.positions.update(each for each in places if each is not None)
        given = set(_given_by(besluit))
        self.remains |= given
        if besluit.key in self.whole:
            self.things |= given
            self.things_of_whole |= given

    def key_of(self, origin: Origin) -> str | None:
        """Return the key of a contact, or change of consent, that is about the subject; None for another."""
        if origin.source is None or origin.contact_id is None:
            return next((key for key, each in self.contacts.items() if _may_be(origin, each)), None)
        keys = (contact_key_named(*origin), contact_key_named(*origin, change=True))
        return next((key for key in keys if key in self.contacts), None)

    def names(self) -> Iterator[Origin]:
        """Yield the contacts of which everything counts, as far as their names are known."""
        yield from (each for key in self.whole if (each := self.contacts[key]) is not None)

    def nameless(self) -> set[str]:
        """Return the keys of those of which only the key is known."""
        return {key for key in self.whole if self.contacts[key] is None}


def names_one_of(ids: AbstractSet[str], text: bytes) -> bool:
    """Whether one of these ids stands in a text: JSON, or a document of MongoDB as it is sent."""
    return bool(ids) and any(each.decode() in ids for each in UUIDS.findall(text))


def key_in(herkomst: object) -> str | None:
    """Return the key of the contact, or change of consent, that something of the classifier follows from."""
    is_change = isinstance(herkomst, dict) and "wijzigingId" in herkomst
    return contact_key_named(*origin_in(herkomst), change=is_change)


def _may_be(origin: Origin, known: Origin | None) -> bool:
    """Whether an origin without source is that of a contact. One without contactId is of none."""
    return known is not None and origin.contact_id is not None and origin.contact_id == known.contact_id


def _given_by(besluit: BesluitRecord) -> Iterator[str]:
    for each in besluit.uitgegeven:
        yield each.klantcontact_id
        yield besluit.taak_id_of(each.onderwerp_id)
