"""A contact made ready to be judged: with the keys by which the register is asked about it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from schemas.contact_ended_v1 import Rol
from schemas.faults import Fault
from schemas.identities import Identity, identities
from schemas.positions import Position
from schemas.reading.decoding import Received
from schemas.values import value_class
from services.domain.besluit import BesluitRecord
from services.domain.bronnen import not_allowed
from services.domain.consent import Moment
from services.domain.decide import counts
from services.domain.gekend import gekend
from services.domain.herbeoordeling import Herbeoordeling
from services.domain.ids import change_key, contact_key, identifier
from services.domain.policy import Beleid
from services.domain.sleutels import Sleutels


@value_class(frozen=True, slots=True)
class Instruction:
    """What the municipality itself asks about a partij outside a contact, by its id: nobody authenticates for it."""

    partij_id: str
    beperking: bool | None = None
    """Whether its processing is restricted from now on; None: it is about consent."""


INSTRUCTED: Final = "opdracht"
"""In the place of a means of authentication."""


@value_class(frozen=True, slots=True)
class Case:
    """One received contact, with everything that follows from it without the register."""

    received: Received
    key: str
    """Of the contact's decision record."""
    digest: str
    """Of its contents."""
    moment: Moment
    identities: tuple[tuple[Identity, ...], ...]
    """For each betrokkene; empty for `overig`, and for all of them when the contact does not pass the gates."""
    sleutels: tuple[tuple[str, ...], ...]
    """The same identities as the register knows them."""
    gekend: Mapping[int, str]
    """The positions of the gekende betrokkenen, each with the means that made it so."""
    not_allowed: tuple[Fault, ...] = ()
    """What the policy does not allow its source."""
    position: Position | None = None
    """Of its record in Kafka; None in a dry run."""
    herbeoordeling: Herbeoordeling | None = None
    """Set when an operator asks for a new judgement."""
    publish_again: bool = False
    """Set when an operator asks for the events of the revisie in force, whether they went out before or not."""
    instruction: Instruction | None = None
    """Set when the municipality itself changes a partij outside a contact."""

    @property
    def is_change(self) -> bool:
        """Whether it is a change outside a contact, which has no onderwerp."""
        return not self.received.contact.onderwerpen

    def repeats(self, in_force: BesluitRecord | None) -> bool:
        """Whether it is the revisie of a decision, with the same contents."""
        revisie = self.received.contact.revisie
        return in_force is not None and (in_force.revisie, in_force.digest) == (revisie, self.digest)

    def asked_for(self, in_force: BesluitRecord) -> bool:
        """Whether a decision is the new judgement that this very record asked for: it was recorded before."""
        asked = self.herbeoordeling
        return (
            asked is not None
            and self.position is not None
            and (in_force.besluitversie, in_force.sent_with) == (asked.besluitversie + 1, self.position)
        )

    def in_full(self, besluit: BesluitRecord) -> BesluitRecord:
        """Return the decision about the same revisie with the same contents, with what its short form lacks."""
        if not besluit.is_shortened:
            return besluit
        received = self.received
        contact = received.contact
        onderwerpen = zip(contact.onderwerpen, besluit.onderwerpen, strict=True)
        return replace(
            besluit,
            contact_id=contact.contact_id,
            # The id of the first event is not known any more. This one names the same contact and revisie.
            event_id=received.event_id,
            traceparent=received.traceparent,
            plaatsgevonden_op=contact.plaatsgevonden_op,
            vertrouwelijk=contact.vertrouwelijk,
            onderwerpen=tuple(replace(each, onderwerp_id=named.onderwerp_id or "") for named, each in onderwerpen),
        )

    def own_partij_id(self, position: int) -> str:
        """Return the partij id of a betrokkene without an identity to be found by: the same one in every revisie."""
        if self.instruction is not None:
            return self.instruction.partij_id
        contact = self.received.contact
        return identifier(self.received.source, "partij", contact.contact_id, contact.betrokkenen[position].ref)

    def vervolg_key(self) -> str | None:
        """Return the key of the contact that this one follows up, if it names that by its contactId."""
        asked = self.received.contact.vervolg_op
        if asked is None or asked.contact_id is None:
            return None
        return contact_key(self.received.source, asked.contact_id)

    def own_partij_ids(self) -> Sequence[str]:
        """Return those ids for all gekende betrokkenen that need one."""
        return [self.own_partij_id(position) for position in self.gekend if not self.sleutels[position]]


def prepare(
    received: Received,
    sleutels: Sleutels,
    beleid: Beleid,
    *,
    position: Position | None = None,
    topic: str | None = None,
    herbeoordeling: Herbeoordeling | None = None,
) -> Case:
    """Return a contact with its keys. `topic` is of a dry run, which has no position."""
    contact = received.contact
    found: tuple[tuple[Identity, ...], ...] = ((),) * len(contact.betrokkenen)
    if counts(contact):
        by_ref = {betrokkene.ref: betrokkene for betrokkene in contact.betrokkenen}
        found = tuple(
            () if betrokkene.rol is Rol.OVERIG else identities(betrokkene, by_ref.get)
            for betrokkene in contact.betrokkenen
        )
    is_change = not contact.onderwerpen
    return Case(
        received=received,
        key=(change_key if is_change else contact_key)(received.source, contact.contact_id),
        digest=sleutels.of_contents(contact),
        moment=Moment(contact.plaatsgevonden_op, received.source, contact.contact_id, is_change),
        identities=found,
        sleutels=tuple(tuple(sleutels.of_identity(each) for each in of_one) for of_one in found),
        gekend=gekend(contact, found, beleid),
        not_allowed=not_allowed(received, position.topic if position is not None else topic, beleid),
        position=position,
        herbeoordeling=herbeoordeling,
    )
