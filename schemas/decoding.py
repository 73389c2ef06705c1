"""From the bytes of a Kafka record to a contact, or to everything that is wrong with it.

Two ways lead to the same answer. The fast one reads the record in one go and suits what publishers normally send. What it
can't take (a null, an unknown field, any error) is read again with care, so that the contract's finer points stand in one place.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal, TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from schemas.cloudevents import (
    Envelope,
    EnvelopeTime,
    Headers,
    binary_attributes,
    known_schema,
    valid_traceparent,
)
from schemas.coherence import ZAAK_OPVOLGING, Parts, incoherences
from schemas.contact_ended_v1 import (
    TYPE,
    VERSION,
    Betrokkene,
    ContactEnded,
    ContactId,
    ContactMoment,
    Onderwerp,
    Richting,
    VervolgOp,
)
from schemas.faults import FAULT_KINDS, Refusal, RefusalKind, Fault, FaultKind, path
from schemas.types import Bericht
from schemas.vng import SoortPartij

MAX_BYTES = 64 * 1024
"""The most bytes of a record's value; above that nothing is read."""

MAX_UNKNOWN_FIELDS = 20
"""How many unknown fields of one event are named; a publisher may be ahead of us, but not without end."""

NULL_MEANS_UNKNOWN = "totStandGekomen"


class ContactEndedEnvelope(Envelope):
    """The attributes of a `contact.ended`."""

    type: Literal["nl.klantinteracties.contact.ended"]
    dataschema: Annotated[str, known_schema("contact.ended", VERSION)] | None = None


class ContactEndedEvent(ContactEndedEnvelope):
    """A whole `contact.ended` in structured mode."""

    data: ContactEnded


@dataclass(frozen=True, slots=True)
class Received:
    """A contact that may be judged, with what the envelope says of it."""

    source: str
    event_id: str
    time: datetime
    traceparent: str | None
    contact: ContactEnded
    unknown_fields: tuple[str, ...] = ()


def decode(
    value: bytes | None, headers: Headers = (), written_at: datetime | None = None
) -> Received | Refusal:
    """Read one record. `written_at` is the broker's moment; without it the envelope's `time` judges the future."""
    if value is None:
        return _unreadable()
    if len(value) > MAX_BYTES:
        return Refusal(RefusalKind.TE_GROOT, (Fault("", FaultKind.TE_GROOT),))
    attributes = binary_attributes(headers) if headers else None
    return _read_fast(value, attributes, written_at) or _read_with_care(value, attributes, written_at)


def _read_fast(
    value: bytes, attributes: dict[str, Any] | None, written_at: datetime | None
) -> Received | None:
    if b"null" in value:
        return None
    try:
        if attributes is None:
            event = ContactEndedEvent.model_validate_json(value, extra="forbid")
            envelope: ContactEndedEnvelope = event
            contact = event.data
        else:
            envelope = ContactEndedEnvelope.model_validate(attributes)
            contact = ContactEnded.model_validate_json(value, extra="forbid")
    except ValidationError:
        return None
    if any(incoherences(_parts_of(contact), written_at or envelope.time)):
        return None
    return _received(envelope, contact)


def _received(envelope: Envelope, contact: ContactEnded, unknown_fields: Sequence[str] = ()) -> Received:
    _complete(contact)
    traceparent = valid_traceparent(envelope.traceparent)
    return Received(envelope.source, envelope.id, envelope.time, traceparent, contact, tuple(unknown_fields))


def _complete(contact: ContactEnded) -> None:
    """Fill in the defaults that depend on the rest of the event, and drop what the contract ignores.

    The models are frozen for whoever uses them; here they are not finished yet.
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
    return Parts(
        [each.ref for each in contact.betrokkenen],
        contact.betrokkenen,
        [each.onderwerp_id or str(index) for index, each in enumerate(contact.onderwerpen)],
        contact.onderwerpen,
        contact.vervolg_op,
        contact.tot_stand_gekomen,
        contact.plaatsgevonden_op,
    )


# With care -----------------------------------------------------------------------------------------------------------


def _read_with_care(
    value: bytes, attributes: dict[str, Any] | None, written_at: datetime | None
) -> Received | Refusal:
    read = _parse(value)
    if read is None:
        return _unreadable()
    tree: dict[str, Any] = read if attributes is None else {**attributes, "data": read}
    faults = list(_mend_characters(tree, ()))
    _drop_nulls(tree)
    _drop_ignored(tree)
    data = tree.get("data")
    unknown_fields = _drop_unknown(data) if isinstance(data, dict) else []
    try:
        event = ContactEndedEvent.model_validate_json(json.dumps(tree))
    except ValidationError as error:
        faults += _faults(error.errors(include_url=False, include_context=False, include_input=False))
        faults += incoherences(
            _readable_parts(data if isinstance(data, dict) else {}), _judged_at(tree, written_at)
        )
    else:
        faults += incoherences(_parts_of(event.data), written_at or event.time)
        if not faults:
            return _received(event, event.data, unknown_fields)
    return _refused(faults, data)


def _unreadable() -> Refusal:
    return Refusal(RefusalKind.ONLEESBAAR, (Fault("", FaultKind.ONLEESBAAR),))


def _refused(faults: Sequence[Fault], data: object) -> Refusal:
    of_contact = all(fault.pad.split(".", 1)[0] == "data" for fault in faults)
    contact_id = data.get("contactId") if isinstance(data, dict) else None
    if not _is_contact_id(contact_id) or any(fault.pad == "data.contactId" for fault in faults):
        contact_id = None
    kind = RefusalKind.CONTACT_ONGELDIG if of_contact else RefusalKind.ENVELOP_ONGELDIG
    return Refusal(kind, tuple(dict.fromkeys(faults)), contact_id)


def _is_contact_id(value: object) -> bool:
    return _read_part(ContactId, {"contactId": value}) is not None


def _parse(value: bytes) -> dict[str, Any] | None:
    def no_number(name: str) -> float:
        raise ValueError(name)

    try:
        tree = json.loads(value.decode("utf-8"), parse_constant=no_number)
    except (ValueError, RecursionError):
        return None
    return tree if isinstance(tree, dict) else None


def _mend_characters(tree: Any, at: tuple[str | int, ...]) -> Iterator[Fault]:
    """Report half surrogate pairs and take them out, so that the rest can still be judged."""
    items: Any = tree.items() if isinstance(tree, dict) else enumerate(tree)
    for key, value in list(items):
        if isinstance(key, str) and not key.isascii() and _mended(key) != key:
            yield Fault(path(*at), FaultKind.VERKEERD_TEKEN)
            del tree[key]
        elif isinstance(value, str) and _mended(value) != value:
            yield Fault(path(*at, key), FaultKind.VERKEERD_TEKEN)
            tree[key] = _mended(value)
        elif isinstance(value, dict | list):
            yield from _mend_characters(value, (*at, key))


def _mended(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")


def _drop_nulls(tree: dict[str, Any]) -> None:
    """Take out what is null, which means absent; a null in a list stays and is refused."""
    for key, value in list(tree.items()):
        if value is None and key != NULL_MEANS_UNKNOWN:
            del tree[key]
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, dict):
                _drop_nulls(item)


def _drop_ignored(tree: dict[str, Any]) -> None:
    """Take out the fields that the contract ignores beside others, whatever they hold."""
    for betrokkene in _objects(tree.get("data"), "betrokkenen"):
        if betrokkene.get("soortPartij") != SoortPartij.CONTACTPERSOON:
            betrokkene.pop("werkteVoor", None)
    for onderwerp in _objects(tree.get("data"), "onderwerpen"):
        opvolging = onderwerp.get("opvolging")
        if isinstance(opvolging, dict) and opvolging.get("soort") not in list(ZAAK_OPVOLGING):
            opvolging.pop("zaak", None)


def _objects(data: object, name: str) -> list[dict[str, Any]]:
    items = data.get(name) if isinstance(data, dict) else None
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []


def _drop_unknown(data: dict[str, Any]) -> list[str]:
    """Take the fields that the contract does not know out of `data`, and give their paths without list positions."""
    try:
        ContactEnded.model_validate_json(json.dumps(data), extra="forbid")
    except ValidationError as error:
        unknown = [each["loc"] for each in error.errors() if each["type"] == "extra_forbidden"]
    else:
        return []
    named: dict[str, None] = {}
    for location in unknown:
        steps = [step for step in location if not str(step).startswith("<") or step == location[-1]]
        holder: Any = data
        for step in steps[:-1]:
            holder = holder[step]
        holder.pop(steps[-1], None)
        named[".".join(["data", *(step for step in steps if isinstance(step, str))])] = None
    return list(named)[:MAX_UNKNOWN_FIELDS]


def _faults(errors: Sequence[ErrorDetails]) -> Iterator[Fault]:
    places = [error["loc"] for error in errors]
    for error in errors:
        at = error["loc"]
        if error["type"] == "too_short" and any(
            len(place) > len(at) and place[: len(at)] == at for place in places
        ):
            continue  # the list is long enough, but what it holds is wrong
        yield Fault(path(*at), FAULT_KINDS.get(error["type"], FaultKind.VERKEERD_TYPE))


def _judged_at(tree: dict[str, Any], written_at: datetime | None) -> datetime | None:
    if written_at is not None:
        return written_at
    only_time = _read_part(EnvelopeTime, tree)
    return only_time.time if only_time else None


_Part = TypeVar("_Part", bound=Bericht)


def _read_part(model: type[_Part], tree: object) -> _Part | None:
    try:
        return model.model_validate_json(json.dumps(tree))
    except ValidationError:
        return None


def _readable_parts(data: dict[str, Any]) -> Parts:
    """Read each part by itself, so that one that is wrong hides nothing of the others."""

    def raw(name: str) -> list[Any]:
        items = data.get(name)
        return items if isinstance(items, list) else []

    def text(item: Any, name: str) -> str | None:
        found = item.get(name) if isinstance(item, dict) else None
        return found if isinstance(found, str) else None

    moment = _read_part(ContactMoment, data)
    return Parts(
        [text(item, "ref") for item in raw("betrokkenen")],
        [_read_part(Betrokkene, item) for item in raw("betrokkenen")],
        [text(item, "onderwerpId") or str(index) for index, item in enumerate(raw("onderwerpen"))],
        [_read_part(Onderwerp, item) for item in raw("onderwerpen")],
        _read_part(VervolgOp, data["vervolgOp"]) if "vervolgOp" in data else None,
        data.get("totStandGekomen", True),
        moment.plaatsgevonden_op if moment else None,
    )


assert TYPE == "nl.klantinteracties.contact.ended"  # noqa: S101 - the Literal above can't use the constant
