"""Whether an id, a key or a source looks as if it names a person. Such texts stand in events, logs and traces.

It is a guess, for a warning only: a counter of nine digits passes the 11-proef once in eleven times.
"""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final

from schemas.reading.coherence import passes_elfproef
from schemas.reading.decoding import Received

FIELDS: Final = ("id", "source", "subject", "key", "contactId", "ref", "onderwerpId")
"""What is looked at: attributes of the envelope, the Kafka key, and ids in the contact."""

_BY_CHANCE: Final = re.compile(
    r"\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b|\b[0-9a-f]{32,}\b", re.ASCII | re.IGNORECASE
)
"""UUIDs and digests, in which any row of digits may stand."""

_NINE_DIGITS: Final = re.compile(r"\d{9}", re.ASCII)

_SUSPECT: Final = re.compile(
    r"@|(?<!\d)(?:"
    r"\d{9}|0[1-9]\d{8}|0[1-9]-\d{8}|0[1-9]\d-\d{7}|0[1-9]\d\d-\d{6}"  # Dutch numbers, from the area code
    r"|(?:\+|00)[1-9]\d{7,13}"  # from the code of a country
    r")(?!\d)",
    re.ASCII,
)
"""All that may look personal: an `@`, nine digits of any value, a telephone number without spaces."""


def looks_personal(text: str) -> bool:
    """Whether a text holds nine digits that pass the 11-proef, an `@` or a telephone number."""
    return any(
        _NINE_DIGITS.fullmatch(each) is None or passes_elfproef(each)
        for each in _SUSPECT.findall(_BY_CHANCE.sub("u", text).replace(" ", ""))
    )


_MAY_BE_SUSPECT: Final = re.compile("[@+0-9](?:(?<=[@+])|[0-9 ]{8}|(?<=0)[0-9 ]*-[0-9 ]{6})")
"""Matches in every text in which `_SUSPECT` matches once the spaces are gone, and in few others. All that it matches
begins with one of a few characters, so that looking for it takes a tenth of the time."""


def may_look_personal(batch: Iterable[tuple[Received, bytes | None]]) -> bool:
    """Whether any field of a batch may look personal, each record with its key. Nearly no batch has one, and an exact
    look at each record costs ten times this.
    """
    texts: list[str] = []
    sources: set[str] = set()
    for received, key in batch:
        contact = received.contact
        sources.add(received.source)
        texts += (received.event_id, received.subject or "", _text_of(key), contact.contact_id)
        texts += [each.ref for each in contact.betrokkenen]
        texts += [each.onderwerp_id or "" for each in contact.onderwerpen]
    return _MAY_BE_SUSPECT.search("\n".join(texts)) is not None or any(map(_source_looks_personal, sources))


def personal_fields(received: Received, key: bytes | None) -> Sequence[str]:
    """Return the fields of a record that look personal; one that occurs often, only once."""
    if not may_look_personal([(received, key)]):
        return ()
    contact = received.contact
    texts = (
        received.event_id,
        received.source,
        received.subject or "",
        _text_of(key),
        contact.contact_id,
        "\n".join([each.ref for each in contact.betrokkenen]),
        "\n".join([each.onderwerp_id or "" for each in contact.onderwerpen]),
    )
    return [field for field, text in zip(FIELDS, texts, strict=True) if looks_personal(text)]


@lru_cache(maxsize=1024)
def _source_looks_personal(source: str) -> bool:
    """Whether a source looks personal. Its digits, such as an OIN, take the exact look, and sources are few."""
    return looks_personal(source)


def _text_of(key: bytes | None) -> str:
    return (key or b"").decode(errors="replace")
