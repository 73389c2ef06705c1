"""The faults of a message: a path (`pad`) and a kind (`soort`), never the value itself.

The lists of kinds are closed and part of the contract: publishers and operators may build on them.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Final, NamedTuple

from schemas.values import value_class


class FaultKind(StrEnum):
    """The kind of one error."""

    ONLEESBAAR = "onleesbaar"
    """The record, or its `data_base64`, is a tombstone, not UTF-8, not JSON or not an object."""
    KOPREGELS = "kopregels"
    """The attributes stand in headers such as `ce-…`, `cloudEvents:…` or `cloudEvents_…`, or their values in quotes."""
    TE_GROOT = "te_groot"
    """The record's value, or in binary mode its attributes together, exceed 64 KiB. Or a batch unpacks to too much."""
    ONTBREEKT = "ontbreekt"
    """A required field is absent or null."""
    VERKEERD_TYPE = "verkeerd_type"
    """The field holds another JSON type, such as a number for a text or null in a list."""
    LEEG = "leeg"
    """A text that must have content is empty or blank, or an address has no content."""
    TE_LANG = "te_lang"
    """The text has too many characters."""
    TE_VEEL = "te_veel"
    """The list has too many items, in this event or with what earlier revisies of the contact had. At `data.revisie`:
    the record of the contact and its revisies would pass 4 MB."""
    TE_WEINIG = "te_weinig"
    """The list has too few items."""
    BUITEN_BEREIK = "buiten_bereik"
    """The number or the date-time is out of range."""
    ONBEKENDE_WAARDE = "onbekende_waarde"
    """The contract does not list the value, or does not know the version."""
    VERKEERDE_VORM = "verkeerde_vorm"
    """The text does not have the form that the field requires, such as a date-time without offset."""
    VERKEERD_TEKEN = "verkeerd_teken"
    """The text holds half of a surrogate pair, which is no character, or NUL, which other registers refuse."""
    ELFPROEF = "elfproef"
    """The bsn or rsin fails its check digit, or is 000000000."""
    IN_DE_TOEKOMST = "in_de_toekomst"
    """The contact took place more than five minutes after the record was written."""
    DUBBEL = "dubbel"
    """A value that must be unique within the event occurs twice."""
    DUBBELE_PARTIJ = "dubbele_partij"
    """Two betrokkenen of one contact are the same partij."""
    ONBEKENDE_REF = "onbekende_ref"
    """No betrokkene of this event has that ref."""
    NIET_TOEGESTAAN = "niet_toegestaan"
    """The field may not be used in this combination."""
    REVISIE_CONFLICT = "revisie_conflict"
    """The same revisie of this contact came before with other contents."""
    BRON_NIET_TOEGESTAAN = "bron_niet_toegestaan"
    """The municipality's policy does not name this `source`, or does not allow it this kanaal, this middel or, where
    no place is given, this topic."""


HINTS: Final[Mapping[FaultKind, str]] = {
    FaultKind.ONLEESBAAR: "Send one JSON object a record: UTF-8, no byte order mark, nothing before or after it.",
    FaultKind.KOPREGELS: "Name the headers of binary mode as in `ce_id`, and write values without quotes: 1.0. "
    "Names with `ce-` are for HTTP, those with `cloudEvents` for AMQP.",
    FaultKind.TE_GROOT: "Stay below 64 KiB: put long contents in a document, and refer to it in `bijlagen`.",
    FaultKind.ONTBREEKT: "Send the field. null counts as absent, and a name must be spelled exactly as in the schema.",
    FaultKind.VERKEERD_TYPE: "Send the JSON type that the schema names: a text in quotes, a number or boolean without "
    "them, 1 and not 1.0.",
    FaultKind.LEEG: "Fill it in, or leave the field out where it is not required.",
    FaultKind.TE_LANG: "Shorten a text, and hash an id: what is too long is refused, never cut, and an id that is cut "
    "can be another's.",
    FaultKind.TE_VEEL: "Send fewer items: the list is refused, never cut. A correction keeps the `onderwerpId` of what "
    "it corrects; over all its revisies one contact can have 200 onderwerpen and 200 partijen. At `data.revisie` the "
    "history of the contact is full: send what is new as a contact of its own, with `vervolgOp`.",
    FaultKind.TE_WEINIG: "Send at least one item: a contact has an actor and an onderwerp.",
    FaultKind.BUITEN_BEREIK: "Stay within the schema's minimum and maximum; a date-time lies from 1900 to 9998 in UTC.",
    FaultKind.ONBEKENDE_WAARDE: "Choose a value that the schema lists; upper and lower case differ.",
    FaultKind.VERKEERDE_VORM: "Write it in the form that the schema has for this field.",
    FaultKind.VERKEERD_TEKEN: "Cut texts between characters, not within one: half a surrogate pair was left. Leave "
    "NUL (`\\u0000`) out.",
    FaultKind.ELFPROEF: "Look for a typing error in the bsn or rsin. If the right number is not known, leave it out.",
    FaultKind.IN_DE_TOEKOMST: "Correct the publisher's clock, or the offset of the date-time.",
    FaultKind.DUBBEL: "Make it unique: a ref or onderwerpId occurs once in an event, a kind of identificator once in a "
    "betrokkene. An onderwerp without onderwerpId has its position as one.",
    FaultKind.DUBBELE_PARTIJ: "Send one betrokkene for each partij: these two have the same identificator.",
    FaultKind.ONBEKENDE_REF: "Use the `ref` of a betrokkene in this event, exactly as it is written there.",
    FaultKind.NIET_TOEGESTAAN: "Leave it out, or change the field that excludes it: the schema says which go together.",
    FaultKind.REVISIE_CONFLICT: "Send a correction with a higher `revisie`; send the same revisie only unchanged.",
    FaultKind.BRON_NIET_TOEGESTAAN: "Send what the municipality has for this system: its `source`, its topic, its "
    "kanalen and its means of authentication. Or ask the municipality to change `bronnen` in its policy.",
}
"""The remedy for each kind, for a publisher. `hints.py` names what is expected at one place, where it is known."""


class RefusalKind(StrEnum):
    """Why a message became a dead letter."""

    ONLEESBAAR = "onleesbaar"
    """It is a tombstone, not UTF-8, not JSON or not an object. The publisher has to repair it."""
    TE_GROOT = "te_groot"
    """It is larger than 64 KiB, of which the letter keeps the first, or a batch that unpacks to too much. The publisher
    has to repair it."""
    ENVELOP_ONGELDIG = "envelop_ongeldig"
    """At least one attribute of the CloudEvent is wrong. The publisher has to repair it."""
    CONTACT_ONGELDIG = "contact_ongeldig"
    """Only `data` is wrong. The publisher has to repair it."""
    REVISIE_CONFLICT = "revisie_conflict"
    """The same revisie of this contact came before with other contents: a correction needs a higher revisie."""
    BRON_NIET_TOEGESTAAN = "bron_niet_toegestaan"
    """The municipality's policy does not allow its source to publish it: somebody speaks for another, the publisher has
    to repair it, or the policy lacks something."""
    MAPPING_FOUT = "mapping_fout"
    """A channel's mapping gave no event of its message. Only letters of channels have it (`docs/channels.md`), and its
    errors name places of the mapping, with the kinds of `schemas/mapping.md`. The mapping has to be repaired."""
    OPENKLANT_WEIGERT = "openklant_weigert"
    """Open Klant refuses what the bridge wrote, or fails at it each time. Only letters of `openklant.dlq` have it, and
    its errors name the call, the fields and Open Klant's own codes (`docs/architecture/bridge.md`)."""
    NUMMER_BEZET = "nummer_bezet"
    """A row of somebody else's in Open Klant has our number. Only letters of `openklant.dlq` have it."""
    INTERNE_FOUT = "interne_fout"
    """Our own code failed on it: our bug. It has no errors to repair, and can be redriven after the next release."""


class Fault(NamedTuple):
    """One error: the path from the event's root with list positions, and its kind."""

    pad: str
    soort: FaultKind


@value_class(frozen=True, slots=True)
class Refusal:
    """A refused message. `contact_id` is None when it can't be read or is itself invalid.

    `unknown_fields` were ignored. One of them may be the misspelt name of a missing field.
    """

    kind: RefusalKind
    faults: Sequence[Fault]
    contact_id: str | None = None
    unknown_fields: Sequence[str] = ()


FAULT_KINDS = {
    "missing": FaultKind.ONTBREEKT,
    "blank": FaultKind.LEEG,
    "string_too_short": FaultKind.LEEG,
    "string_too_long": FaultKind.TE_LANG,
    "greater_than_equal": FaultKind.BUITEN_BEREIK,
    "less_than_equal": FaultKind.BUITEN_BEREIK,
    "moment_range": FaultKind.BUITEN_BEREIK,
    "enum": FaultKind.ONBEKENDE_WAARDE,
    "literal_error": FaultKind.ONBEKENDE_WAARDE,
    "version": FaultKind.ONBEKENDE_WAARDE,
    "string_pattern_mismatch": FaultKind.VERKEERDE_VORM,
    "moment_format": FaultKind.VERKEERDE_VORM,
    "form": FaultKind.VERKEERDE_VORM,
    "bool_type": FaultKind.VERKEERD_TYPE,
    "int_type": FaultKind.VERKEERD_TYPE,
    "model_type": FaultKind.VERKEERD_TYPE,
    "moment_type": FaultKind.VERKEERD_TYPE,
    "string_type": FaultKind.VERKEERD_TYPE,
    "tuple_type": FaultKind.VERKEERD_TYPE,
}
"""The kind for each error type of pydantic, and for our own error types."""

LENGTHS_OF_LISTS = frozenset({"too_long", "too_short"})
"""Error types that are not reliable: pydantic counts only valid items. `reading/tidying.py` counts all."""

OF_ONE_FIELD = frozenset({FaultKind.ONTBREEKT, FaultKind.LEEG, FaultKind.VERKEERDE_VORM, FaultKind.ONBEKENDE_REF})
"""Kinds that add nothing about a field that has another fault already."""

UNION_MARK = "<"
"""The first character of a step in pydantic's error location that names a form of a union, and is not on the wire."""


def path(*parts: str | int) -> str:
    """Return the parts of a location as one path."""
    return ".".join(map(str, parts))


def generalised(pad: str) -> str:
    """Return a path without its list positions, as publishers and operators see it: `data.onderwerpen.*.inhoud`."""
    return ".".join("*" if part.isdecimal() else part for part in pad.split("."))
