"""What to do about one fault: what is expected at its place, with an example that is valid there.

The schema says most of it. The texts here are for what it can't say: rules over several fields, and remedies.
"""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Final

from schemas.cloudevents import DATA_BASE64
from schemas.faults import HINTS, Fault, FaultKind, generalised
from schemas.places import FieldPlace, FieldRule, kinds_at, places
from schemas.types import EARLIEST_YEAR, LATEST_YEAR, NOT_BLANK

_LONGEST_FORM: Final = 40
"""The most characters of a pattern that is shown. A longer one is for programs."""

_KINDS: Final[Mapping[FaultKind, str]] = {
    FaultKind.ONTBREEKT: "Send {what}. null counts as absent.{about}",
    FaultKind.VERKEERD_TYPE: "Send {written}{no_null}.",
    FaultKind.LEEG: "Send {what}{left_out}.",
    FaultKind.TE_LANG: "Shorten it: a text that is too long is refused, never cut. Send {what}.",
    FaultKind.TE_VEEL: "Send {what}. A list that is too long is refused, never cut.",
    FaultKind.TE_WEINIG: "Send {what}.",
    FaultKind.BUITEN_BEREIK: "Send {what}{years}.",
    FaultKind.ONBEKENDE_WAARDE: "Send {what}; upper and lower case differ.{about}",
    FaultKind.VERKEERDE_VORM: "Send {what}.{about}",
    FaultKind.VERKEERD_TEKEN: f"{HINTS[FaultKind.VERKEERD_TEKEN]} Send {{what}}.",
}
"""What to do by the rule of a field alone."""

_HASHED: Final = (
    "Never shorten an id: two that are cut can become one. Send a hash of it that is always made in the same way, "
    "such as a UUIDv5, which has 36 characters. Send {what}."
)
_POINTER: Final = (
    "An id that is cut points at nothing, or at another object: send the whole id, or leave out the object that it "
    "stands in. Send {what}."
)
_TOO_LONG: Final[Mapping[str, str]] = {
    "id": _HASHED,
    "contactId": _HASHED,
    "onderwerpId": _HASHED,
    "subject": _HASHED,
    "pseudoniem": _HASHED,
    "klantcontactId": _POINTER,
    "objectId": _POINTER,
    "adres": "An address that is cut is another address: leave it out. Send {what}.",
    "onderwerp": "Shorten it: `inhoud` takes up to 1000 characters. Send {what}.",
    "inhoud": "Shorten it, or put the whole text in a document and point at that in `bijlagen`. Send {what}.",
}
"""What to do about a text that is too long, by the name of its field."""

_KLANT: Final = "data.betrokkenen.*"
_OPVOLGING: Final = "data.onderwerpen.*.opvolging"
_NUMBERS: Final = (f"{_KLANT}.partijIdentificatoren", f"{_KLANT}.werkteVoor.partijIdentificatoren")
_COMBINATIONS: Final = (
    "A persoon may have brp, natuurlijk_persoon, bsn. An organisatie may have hr, niet_natuurlijk_persoon, and "
    "kvk_nummer or rsin; and hr, vestiging, vestigingsnummer. A contactpersoon has none: name its organisatie in "
    "`werkteVoor`."
)
_DIGITS: Final = (
    "Send digits only, as a text: 9 for a bsn or rsin, 8 for a kvk_nummer, 12 for a vestigingsnummer, "
    "such as {example}."
)
_SAME: Final = "Send one betrokkene for each partij: this one is the partij of an earlier one."
_FORMS: Final = (
    "Name the earlier klantcontact in one of two ways: its `klantcontactId`, or the `contactId` of the same source, "
    "with `onderwerpId` where it is not the first. "
)
_KNOWN: Final = (
    "Send the `ref` of a betrokkene in this event, exactly as it stands there: {what} where a betrokkene has that ref."
)
_BASE64: Final = (
    "Send in base64, as one text with its padding and without line ends, the object that `data` would hold."
)
_OF_BRON: Final = {
    "source": "Send the `source` that the municipality has for this system, exactly as it is written there. Or ask the "
    "municipality to name this one under `bronnen` in its policy.",
    "": "Send the event to the topic that the municipality has for its `source`. Or ask the municipality to add this "
    "topic to the `topics` of the source in its policy.",
    "data.kanaal": "Send a kanaal that the municipality has for this `source`, exactly as it is written there. Or ask "
    "the municipality to add this one to the `kanalen` of the source in its policy.",
    f"{_KLANT}.authenticatie.middel": "Send a means of authentication that the municipality has for this `source`, or "
    "leave `authenticatie` out where none was used. Or ask the municipality to add this one to the `middelen` of the "
    "source in its policy.",
}
"""What a source may not, by its place."""

_WRITTEN: Final[Mapping[tuple[str, FaultKind], str]] = {
    ("", FaultKind.ONLEESBAAR): HINTS[FaultKind.ONLEESBAAR],
    ("", FaultKind.KOPREGELS): HINTS[FaultKind.KOPREGELS],
    ("", FaultKind.TE_GROOT): HINTS[FaultKind.TE_GROOT],
    (DATA_BASE64, FaultKind.VERKEERD_TYPE): _BASE64,
    (DATA_BASE64, FaultKind.VERKEERDE_VORM): _BASE64,
    (DATA_BASE64, FaultKind.ONLEESBAAR): f"{_BASE64} It is UTF-8 JSON without a byte order mark.",
    (DATA_BASE64, FaultKind.NIET_TOEGESTAAN): "Send `data` or `data_base64`, and leave the other one out.",
    (
        "source",
        FaultKind.TE_LANG,
    ): "Choose a shorter name for the system, and keep it: it is part of each contact's id. Send {what}.",
    ("data.revisie", FaultKind.REVISIE_CONFLICT): HINTS[FaultKind.REVISIE_CONFLICT],
    **{(pad, FaultKind.BRON_NIET_TOEGESTAAN): text for pad, text in _OF_BRON.items()},
    ("data.plaatsgevondenOp", FaultKind.IN_DE_TOEKOMST): f"{HINTS[FaultKind.IN_DE_TOEKOMST]} Send {{what}}.",
    **{
        (f"data.{name}", FaultKind.TE_VEEL): f"Send {{what}}. {HINTS[FaultKind.TE_VEEL]}"
        for name in ("onderwerpen", "betrokkenen")
    },
    (f"{_KLANT}.ref", FaultKind.DUBBEL): "Give each betrokkene a ref of its own within the event: {what}.",
    (
        "data.onderwerpen.*.onderwerpId",
        FaultKind.DUBBEL,
    ): "Give each onderwerp an id of its own within the event: {what}. "
    "An onderwerp without one has its position as id: 0, 1, and so on.",
    (f"{_KLANT}.werkteVoor", FaultKind.DUBBELE_PARTIJ): f"{_SAME} They have one pseudoniem at one organisatie.",
    (
        f"{_KLANT}.werkteVoor",
        FaultKind.NIET_TOEGESTAAN,
    ): "Send the `ref` of a betrokkene with `soortPartij` organisatie, or the organisatie itself: {what}.",
    (f"{_KLANT}.werkteVoor", FaultKind.ONBEKENDE_REF): _KNOWN,
    (f"{_KLANT}.vertegenwoordigt.*", FaultKind.ONBEKENDE_REF): _KNOWN,
    ("data.onderwerpen.*.betrokkenen.*", FaultKind.ONBEKENDE_REF): _KNOWN,
    (
        f"{_KLANT}.vertegenwoordigt.*",
        FaultKind.NIET_TOEGESTAAN,
    ): "Take the betrokkene's own `ref` out: nobody represents itself. Send the ref of the other one: {what}.",
    (f"{_KLANT}.toestemmingHergebruik", FaultKind.NIET_TOEGESTAAN): "Name this betrokkene in the `betrokkenen` of an "
    "onderwerp: who withdraws consent is one whom an onderwerp concerns.",
    **{
        (f"{_KLANT}.{name}", FaultKind.LEEG): "Fill in at least one field beside `gebruik`, or leave the address out. "
        "Send {what}."
        for name in ("bezoekadres", "correspondentieadres")
    },
    **{
        key: text
        for numbers in _NUMBERS
        for key, text in {
            (
                f"{numbers}.*",
                FaultKind.ONTBREEKT,
            ): "Send the kvk_nummer of the organisatie too, as one more item of the "
            "list: a vestigingsnummer does not go without it. Its form is {kvk}.",
            (f"{numbers}.*.codeSoortObjectId", FaultKind.DUBBEL): "Send each kind of identificator once. It is {what}.",
            (f"{numbers}.*.codeSoortObjectId", FaultKind.NIET_TOEGESTAAN): f"{_COMBINATIONS} Send {{what}}.",
            (f"{numbers}.*.objectId", FaultKind.VERKEERDE_VORM): _DIGITS,
            (f"{numbers}.*.objectId", FaultKind.VERKEERD_TYPE): _DIGITS,
            (f"{numbers}.*.objectId", FaultKind.LEEG): _DIGITS,
            (f"{numbers}.*.objectId", FaultKind.TE_LANG): _DIGITS,
            (f"{numbers}.*.objectId", FaultKind.ELFPROEF): f"{HINTS[FaultKind.ELFPROEF]} {_DIGITS}",
        }.items()
    },
    (f"{_NUMBERS[0]}.*", FaultKind.DUBBELE_PARTIJ): f"{_SAME} They share this identificator.",
    (f"{_OPVOLGING}.gevraagdeHandeling", FaultKind.ONTBREEKT): "An interne_taak needs it: send {what}.",
    (f"{_OPVOLGING}.gevraagdeHandeling", FaultKind.LEEG): "An interne_taak needs it: send {what}.",
    (f"{_OPVOLGING}.toegewezenAan", FaultKind.ONTBREEKT): "An interne_taak needs it: send {what}.",
    (f"{_OPVOLGING}.zaak", FaultKind.ONTBREEKT): "zaak_nieuw and zaak_bestaand need it: send {what}.",
    ("data.vervolgOp.contactId", FaultKind.ONTBREEKT): f"{_FORMS}Here: {{what}}.",
    ("data.vervolgOp.klantcontactId", FaultKind.ONTBREEKT): f"{_FORMS}Here: {{what}}.",
    ("data.vervolgOp.contactId", FaultKind.NIET_TOEGESTAAN): f"{_FORMS}Leave it out beside `klantcontactId`.",
    ("data.vervolgOp.onderwerpId", FaultKind.NIET_TOEGESTAAN): f"{_FORMS}Leave it out beside `klantcontactId`.",
}
"""What to do where it takes more than the rule of one field."""

_QUOTED, _BARE = ", in quotes", ", without quotes"
_WRITTEN_AS: Final = {"string": _QUOTED, "integer": f"{_BARE} and not as 1.0", "boolean": _BARE}
_OTHERS: Final = {"object": "an object", "boolean": "true or false"}


def hint(fault: Fault) -> str:
    """Return what to do about a fault: at its place, or else about its kind."""
    return hints().get((generalised(fault.pad), fault.soort), HINTS[fault.soort])


@cache
def hints() -> Mapping[tuple[str, FaultKind], str]:
    """Return the hint for each place, as a path with `*` for list positions, and each kind that can occur there."""
    return dict(_hints())


def _hints() -> Iterator[tuple[tuple[str, FaultKind], str]]:
    known = places()
    kvk = _json(known[f"{_NUMBERS[1]}.*"].example)
    for place in known.values():
        for kind in sorted(kinds_at(place)):
            named = _TOO_LONG.get(place.name) if kind is FaultKind.TE_LANG else None
            yield (place.pad, kind), _filled(named or _KINDS[kind], place, kind)
    for (pad, kind), text in _WRITTEN.items():
        yield (pad, kind), _filled(text, known[pad], kind, kvk) if pad in known else text


def _filled(text: str, place: FieldPlace, kind: FaultKind, kvk: str = "") -> str:
    """Return a text with what is expected at a place, and how a header of binary mode has it."""
    filled = text.format(
        what=_expected(place),
        written=_expected(place, as_written=True),
        example=_json(place.example),
        kvk=kvk,
        about=f" {place.description}" if place.description else "",
        no_null="; null is no item of a list" if place.name == "*" else "",
        left_out="" if place.required else ", or take it out of the list" if place.name == "*" else ", or leave it out",
        years=f", from {EARLIEST_YEAR} to {LATEST_YEAR} in UTC" if _is_moment(place) else "",
    )
    if "." in place.pad or place.pad == "data" or kind is FaultKind.VERKEERD_TYPE:
        return filled
    header = "content-type" if place.pad == "datacontenttype" else f"ce_{place.pad}"
    return f"{filled} In binary mode it is the header `{header}`, and its value has no quotes."


def _is_moment(place: FieldPlace) -> bool:
    return any(form.get("format") == "date-time" for form in place.forms)


def _expected(place: FieldPlace, *, as_written: bool = False) -> str:
    """Return what may stand at a place, in words, with an example where no values are listed."""
    forms = [f"{_form(form)}{_WRITTEN_AS.get(form.get('type', ''), '') if as_written else ''}" for form in place.forms]
    expected = " or ".join(forms)
    listed = any({"enum", "const"} & form.keys() or form.get("type") == "boolean" for form in place.forms)
    return expected if listed else f"{expected}, such as {_json(place.example)}"


def _form(form: FieldRule) -> str:
    if "const" in form:
        return _json(form["const"])
    if "enum" in form:
        return f"one of {', '.join(map(_json, form['enum']))}"
    match form.get("type"):
        case "integer":
            return f"a whole number from {form['minimum']} to {form['maximum']}"
        case "array":
            return f"a list of {_from_to(form.get('minItems'), form.get('maxItems'), 'items')}"
        case "string" | None:
            return _text(form)
        case other:
            return _OTHERS[other]


def _text(form: FieldRule) -> str:
    if form.get("format") == "date-time":
        return "a date-time with seconds and its offset from UTC"
    pattern = form.get("pattern", NOT_BLANK)
    if pattern != NOT_BLANK and "format" not in form and len(pattern) <= _LONGEST_FORM:
        return f"a text of the form `{pattern}`"
    kind = "a URI" if form.get("format") == "uri" else "a text"
    bounds = _from_to(form.get("minLength"), form.get("maxLength"), "characters")
    return f"{kind} of {bounds}" if bounds else kind


def _from_to(least: int | None, most: int | None, unit: str) -> str:
    if most is None:
        return ""
    return f"{least} to {most} {unit}" if least else f"at most {most} {unit}"


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
