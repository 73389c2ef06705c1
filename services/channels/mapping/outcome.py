"""What becomes of a contact in a message: an event, nothing for a reason, or a refusal."""

from dataclasses import field
from enum import StrEnum

from schemas.faults import FaultKind
from schemas.mapping_faults import MappingFaultKind
from schemas.values import value_class


class MessageRefusal(StrEnum):
    """Why a message, or a contact in it, became no event."""

    ONLEESBAAR = "onleesbaar"
    """It is no JSON, and no mail, or is nested too deeply."""
    TE_GROOT = "te_groot"
    """The message exceeds 256 KiB or the event 64 KiB, or the message makes too many contacts, or too much of them."""
    MAPPING_FOUT = "mapping_fout"
    """A place of the mapping gave no value. Correct the mapping."""
    CONTACT_ONGELDIG = "contact_ongeldig"
    """The event breaks the contract, at the places that the faults name."""


@value_class(frozen=True, slots=True)
class MappedContact:
    """An event, as bytes in structured mode. It is valid: the classifier's own reader took it.

    `key` is personal: nothing but a keyed hash of it may leave the process.
    """

    contact_id: str
    revisie: int
    value: bytes
    key: str | None = field(repr=False)


@value_class(frozen=True, slots=True)
class SkippedContact:
    """No event, for a reason that the mapping names, or `geen_contact` for a message without any."""

    reason: str


@value_class(frozen=True, slots=True)
class ChannelFault:
    """One fault: its place in the mapping, or the path in the event and the place in the mapping that it came from."""

    place: str
    kind: MappingFaultKind | FaultKind
    pad: str | None = None


@value_class(frozen=True, slots=True)
class RefusedContact:
    """A message, or a contact in it, that became no event. It holds no value of the message but the contact's id."""

    kind: MessageRefusal
    faults: tuple[ChannelFault, ...] = ()
    contact_id: str | None = field(default=None, compare=False, repr=False)
    """Of the event that the contract refuses, where that is valid."""


ChannelOutcome = MappedContact | SkippedContact | RefusedContact
NO_CONTACT = "geen_contact"
