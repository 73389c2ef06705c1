"""Decodes a Kafka record into a contact, or into everything that is wrong with it.

Two ways lead to the same result. The fast one validates the record in one call, and fits what publishers normally
send. A record that it can't take (with a null, an unknown field, any error) is read again with care. So the finer
points of the contract stand in one place.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from schemas.cloudevents import (
    DATA_BASE64,
    Envelope,
    Headers,
    attributes_size,
    binary_attributes,
    has_none_of,
    has_other_names,
    is_quoted,
    traceparent_in,
    valid_traceparent,
)
from schemas.contact_ended_v1 import (
    Betrokkene,
    ContactEnded,
    ContactEndedAttributes,
    ContactEndedEvent,
    Onderwerp,
    Richting,
)
from schemas.faults import (
    FAULT_KINDS,
    LENGTHS_OF_LISTS,
    OF_ONE_FIELD,
    UNION_MARK,
    Fault,
    FaultKind,
    Refusal,
    RefusalKind,
    path,
)
from schemas.reading.coherence import ZAAK_OPVOLGING, Parts, incoherences
from schemas.reading.parsing import may_hold_nul, parse, taken_apart, unpack
from schemas.reading.partial import readable
from schemas.reading.tidying import tidy
from schemas.values import value_class
from schemas.vng import SoortPartij

MAX_BYTES = 64 * 1024
"""The most bytes of a record's value, and of its attributes in binary mode. A larger record is not read.

Data in base64 is bounded by it too: 64 KiB of base64 hold 48 KiB.
"""

MANY_FAULTS = 50
"""With more faults in single fields than this, the rules over several fields are not applied."""

_OF_DATA = frozenset({"data", DATA_BASE64})


@value_class(frozen=True, slots=True)
class Received:
    """A valid contact, with the attributes of its envelope. A change of consent is one without onderwerpen."""

    source: str
    event_id: str
    time: datetime
    traceparent: str | None
    contact: ContactEnded
    unknown_fields: tuple[str, ...] = ()
    subject: str | None = None


def decode(value: bytes | None, headers: Headers = (), written_at: datetime | None = None) -> Received | Refusal:
    """Decode a record. The contact's moment is bounded by `written_at`, the broker's, or by `time` without that."""
    if value is None:
        return unreadable()
    if len(value) > MAX_BYTES or (headers and attributes_size(headers) > MAX_BYTES):
        return Refusal(RefusalKind.TE_GROOT, (Fault("", FaultKind.TE_GROOT),))
    attributes = binary_attributes(headers) if headers else None
    return _read_fast(value, attributes, written_at, headers) or _read_with_care(value, attributes, written_at, headers)


def _read_fast(
    value: bytes, attributes: dict[str, Any] | None, written_at: datetime | None, headers: Headers = ()
) -> Received | None:
    if b"null" in value or may_hold_nul(value) or (attributes is not None and "\0" in "".join(attributes.values())):
        return None
    try:
        if attributes is None:
            event = ContactEndedEvent.model_validate_json(value, extra="forbid")
            envelope: ContactEndedAttributes = event
            contact = event.data
        else:
            envelope = ContactEndedAttributes.model_validate(attributes)
            contact = ContactEnded.model_validate_json(value, extra="forbid")
    except ValidationError:
        apart = taken_apart(value) if attributes is None else None
        return _read_fast(apart.data, apart.attributes, written_at, headers) if apart else None
    if not isinstance(envelope.traceparent, str | None):
        return None  # pydantic accepts numbers there that are no JSON
    if incoherences(_parts_of(contact), written_at or envelope.time):
        return None
    return _received(envelope, contact, headers)


def _received(
    envelope: Envelope, contact: ContactEnded, headers: Headers, unknown_fields: Sequence[str] = ()
) -> Received:
    _complete(contact)
    traceparent = valid_traceparent(envelope.traceparent) or traceparent_in(headers)
    return Received(
        envelope.source, envelope.id, envelope.time, traceparent, contact, tuple(unknown_fields), envelope.subject
    )


def _complete(contact: ContactEnded) -> None:
    """Fill in the defaults that depend on the rest of the event, and drop what the contract ignores.

    The models are frozen for their users; here they are not finished yet.
    """
    every_ref = tuple(betrokkene.ref for betrokkene in contact.betrokkenen)
    for index, betrokkene in enumerate(contact.betrokkenen):
        if betrokkene.initiator is None:
            betrokkene.__dict__["initiator"] = index == 0 and contact.richting is Richting.INKOMEND
        if betrokkene.soort_partij is not SoortPartij.CONTACTPERSOON:
            betrokkene.__dict__["werkte_voor"] = None
    for index, onderwerp in enumerate(contact.onderwerpen):
        if onderwerp.onderwerp_id is None:
            onderwerp.__dict__["onderwerp_id"] = str(index)
        if onderwerp.betrokkenen is None:
            onderwerp.__dict__["betrokkenen"] = every_ref
        if onderwerp.opvolging.zaak is not None and onderwerp.opvolging.soort not in ZAAK_OPVOLGING:
            onderwerp.opvolging.__dict__["zaak"] = None


def _parts_of(contact: ContactEnded) -> Parts:
    """Return the parts of a contact. A partly readable one has None where nothing could be read."""
    betrokkenen: Sequence[Betrokkene | None] = contact.betrokkenen
    onderwerpen: Sequence[Onderwerp | None] = contact.onderwerpen
    return Parts(
        [each.ref if each else None for each in betrokkenen],
        betrokkenen,
        [_onderwerp_id(each, index) for index, each in enumerate(onderwerpen)],
        onderwerpen,
        contact.vervolg_op,
        contact.tot_stand_gekomen,
        contact.plaatsgevonden_op,
    )


def _onderwerp_id(onderwerp: Onderwerp | None, index: int) -> str | None:
    return (onderwerp.onderwerp_id or str(index)) if onderwerp else None


# With care ------------------------------------------------------------------------------------------------------------


def _read_with_care(
    value: bytes, attributes: dict[str, Any] | None, written_at: datetime | None, headers: Headers = ()
) -> Received | Refusal:
    read = parse(value)
    if read is None:
        return unreadable()
    tree: dict[str, Any] = read if attributes is None else {**attributes, "data": read}
    if is_quoted(attributes or {}) or (has_none_of(tree) and has_other_names(headers)):
        return _with_wrong_headers(read, written_at)
    packed = list(unpack(tree)) if attributes is None else []
    tidied = tidy(tree, ContactEndedEvent)
    faults = packed + tidied.faults
    event = _validated(tree, faults, written_at)
    if packed and "data" not in tree:
        faults = [fault for fault in faults if fault.pad != "data"]
    if event is None or faults:
        return refused(faults, tree.get("data"), tuple(tidied.unknown_fields))
    return _received(event, event.data, headers, tuple(tidied.unknown_fields))


def _validated(tree: dict[str, Any], faults: list[Fault], written_at: datetime | None) -> ContactEndedEvent | None:
    """Return the event of a tidied tree, or None. Every fault is added to those found before."""
    try:
        event = ContactEndedEvent.model_validate_json(json.dumps(tree))
    except ValidationError as error:
        faults += faults_of(error.errors(include_url=False, include_context=False))
        if len(faults) <= MANY_FAULTS:
            faults += found_besides(faults, _readable_incoherences(tree, written_at))
        return None
    faults += found_besides(faults, incoherences(_parts_of(event.data), written_at or event.time))
    return event


def _with_wrong_headers(data: dict[str, Any], written_at: datetime | None) -> Refusal:
    """Refuse an event whose attributes stand in headers that are not Kafka's: one fault for all of them."""
    tree: dict[str, Any] = {"data": data}
    tidied = tidy(tree, ContactEndedEvent)
    faults = tidied.faults
    _validated(tree, faults, written_at)
    of_data = [fault for fault in faults if _is_of_data(fault.pad)]
    return refused([Fault("", FaultKind.KOPREGELS), *of_data], data, tuple(tidied.unknown_fields))


def unreadable() -> Refusal:
    """Return the refusal of what is no JSON object."""
    return Refusal(RefusalKind.ONLEESBAAR, (Fault("", FaultKind.ONLEESBAAR),))


def refused(
    faults: Sequence[Fault], data: object, unknown_fields: Sequence[str], *, named: str = "contactId"
) -> Refusal:
    """Return the refusal of an event; `named` is the field of its data that holds its id in the source."""
    places = {fault.pad for fault in faults}
    of_contact = all(map(_is_of_data, places))
    kind = RefusalKind.CONTACT_ONGELDIG if of_contact else RefusalKind.ENVELOP_ONGELDIG
    contact_id = data.get(named) if isinstance(data, dict) and f"data.{named}" not in places else None
    return Refusal(kind, tuple(dict.fromkeys(faults)), contact_id, unknown_fields)


def _is_of_data(pad: str) -> bool:
    return pad.split(".", 1)[0] in _OF_DATA


def faults_of(errors: Sequence[ErrorDetails]) -> Iterator[Fault]:
    """Yield pydantic's errors as faults, but for the lengths of lists."""
    for error in errors:
        if error["type"] not in LENGTHS_OF_LISTS:
            place = [step for step in error["loc"] if not (isinstance(step, str) and step.startswith(UNION_MARK))]
            yield Fault(path(*place), _kind(error))


def _kind(error: ErrorDetails) -> FaultKind:
    kind = FAULT_KINDS.get(error["type"], FaultKind.VERKEERD_TYPE)
    if kind is FaultKind.ONBEKENDE_WAARDE and not isinstance(error["input"], str):
        return FaultKind.VERKEERD_TYPE
    return kind


def _readable_incoherences(tree: dict[str, Any], written_at: datetime | None) -> Iterator[Fault]:
    """Apply the rules to the readable parts, so that a part that is wrong hides no fault of another."""
    event = readable(ContactEndedEvent, tree)
    contact: ContactEnded | None = event.data if event else None
    if event and contact:
        parts = _parts_of(contact)
        for index in _unreadable_ids(tree["data"].get("onderwerpen")):
            parts.onderwerp_ids[index] = None
        yield from incoherences(parts, written_at or event.time)


def _unreadable_ids(onderwerpen: object) -> Iterator[int]:
    """Yield the positions of onderwerpen whose id is present but unreadable: these do not get the default one."""
    for index, each in enumerate(onderwerpen if isinstance(onderwerpen, list) else ()):
        if isinstance(each, dict) and not isinstance(each.get("onderwerpId", ""), str):
            yield index


def found_besides(faults: Sequence[Fault], more: Iterable[Fault]) -> Iterator[Fault]:
    """Yield the faults in `more` that are not only the consequence of an unreadable field."""
    places = [fault.pad for fault in faults]
    for fault in more:
        if fault.soort in OF_ONE_FIELD and fault.pad in places:
            continue
        if fault.soort is FaultKind.LEEG and any(place.startswith(f"{fault.pad}.") for place in places):
            continue
        yield fault
