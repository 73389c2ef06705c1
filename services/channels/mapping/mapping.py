"""A mapping, loaded and checked, and what it makes of a message: events, contacts that are skipped, refusals.

Pure: no clock, no chance, no outside world. The same message and the same mapping always give the same bytes.
"""

import json
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

import orjson
from pydantic import ValidationError

from schemas.cloudevents import schema_urn
from schemas.contact_ended_v1 import TYPE, VERSION
from schemas.faults import Refusal, RefusalKind
from schemas.mapping_faults import MappingFaultKind
from schemas.mapping_file import MappingFile
from schemas.raw_messages import MAX_MESSAGE_BYTES
from schemas.reading.decoding import MAX_BYTES, decode
from services.channels.mapping.bounds import MAX_CONTACTS, MAX_EVENTS_BYTES
from services.channels.mapping.compiling import Compiler
from services.channels.mapping.contract import ROOT, target_of_time
from services.channels.mapping.errors import InvalidMapping, Unmappable, WrongPlace
from services.channels.mapping.expressions import Interpreter, Search
from services.channels.mapping.mail import mail_as_message
from services.channels.mapping.outcome import (
    NO_CONTACT,
    ChannelFault,
    ChannelOutcome,
    MappedContact,
    MessageRefusal,
    RefusedContact,
    SkippedContact,
)
from services.channels.mapping.reading import UnreadableMessage, parsed, too_deep
from services.channels.mapping.values import FieldOrigin, ObjectValue, Run, ValueNode

MAX_FILE_BYTES: Final = 1024 * 1024
_EVENT_NAMESPACE: Final = uuid5(NAMESPACE_URL, "urn:klantinteracties:mapping")
_SEPARATOR: Final = "\x1f"
_REVISIES: Final = 100
"""How many times one message can be mapped: `herziening` is 0 to 99."""


@dataclass(frozen=True, slots=True)
class ExplainedContact:
    """What one contact became, with where each of its fields came from."""

    outcome: ChannelOutcome
    origins: Sequence[FieldOrigin]


class ChannelMapping:
    """One mapping. `map_json` and `map_mail` raise for no message, whatever it holds: an exception is a bug of ours."""

    def __init__(self, file: MappingFile, compiler: Compiler) -> None:
        """Compile the file. The compiler collects the mistakes."""
        self.naam = file.naam
        self.versie = file.versie
        self.bron = file.bron
        """The `source` of every event."""
        self._herziening = file.herziening
        self._contacten = compiler.search(file.uitpakken.contacten, "uitpakken.contacten")
        self._json_in = [
            (compiler.search(text, f'uitpakken.json_in."{text}"'), name)
            for text, name in file.uitpakken.json_in.items()
        ]
        self._overslaan = [
            (reason, compiler.search(text, f"overslaan.{reason}")) for reason, text in file.overslaan.items()
        ]
        self._tijd = compiler.value(file.tijd, target_of_time(), "tijd")
        self._sleutel = [compiler.search(text, f"sleutel[{index}]") for index, text in enumerate(file.sleutel)]
        self._contact = compiler.object_value(file.contact, ROOT, "contact")

    @property
    def label(self) -> str:
        """Name and version, as the header `mapping` of an event has them."""
        return f"{self.naam}/{self.versie}"

    @property
    def skip_reasons(self) -> list[str]:
        """Why a contact may become no event."""
        return [*(reason for reason, _ in self._overslaan), NO_CONTACT]

    def map_json(self, message: bytes) -> list[ChannelOutcome]:
        """Return what becomes of each contact in a message of JSON. One message can hold several, or none."""
        return [each.outcome for each in self.explain_json(message, told=False)]

    def map_mail(self, message: bytes) -> list[ChannelOutcome]:
        """Return what becomes of a mail of RFC 822. It is mapped in the shape of Microsoft Graph."""
        return [each.outcome for each in self.explain_mail(message, told=False)]

    def explain_json(self, message: bytes, *, told: bool = True) -> list[ExplainedContact]:
        """Return what becomes of each contact in a message of JSON, and where each field came from."""
        if len(message) > MAX_MESSAGE_BYTES:
            return [_refused(MessageRefusal.TE_GROOT)]
        try:
            tree = parsed(message)
        except UnreadableMessage:
            return [_refused(MessageRefusal.ONLEESBAAR)]
        return self._map(tree, told=told)

    def explain_mail(self, message: bytes, *, told: bool = True) -> list[ExplainedContact]:
        """Return what becomes of a mail, and where each field came from."""
        if len(message) > MAX_MESSAGE_BYTES:
            return [_refused(MessageRefusal.TE_GROOT)]
        try:
            tree = mail_as_message(message)
        except UnreadableMessage:
            return [_refused(MessageRefusal.ONLEESBAAR)]
        return self._map(tree, told=told)

    def _map(self, tree: Any, *, told: bool) -> list[ExplainedContact]:  # noqa: ANN401 - JSON
        interpreter = Interpreter()
        try:
            contacts = self._unpacked(tree, interpreter)
        except Unmappable as error:
            return [ExplainedContact(_unmappable(error), ())]
        if not contacts:
            return [ExplainedContact(SkippedContact(NO_CONTACT), ())]
        if len(contacts) > MAX_CONTACTS:
            return [_refused(MessageRefusal.TE_GROOT)]
        made, left = list[ExplainedContact](), MAX_EVENTS_BYTES
        for contact in contacts:
            made.append(explained := self._one(contact, interpreter, told=told))
            left -= len(explained.outcome.value) if isinstance(explained.outcome, MappedContact) else 0
            if left < 0:
                return [_refused(MessageRefusal.TE_GROOT)]
        return made

    def _unpacked(self, tree: Any, interpreter: Interpreter) -> list[Any]:  # noqa: ANN401 - the same
        for search, name in self._json_in:
            for holder in _objects(_known(search)(tree, interpreter)):
                text = holder.get(name)
                if isinstance(text, str):
                    try:
                        holder[name] = parsed(text.encode("utf-8", "surrogatepass"))
                    except UnreadableMessage:
                        raise Unmappable(_known(search).place, MappingFaultKind.OMZETTING) from None
        if self._json_in and too_deep(tree):
            raise Unmappable("uitpakken.json_in", MappingFaultKind.TE_VEEL)
        contacts = _known(self._contacten)(tree, interpreter)
        if contacts is None:
            return []
        if not isinstance(contacts, list):
            raise Unmappable("uitpakken.contacten", MappingFaultKind.GEEN_LIJST)
        return contacts

    def _one(self, document: Any, interpreter: Interpreter, *, told: bool) -> ExplainedContact:  # noqa: ANN401 - the same
        interpreter.begin(document)
        run = Run(document, interpreter, told=told)
        try:
            for reason, condition in self._overslaan:
                if _known(condition).holds(document, interpreter):
                    return ExplainedContact(SkippedContact(reason), ())
            outcome = self._made(document, run)
        except Unmappable as error:
            outcome = _unmappable(error)
        return ExplainedContact(outcome, tuple(run.origins or ()))

    def _made(self, document: Any, run: Run) -> ChannelOutcome:  # noqa: ANN401 - the same
        time, contact = _node(self._tijd), _node(self._contact)
        run.path.append("time")
        moment = time.value(document, run)
        run.path[:] = ["data"]
        data = contact.value(document, run) or {}
        basis = data.get("revisie", 1)
        if isinstance(basis, int) and not isinstance(basis, bool):
            data["revisie"] = basis * _REVISIES + self._herziening
        event = {
            "specversion": "1.0",
            "id": self._event_id(data),
            "source": self.bron,
            "type": TYPE,
            "time": moment,
            "datacontenttype": "application/json",
            "dataschema": schema_urn("contact.ended", VERSION),
            "data": data,
        }
        value = _bytes(event)
        if len(value) > MAX_BYTES:
            return RefusedContact(MessageRefusal.TE_GROOT)
        received = decode(value)
        if isinstance(received, Refusal):
            return self._invalid(received, self._places(document, run))
        return MappedContact(
            received.contact.contact_id, received.contact.revisie, value, self._key(document, run.interpreter)
        )

    def _event_id(self, data: dict[str, Any]) -> str:
        parts = (self.bron, str(data.get("contactId")), str(data.get("revisie")))
        return str(uuid5(_EVENT_NAMESPACE, _SEPARATOR.join(parts).encode("utf-8", "replace").decode()))

    def _key(self, document: Any, interpreter: Interpreter) -> str | None:  # noqa: ANN401 - the same
        for search in self._sleutel:
            found = _known(search)(document, interpreter)
            if isinstance(found, str | int) and not isinstance(found, bool) and found != "":
                return str(found)
        return None

    def _places(self, document: Any, run: Run) -> dict[str, str]:  # noqa: ANN401 - the same
        """Return for each path of an event the place in the mapping that fills it."""
        if run.origins is None:
            run = Run(document, Interpreter(), told=True)
            run.interpreter.begin(document)
            run.path.append("data")
            _node(self._contact).value(document, run)
        return {each.pad: each.place for each in run.origins or ()}

    def _invalid(self, refusal: Refusal, places: dict[str, str]) -> RefusedContact:
        if refusal.kind is RefusalKind.TE_GROOT:
            return RefusedContact(MessageRefusal.TE_GROOT)
        return RefusedContact(
            MessageRefusal.CONTACT_ONGELDIG,
            tuple(
                ChannelFault(places.get(fault.pad) or _likely_place(fault.pad), fault.soort, fault.pad)
                for fault in refusal.faults
            ),
            refusal.contact_id,
        )


def _likely_place(pad: str) -> str:
    """Return where in a mapping a path of the event would be filled, without the number of an item."""
    if pad == "time":
        return "tijd"
    return ".".join(["contact", *(step for step in pad.split(".")[1:] if not step.isdecimal())])


def load(text: str, file: str) -> ChannelMapping:
    """Return the mapping that a text holds. `file` names it in errors. Raises InvalidMapping with all its mistakes."""
    if len(text) > MAX_FILE_BYTES:
        raise InvalidMapping(file, [WrongPlace("", "The file is larger than 1 MB. Split it over channels.")])
    try:
        raw = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        told = str(error) if isinstance(error, ValueError) else "it is nested too deeply"
        raise InvalidMapping(
            file, [WrongPlace("", f"This is not TOML: {told}. A line end inside {{ }} is not allowed: write [tables].")]
        ) from None
    try:
        model = MappingFile.model_validate(raw)
    except ValidationError as error:
        raise InvalidMapping(file, list(_mistakes(error))) from None
    compiler = Compiler(model.tabel)
    mapping = ChannelMapping(model, compiler)
    compiler.mistakes += [
        WrongPlace(f"tabel.{name}", "No value uses this table. Name it after `tabel =`, or take it out.")
        for name in sorted(model.tabel.keys() - compiler.used)
    ]
    if compiler.mistakes:
        raise InvalidMapping(file, compiler.mistakes)
    return mapping


_REMEDIES: Final = {
    "missing": "The file needs this. Add it.",
    "extra_forbidden": "A mapping has no such key. Correct how it is written, or take it out.",
    "literal_error": "This version of klantcontact reads format 1: write formaat = 1.",
}


def _mistakes(error: ValidationError) -> Iterator[WrongPlace]:
    for each in error.errors(include_url=False, include_input=False):
        steps = [str(step) for step in each["loc"] if step not in {"str", "bool", "int", "float", "[key]"}]
        yield WrongPlace(".".join(steps), _REMEDIES.get(each["type"], f"{each['msg']}."))


def _known(search: Search | None) -> Search:
    assert search is not None, "a mapping with a mistake is not used"
    return search


def _node(node: ValueNode | ObjectValue | None) -> ValueNode:
    assert node is not None, "a mapping with a mistake is not used"
    return node


def _objects(found: object) -> Iterator[dict[str, Any]]:
    for each in found if isinstance(found, list) else [found]:
        if isinstance(each, dict):
            yield each


def _refused(kind: MessageRefusal) -> ExplainedContact:
    return ExplainedContact(RefusedContact(kind), ())


def _unmappable(error: Unmappable) -> RefusedContact:
    return RefusedContact(MessageRefusal.MAPPING_FOUT, (ChannelFault(error.place, error.kind),))


def _bytes(event: dict[str, Any]) -> bytes:
    try:
        return orjson.dumps(event)
    except (TypeError, ValueError):  # half of a surrogate pair, or a number beyond 64 bits: the contract refuses both
        return json.dumps(event).encode()
