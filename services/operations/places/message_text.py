"""All that can be read in a message as a platform sent it, in whatever form its texts are.

A form writes a digit as `%31`, a mail its text in base64, and a platform puts JSON into a text of JSON. So a number of
a klant is found wherever it stands, and under whatever name.
"""

import json
import re
from base64 import b64decode
from binascii import Error as NoBase64
from collections.abc import Iterator
from email import message_from_bytes
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from typing import Any, Final
from urllib.parse import unquote_plus

from schemas.values import value_class
from services.channels.mapping.reading import UnreadableMessage, parsed

BERICHT: Final = "bericht"
"""The name of a message in what is shown of its record."""

MAX_FORMS: Final = 4
"""How deep one text may lie within others: JSON within JSON, in base64, in a form."""

MAX_HEADER_CHARACTERS: Final = 4 * 1024
"""The most characters of a mail's header that are decoded: the library's time is quadratic in them."""

_JSON: Final = ("{", "[", '"')
_BASE64: Final = re.compile(r"[A-Za-z0-9+/_-]{11,}={0,2}", re.ASCII)
_TO_STANDARD: Final = str.maketrans("-_", "+/")


@value_class(frozen=True, slots=True)
class MessageText:
    """What can be read in a message."""

    text: bytes
    """The message as it came, and below it each form that could be read."""
    values: frozenset[str]
    """The texts in it by themselves: the values of JSON and of a form, the headers of a mail."""


def message_text(value: bytes) -> MessageText:
    """Return what can be read in the value of a raw record, whatever it is. It never raises."""
    found = list(dict.fromkeys(_of_message(value)))
    return MessageText(b"\n".join([value, *map(_bytes, found)]), frozenset(found))


def _of_message(value: bytes) -> Iterator[str]:
    text = value.decode("utf-8", "replace")
    yield from _within(text, MAX_FORMS)
    if not _is_like_json(text):
        yield from _of_mail(value)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _is_like_json(text: str) -> bool:
    return text.lstrip().startswith(_JSON)


def _within(text: str, forms: int) -> Iterator[str]:
    """Yield each text that stands within another: in JSON, behind percents, in base64."""
    if not forms:
        return
    for each in _in_json(text) if _is_like_json(text) else _without_percents_or_base64(text):
        yield each
        yield from _within(each, forms - 1)


def _in_json(text: str) -> Iterator[str]:
    try:
        tree = parsed(_bytes(text))
    except UnreadableMessage:
        return
    yield from _leaves(tree)


def _leaves(tree: Any) -> Iterator[str]:  # noqa: ANN401 - JSON
    """Yield the names, texts and numbers of JSON, which `parsed` bounds in depth."""
    if isinstance(tree, dict):
        yield from tree
        for each in tree.values():
            yield from _leaves(each)
    elif isinstance(tree, list):
        for each in tree:
            yield from _leaves(each)
    elif isinstance(tree, str):
        yield tree
    elif isinstance(tree, int | float):
        yield json.dumps(tree)


def _without_percents_or_base64(text: str) -> Iterator[str]:
    if "%" in text or "=" in text:
        for field in text.split("&"):
            for each in field.split("=", 1):
                if (plain := unquote_plus(each)) != text:
                    yield plain
    if _BASE64.fullmatch(text):
        packed = text.translate(_TO_STANDARD).rstrip("=")
        try:
            yield b64decode(packed + "=" * (-len(packed) % 4), validate=True).decode()
        except (NoBase64, UnicodeDecodeError):
            return


# A mail --------------------------------------------------------------------------------------------------------------


def _of_mail(value: bytes) -> Iterator[str]:
    """Yield the headers and the texts of a mail and of the mails within it, decoded."""
    for part in _parts(value):
        yield from map(_header, map(str, part.values()))
        if not part.is_multipart():
            yield _decoded(part.get_payload(decode=True), part.get_content_charset())


def _parts(value: bytes) -> list[Message]:
    try:
        return list(message_from_bytes(value).walk())
    except Exception:  # noqa: BLE001 - the library fails in many ways on what is no mail
        return []


def _header(written: str) -> str:
    if len(written) > MAX_HEADER_CHARACTERS:
        return written
    try:
        pieces = [_decoded(each, charset) for each, charset in decode_header(written)]
    except HeaderParseError:
        return written
    return " ".join("".join(pieces).split())


def _decoded(given: object, charset: str | None) -> str:
    if not isinstance(given, bytes):
        return str(given)
    try:
        return given.decode(charset or "utf-8", "replace")
    except LookupError:
        return given.decode("latin-1")
