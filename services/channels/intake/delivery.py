"""One request of a platform, with its whole body."""

from collections.abc import Iterable, Mapping
from typing import Final
from urllib.parse import parse_qsl

from schemas.values import value_class

FORM: Final = b"application/x-www-form-urlencoded"

MAX_FIELDS: Final = 200
"""Of a form. Twilio sends some forty."""


@value_class(frozen=True, slots=True)
class Delivery:
    """What a platform sent to `/in/<naam>`."""

    naam: str
    """The name in the path, which may be that of no channel."""
    query: bytes
    """What follows the `?`, as it was sent."""
    headers: Mapping[bytes, bytes]
    """By name in lower case. A header that came twice is left out: a proxy may have checked the other one."""
    body: bytes
    """As it was sent."""

    @property
    def content_type(self) -> bytes:
        """The media type, in lower case and without parameters."""
        return self.headers.get(b"content-type", b"").partition(b";")[0].strip().lower()

    @property
    def content_encoding(self) -> bytes:
        """The content encoding, in lower case; empty for none."""
        return self.headers.get(b"content-encoding", b"").strip().lower()

    @property
    def is_form(self) -> bool:
        """Whether the body holds the fields of a form."""
        return self.content_type == FORM


def headers_once(headers: Iterable[tuple[bytes, bytes]]) -> Mapping[bytes, bytes]:
    """Return the headers that came exactly once."""
    once: dict[bytes, bytes] = {}
    twice = set()
    for name, value in headers:
        if name in once:
            twice.add(name)
        once[name] = value
    for name in twice:
        del once[name]
    return once


def form_fields(body: bytes) -> list[tuple[str, str]]:
    """Return the fields of a form, in their order. Raises ValueError for a body that is no form."""
    return parse_qsl(body.decode(), keep_blank_values=True, errors="strict", max_num_fields=MAX_FIELDS)
