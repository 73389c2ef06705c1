"""The ids that any system can work out: UUIDv5 of the names of a contact, never of a person's number.

Source: `schemas/decision.md`, "Ids and numbers".
"""

import re
import uuid
from functools import lru_cache
from hashlib import sha1
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from hashlib import _Hash

_UNRESERVED = re.compile(r"[A-Za-z0-9._~-]*")

_VARIANT = dict(zip("0123456789abcdef", "89ab" * 4, strict=True))
"""The two high bits of a UUID's ninth byte are 1 and 0."""


@lru_cache(maxsize=1024)
def _begun_with_namespace(source: str) -> "_Hash":
    return sha1(uuid.uuid5(uuid.NAMESPACE_URL, source).bytes, usedforsecurity=False)


def _joined(parts: tuple[str, ...]) -> str:
    # Nearly no part needs encoding. One match over all of them costs a tenth of encoding each.
    safe = _UNRESERVED.fullmatch("".join(parts))
    return "|".join(parts if safe else [quote(part, safe="") for part in parts])


def identifier(source: str, *parts: str) -> str:
    """Return the UUIDv5 of the parts, each percent-encoded and joined with `|`, in the namespace of the source."""
    # Straight from SHA-1: uuid.uuid5 takes three times as long for the same.
    hashed = _begun_with_namespace(source).copy()
    hashed.update(_joined(parts).encode())
    text = hashed.hexdigest()
    return f"{text[:8]}-{text[8:12]}-5{text[13:16]}-{_VARIANT[text[16]]}{text[17:20]}-{text[20:32]}"


def contact_key(source: str, contact_id: str) -> str:
    """Return the key of a contact's decision record."""
    return identifier(source, "contact", contact_id)


def change_key(source: str, wijziging_id: str) -> str:
    """Return the key of the decision record of a change outside a contact."""
    return identifier(source, "wijziging", wijziging_id)


def contact_key_named(source: str | None, contact_id: str | None, *, change: bool = False) -> str | None:
    """Return the key of a contact, or of a change, by texts that nothing has checked; None where they name none."""
    if source is None or contact_id is None:
        return None
    try:
        return (change_key if change else contact_key)(source, contact_id)
    except UnicodeEncodeError:
        return None  # half of a surrogate pair, which no contact is called


def klantcontact_id(source: str, contact_id: str, onderwerp_id: str) -> str:
    """Return the id of the klantcontact of an onderwerp."""
    return identifier(source, "klantcontact", contact_id, onderwerp_id)


def taak_id(source: str, contact_id: str, onderwerp_id: str) -> str:
    """Return the id of the interne taak of an onderwerp."""
    return identifier(source, "taak", contact_id, onderwerp_id)


def betrokkene_id(source: str, contact_id: str, onderwerp_id: str, ref: str) -> str:
    """Return the id of a betrokkene bij klantcontact."""
    return identifier(source, "betrokkene", contact_id, onderwerp_id, ref)
