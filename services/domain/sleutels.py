"""Keyed digests: how the register finds a partij, and recognises a contact, without holding a number or any contents.

A BSN has nine digits, so a plain hash of it is no secret; these are HMAC-SHA256 under the register's own key.
"""

import hashlib
import hmac
import re
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from typing import Any, Final

import orjson

from schemas.contact_ended_v1 import ContactEnded
from schemas.identities import Identity
from schemas.types import Bericht

_CONTROLE: Final = b"controle van de sleutel van dit register"
"""A kind of identity has no spaces and contents are JSON, so nothing else has this digest."""

BLOCK_BYTES: Final = 64
"""Of SHA-256."""

_SIGNATURE: Final = re.compile(r"([1-9][0-9]{0,8}):[A-Za-z0-9_-]{43}")

_INSTRUCTION: Final = b"instruction to erase "

LATER_FIELDS: Final[dict[type[Bericht], frozenset[str]]] = {}
"""The fields that a part of the contract got after the first register was made. While one is absent it is left out of
the digest of contents, so that a contact of before keeps its digest."""


class NewerSleutel(Exception):
    """A sleutel or digest was made with a newer key than there is."""


class Sleutels:
    """Makes the digests of one register, with all keys that it ever had.

    What the first key made its digests of is not known any more, so a later key wraps the text that the one before it
    made. All keys are needed for ever, and each digest says how many it was made with: its versie.
    """

    def __init__(self, first: bytes, *later: bytes) -> None:
        """Use secret keys, the first one first; `services.runtime.secret` refuses one that is too short."""
        self._keys: Final = (first, *later)
        self._begun = _begun(first)
        self._wrapping: Final = [_begun(key) for key in later]
        self.versie: Final = len(self._keys)
        """Of the newest key: they count from 1."""
        self._signs_with = self.versie
        self._oldest_request = self.versie

    def of_identity(self, identity: Identity) -> str:
        """Return the sleutel by which a partij is found: versie, kind and digest."""
        return self.keyed(f"{identity.soort}:", f"{identity.soort}:{identity.waarde}".encode())

    def of_contents(self, contact: ContactEnded) -> str:
        """Return the digest that recognises the same contents: defaults filled in, date-times as instants."""
        # orjson asks for the fields of each part and writes them at once. pydantic's own writer takes twice the time.
        return self.keyed("", orjson.dumps(contact, default=_without_absent if LATER_FIELDS else vars))

    def controle(self) -> str:
        """Return a text that is the same only for these keys in this order, and shows nothing else of them."""
        return self.keyed("", _CONTROLE)

    # Replacing the key

    def at(self, versie: int) -> "Sleutels":
        """Return the first so many of these keys: as they were before later ones came."""
        return Sleutels(*self._keys[:versie])

    def forms_of(self, identity: Identity) -> list[str]:
        """Return every sleutel by which the register may know an identity while a key is replaced, the newest first."""
        return [self.at(versie).of_identity(identity) for versie in range(self.versie, 0, -1)]

    def raised(self, text: str) -> str:
        """Return a sleutel or digest of an earlier versie as the newest key makes it.

        Raises NewerSleutel when it was made with a key that is not here.
        """
        versie = versie_of(text)
        if versie == self.versie:
            return text
        if versie > self.versie:
            raise NewerSleutel
        begin = text.index(":") + 1
        kind = text[begin : text.rfind(":") + 1]
        for later in range(versie, self.versie):
            text = f"{later + 1}:{kind}{_digest(self._wrapping[later - 1], text.encode())}"
        return text

    # Requests

    def follow(self, versie: int, *, since: int) -> None:
        """Sign with the versie that the register has, and take requests from versie `since` on.

        A key that was replaced, perhaps since it leaked, asks nothing any more.
        """
        self._signs_with, self._oldest_request = versie, since

    def of_request(self, contact_key: str, revisie: int) -> str:
        """Return the text that only an operator with these keys can put into a request to publish a contact again."""
        return self.signature(_request(contact_key, revisie))

    def is_request(self, text: str, contact_key: str, revisie: int) -> bool:
        """Whether a text is that of such a request."""
        return self.has_signed(text, _request(contact_key, revisie))

    def of_instruction(self, value: bytes) -> str:
        """Return the text that only an operator with these keys can put beside an instruction to erase."""
        return self.signature(_INSTRUCTION + value)

    def is_instruction(self, text: str, value: bytes) -> bool:
        """Whether a text is that of such an instruction."""
        return self.has_signed(text, _INSTRUCTION + value)

    def signature(self, message: bytes) -> str:
        """Return the text that only who has these keys can put beside a message."""
        return self.at(self._signs_with).keyed("", message)

    def has_signed(self, text: str, message: bytes) -> bool:
        """Whether a text is the signature of a message, by a key that still counts."""
        read = _SIGNATURE.fullmatch(text)
        if read is None or not self._oldest_request <= int(read[1]) <= self.versie:
            return False
        return hmac.compare_digest(text, self.at(int(read[1])).keyed("", message))

    def keyed(self, kind: str, message: bytes) -> str:
        """Return the digest of a message under all keys, with the versie and a kind before it."""
        text = f"1:{kind}{_digest(self._begun, message)}"
        if self._wrapping:
            for versie, begun in enumerate(self._wrapping, start=2):
                text = f"{versie}:{kind}{_digest(begun, text.encode())}"
        return text


Begun = tuple[Any, Any]
"""The two hashes of an HMAC that have taken in the key (RFC 2104). Their copies take half the time of `hmac.new`."""


def _begun(key: bytes) -> Begun:
    block = (key if len(key) <= BLOCK_BYTES else hashlib.sha256(key).digest()).ljust(BLOCK_BYTES, b"\0")
    inner, outer = (hashlib.sha256(bytes(byte ^ pad for byte in block)) for pad in (0x36, 0x5C))
    return inner, outer


def _digest(begun: Begun, message: bytes) -> str:
    inner, outer = begun[0].copy(), begun[1].copy()
    inner.update(message)
    outer.update(inner.digest())
    return urlsafe_b64encode(outer.digest()).rstrip(b"=").decode()


def _request(contact_key: str, revisie: int) -> bytes:
    return f"publish again {contact_key} {revisie}".encode()


def _without_absent(part: Bericht) -> Mapping[str, Any]:
    """Return the fields of a part, without later ones that are absent."""
    later = LATER_FIELDS.get(type(part), ())
    return {name: value for name, value in vars(part).items() if value is not None or name not in later}


def soort_of(sleutel: str) -> str:
    """Return the kind of identity that a sleutel was made of."""
    return sleutel.split(":", 2)[1]


def versie_of(text: str) -> int:
    """Return how many keys a sleutel or digest was made with."""
    return int(text[: text.index(":")])
