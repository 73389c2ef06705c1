"""The topics that AsyncAPI describes. Names and retention are defaults; an operator can set others."""

from dataclasses import dataclass
from typing import Final

from schemas.generation.published import (
    CONSENT_CHANGED,
    CONTACT_ENDED,
    KLANTCONTACT_REGISTERED,
    KLANTCONTACT_WITHDRAWN,
    PARTIJ_CHANGED,
    PARTIJ_WITHDRAWN,
    TAAK_CREATED,
    TAAK_WITHDRAWN,
    PublishedEvent,
)

_PER_KLANTCONTACT: Final = (
    "the events of one klantcontact come in order. A subscriber that reads committed gets each once, also after "
    "crashes and restarts; if a repeat ever comes, it has the same `id`."
)

_BY_VERSIE: Final = (
    " The events of one partij come from many klantcontacten, in no order: let the highest `versie` win, and drop "
    "details of a versie below `geleegdBij`."
)

_AFTER_OR_BEFORE: Final = " A taak can be read before its klantcontact, which is on another topic."

_GIB: Final = 1024**3


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """One topic."""

    channel: str
    address: str
    summary: str
    key: str
    order: str
    retention_days: int
    retention_bytes: int
    """Of each partition."""
    is_compacted: bool = False
    """Whether the newest event of a key replaces the others after a day."""
    events: tuple[PublishedEvent, ...]


CONTACT_TOPIC: Final = Topic(
    channel="contactEnded",
    address="contact.ended",
    summary="Telephony and channel systems publish a contact here when it has ended; the classifier reads it. A "
    "municipality can give each of them a topic of its own, to which nobody else may write.",
    key="chosen by the publisher; one stable pseudonymous key per klant, never a number or name of that klant.",
    order="contacts with the same key are judged in order. Without that order the outcome is right too, but 'earlier' "
    "then means 'judged earlier'.",
    retention_days=7,
    retention_bytes=8 * _GIB,
    events=(CONTACT_ENDED,),
)

CONSENT_TOPIC: Final = Topic(
    channel="toestemmingGewijzigd",
    address="toestemming.gewijzigd",
    summary="A portal or a desk publishes here that a klant gave or withdrew consent outside a contact; the classifier "
    "reads it.",
    key="chosen by the publisher, such as a hash of the wijzigingId; never a number or name of that klant.",
    order="changes with the same key are judged in order. The moment of each decides, so another order "
    "comes out the same.",
    retention_days=7,
    retention_bytes=8 * _GIB,
    events=(CONSENT_CHANGED,),
)

REGISTERED_TOPIC: Final = Topic(
    channel="klantcontactRegistered",
    address="klantcontact.registered",
    summary="What was registered and withdrawn of contacts that are not vertrouwelijk.",
    key="klantcontactId; for partij.withdrawn and partij.changed the `id` of the event.",
    order=_PER_KLANTCONTACT + _BY_VERSIE,
    retention_days=90,
    retention_bytes=16 * _GIB,
    is_compacted=True,
    events=(KLANTCONTACT_REGISTERED, KLANTCONTACT_WITHDRAWN, PARTIJ_WITHDRAWN, PARTIJ_CHANGED),
)

CONFIDENTIAL_TOPIC: Final = Topic(
    channel="klantcontactRegisteredVertrouwelijk",
    address="klantcontact.registered.vertrouwelijk",
    summary="The same of contacts that are vertrouwelijk, for subscribers with that right; they are on no other topic.",
    key="klantcontactId.",
    order=_PER_KLANTCONTACT + _BY_VERSIE,
    retention_days=90,
    retention_bytes=16 * _GIB,
    is_compacted=True,
    events=(KLANTCONTACT_REGISTERED, KLANTCONTACT_WITHDRAWN),
)

TAAK_TOPIC: Final = Topic(
    channel="taakCreated",
    address="taak.created",
    summary="The interne taken of contacts that are not vertrouwelijk. Onderwerp and inhoud are never here.",
    key="klantcontactId.",
    order=_PER_KLANTCONTACT + _AFTER_OR_BEFORE,
    retention_days=90,
    retention_bytes=16 * _GIB,
    is_compacted=True,
    events=(TAAK_CREATED, TAAK_WITHDRAWN),
)

CONFIDENTIAL_TAAK_TOPIC: Final = Topic(
    channel="taakCreatedVertrouwelijk",
    address="taak.created.vertrouwelijk",
    summary="The same of contacts that are vertrouwelijk, for subscribers with that right; they are on no other topic.",
    key="klantcontactId.",
    order=_PER_KLANTCONTACT + _AFTER_OR_BEFORE,
    retention_days=90,
    retention_bytes=16 * _GIB,
    is_compacted=True,
    events=(TAAK_CREATED, TAAK_WITHDRAWN),
)

DEAD_LETTER_TOPIC: Final = Topic(
    channel="deadLetters",
    address="contact.ended.dlq",
    summary="Refused records, of each part the first 64 KiB, with headers that say where each lay and what was wrong.",
    key="that of the original.",
    order="that of the original within its partition.",
    retention_days=21,
    retention_bytes=2 * _GIB,
    events=(),
)

INPUT_TOPICS: Final = (CONTACT_TOPIC, CONSENT_TOPIC)

TOPICS: Final = (
    *INPUT_TOPICS,
    REGISTERED_TOPIC,
    CONFIDENTIAL_TOPIC,
    TAAK_TOPIC,
    CONFIDENTIAL_TAAK_TOPIC,
    DEAD_LETTER_TOPIC,
)
