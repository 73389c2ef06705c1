"""An event of a publisher, read leniently: what it says of a subject, also where it is refused or broken."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from schemas.cloudevents import DATA_BASE64, Headers, binary_attributes, data_in
from schemas.reading.origin import Origin, origin_of
from services.domain.ids import contact_key_named
from services.operations.mapped_from import MappedFrom
from services.operations.places.message_text import message_text
from services.operations.places.traces import Traces

_CONFIDENTIAL: Final = re.compile(rb'"vertrouwelijk"\s*:\s*true')


@dataclass(frozen=True, slots=True)
class PublishersEvent:
    """What a record of a publisher holds."""

    origin: Origin
    data: Mapping[str, Any]
    """Empty where it can't be read."""
    text: bytes
    """The whole value, with its data as text."""

    @property
    def is_confidential(self) -> bool | None:
        """Whether it says that its contact is confidential; None where there is nothing to read."""
        if not self.text:
            return None
        return self.data.get("vertrouwelijk") is True or (not self.data and bool(_CONFIDENTIAL.search(self.text)))

    @property
    def betrokkenen(self) -> Sequence[Mapping[str, Any]]:
        """Those who took part, as far as they can be read."""
        return objects_in(self.data, "betrokkenen")


def read_event(value: bytes | None, headers: Headers) -> PublishersEvent:
    """Return what a record holds. Nothing is judged by it."""
    text = value or b""
    tree = _object(text)
    data = tree
    if binary_attributes(headers) is None:
        data = as_object(tree.get("data"))
        written = tree.get(DATA_BASE64)
        if not data and isinstance(written, str):
            inner = data_in(written) or b""
            data, text = _object(inner), text + b"\n" + inner
    return PublishersEvent(origin_of(value, headers), data, text)


def _object(text: bytes) -> Mapping[str, Any]:
    try:
        return as_object(orjson.loads(text))
    except orjson.JSONDecodeError:
        return {}


def as_object(tree: object) -> Mapping[str, Any]:
    """Return an object of JSON; an empty one for anything else."""
    return tree if isinstance(tree, dict) else {}


def objects_in(tree: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    """Return the objects in a list of JSON; none where something else stands there."""
    listed = tree.get(name)
    return [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []


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
    key = contact_key_named(*event.origin, change="wijzigingId" in event.data)
    if not is_known and key is not None and own_betrokkenen(event, traces):
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
