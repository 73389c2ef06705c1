"""The converters: a closed set. Each takes what a path found, and returns what the contract wants.

A converter returns None where there is nothing to send, such as a withheld number, and raises Unconvertible for what it
can't read. Any other exception is a bug of ours, and no fault of the message.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from math import isfinite
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

from schemas.mapping_file import Converter
from schemas.types import RFC_3339
from services.channels.mapping.errors import Unconvertible
from services.channels.mapping.languages import KNOWN, THREE_LETTERS
from services.channels.mapping.reading import UnreadableMessage, parsed

Convert = Callable[[Any], Any]

_ID_NAMESPACE: Final = uuid5(NAMESPACE_URL, "urn:klantinteracties:mapping:uuid")
_RFC_3339: Final = re.compile(RFC_3339)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)
_LAST_MS: Final = 253_339_228_800_000
"""The start of the year 9998 in milliseconds since 1970: the contract takes no later moment."""
_MAX_NUMBER_CHARACTERS: Final = 40

_WITHHELD: Final = frozenset(
    {
        "+266696687",  # "anonymous" on a keypad, as Twilio and Amazon write it
        "266696687",
        "+7378742833",  # "restricted"
        "+2562533",  # "blocked"
        "+8656696",  # "unknown"
        "+86282452253",  # "unavailable"
        "anonymous",
        "blocked",
        "private",
        "restricted",
        "unavailable",
        "unknown",
        "withheld",
    }
)
_SEPARATORS: Final = re.compile(r"[\s().\-/\u00a0\u2010-\u2013]")
_NUMBER: Final = re.compile(r"\+?[0-9*#]{3,20}", re.ASCII)
_POSTCODE: Final = re.compile(r"\s*([1-9][0-9]{3})\s*([A-Za-z]{2})\s*", re.ASCII)
_YES: Final = frozenset({"ja", "j", "yes", "y", "true", "waar", "1", "aan", "on"})
_NO: Final = frozenset({"nee", "n", "no", "false", "onwaar", "0", "uit", "off"})


def converter(name: Converter, max_characters: int | None) -> Convert:
    """Return a converter. `max_characters` is where a free text is cut; None where nothing may be cut."""
    if name is Converter.BIJGEKNIPT:
        return lambda value: _trimmed(value, max_characters)
    return _CONVERTERS[name]


def _text(value: Any) -> str:  # noqa: ANN401 - JSON
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value
    if isinstance(value, int | float):
        return str(value)
    raise Unconvertible


def _only_text(value: Any) -> str:  # noqa: ANN401 - the same
    if not isinstance(value, str):
        raise Unconvertible
    return value


def _trimmed(value: Any, max_characters: int | None) -> str:  # noqa: ANN401 - the same
    text = " ".join(_only_text(value).split())
    if max_characters is None or len(text) <= max_characters:
        return text
    return text[: max_characters - 1].rstrip() + "…"


def _number(value: Any) -> int | float:  # noqa: ANN401 - the same
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    text = _only_text(value).strip()
    if len(text) > _MAX_NUMBER_CHARACTERS:
        raise Unconvertible
    try:
        return int(text)
    except ValueError:
        number = _fraction(text)
    if not isfinite(number):
        raise Unconvertible
    return number


def _fraction(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise Unconvertible from None


def _moment(value: Any) -> str:  # noqa: ANN401 - the same
    milliseconds = _number(value)
    if not 0 <= milliseconds < _LAST_MS:
        raise Unconvertible
    moment = _EPOCH + _MILLISECOND * int(milliseconds)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _revisie(value: Any) -> int:  # noqa: ANN401 - the same
    text = _only_text(value).strip()
    if not _RFC_3339.fullmatch(text):
        raise Unconvertible
    try:
        moment = datetime.fromisoformat(text.upper())
    except ValueError:
        raise Unconvertible from None  # the 30th of February
    return (moment - _EPOCH) // _MILLISECOND


def _telephone(value: Any) -> str | None:  # noqa: ANN401 - the same
    text = _text(value).strip()
    scheme, colon, rest = text.partition(":")
    if colon and scheme.lower() in {"tel", "sip", "sips", "whatsapp"}:
        text = rest.partition("@")[0]
    text = text.partition(";")[0].strip()
    if text.lower() in _WITHHELD:
        return None
    number = _SEPARATORS.sub("", text.replace("(0)", ""))
    number = f"+{number[2:]}" if number.startswith("00") else number
    return number if _NUMBER.fullmatch(number) and number not in _WITHHELD else None


def _yes_or_no(value: Any) -> bool:  # noqa: ANN401 - the same
    text = _text(value).strip().lower()
    if text not in _YES | _NO:
        raise Unconvertible
    return text in _YES


def _language(value: Any) -> str | None:  # noqa: ANN401 - the same
    letters = re.split("[-_]", _only_text(value).strip().lower(), maxsplit=1)[0]
    return letters if letters in KNOWN else THREE_LETTERS.get(letters)


def _postcode(value: Any) -> str:  # noqa: ANN401 - the same
    text = _only_text(value)
    found = _POSTCODE.fullmatch(text)
    return f"{found[1]} {found[2].upper()}" if found else text


def _json(value: Any) -> Any:  # noqa: ANN401 - the same
    try:
        return parsed(_only_text(value).encode("utf-8", "surrogatepass"))
    except UnreadableMessage:
        raise Unconvertible from None


def _uuid(value: Any) -> str | None:  # noqa: ANN401 - the same
    text = _text(value)
    return str(uuid5(_ID_NAMESPACE, text.encode("utf-8", "replace").decode())) if text else None


_CONVERTERS: Final[Mapping[Converter, Convert]] = {
    Converter.TEKST: _text,
    Converter.KLEINE_LETTERS: lambda value: _only_text(value).lower(),
    Converter.GETAL: _number,
    Converter.JSON: _json,
    Converter.EPOCH_MS: _moment,
    Converter.TIJD_ALS_REVISIE: _revisie,
    Converter.TELEFOON: _telephone,
    Converter.JA_NEE: _yes_or_no,
    Converter.ISO_639_2: _language,
    Converter.POSTCODE: _postcode,
    Converter.UUID: _uuid,
}
