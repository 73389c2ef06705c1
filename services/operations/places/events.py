"""An event of a publisher, read leniently: what it says of a subject, also where it is refused or broken."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from schemas.cloudevents import DATA_BASE64, Headers, binary_attributes, data_in
from schemas.reading.origin import Origin, origin_of
from services.domain.ids import change_key, contact_key
from services.operations.mapped_from import MappedFrom
from services.operations.places.message_text import message_text
from services.operations.places.traces import Traces

_IN_BASE64: Final = DATA_BASE64.encode()


@dataclass(frozen=True, slots=True)
class PublishersEvent:
    """What a record of a publisher holds."""

    origin: Origin
    data: Mapping[str, Any]
    """Empty where it can't be read."""
    text: bytes
    """The whole value, with its data as text."""

    @property
    def betrokkenen(self) -> Sequence[Mapping[str, Any]]:
        """Those who took part, as far as they can be read."""
        listed = self.data.get("betrokkenen")
        return [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []


def read_event(value: bytes | None, headers: Headers) -> PublishersEvent:
    """Return what a record holds. Nothing is judged by it."""
    text = value or b""
    tree = _object(text)
    data = tree
    if binary_attributes(headers) is None:
        data = _mapping(tree.get("data"))
        if not data and _IN_BASE64 in text:
            inner = data_in(tree.get(DATA_BASE64) or "") or b""
            data, text = _object(inner), text + b"\n" + inner
    return PublishersEvent(origin_of(value, headers), data, text)


def _object(text: bytes) -> Mapping[str, Any]:
    try:
        return _mapping(orjson.loads(text))
    except orjson.JSONDecodeError:
        return {}


def _mapping(tree: object) -> Mapping[str, Any]:
    return tree if isinstance(tree, dict) else {}


def own_betrokkenen(event: PublishersEvent, traces: Traces) -> list[int]:
    """Return the positions of the betrokkenen that are the klant by numbers of their own."""
    numbers = [each.get("partijIdentificatoren") for each in event.betrokkenen]
    return [at for at, each in enumerate(event.betrokkenen) if traces.numbers.own(each, numbers)]


def is_about(event: PublishersEvent, traces: Traces, mapped: MappedFrom | None = None) -> bool:
    """Whether an event is about the subject. A contact that a number of the klant leads to is noted.

    Where nobody knows who the klant of a contact is, all of it counts. So does an event that was `mapped` from a
    message about the subject, whatever the mapping left out.
    """
    message = mapped.message if mapped is not None and mapped.message in traces.messages else None
    is_known = traces.key_of(event.origin) is not None
    if not (is_known or message is not None or traces.numbers.stand_in(event.text)):
        return False
    source, contact_id = event.origin
    if not is_known and source and contact_id and own_betrokkenen(event, traces):
        key = (change_key if "wijzigingId" in event.data else contact_key)(source, contact_id)
        traces.add_contact(key, event.origin, whole=False)
    if message is not None:
        traces.messages[message] = event.origin
    return True


def message_is_about(value: bytes, traces: Traces) -> bool:
    """Whether a message of a channel is about the subject: a number of the klant or the name of its contact stands in
    it, in whatever form.
    """
    message = message_text(value)
    names = {each.contact_id for each in traces.contacts.values() if each is not None}
    return not names.isdisjoint(message.values) or traces.numbers.stand_in(message.text, message.values)
