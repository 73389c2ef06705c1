"""Keyed digests: how the register finds a partij, and recognises a contact, without holding a number or any contents.

A BSN has nine digits, so a plain hash of it is no secret; these are HMAC-SHA256 under the register's own key.
"""

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from typing import Any, Final

import orjson

from schemas.contact_ended_v1 import ContactEnded
from schemas.identities import Identity
from schemas.types import Bericht

_CONTROLE: Final = b"controle van de sleutel van dit register"
"""A kind of identity has no spaces and contents are JSON, so nothing else has this digest."""

LATER_FIELDS: Final[dict[type[Bericht], frozenset[str]]] = {}
"""The fields that a part of the contract got after the first register was made. While one is absent it is left out of
the digest of contents, so that a contact of before keeps its digest."""


class Sleutels:
    """Makes the digests of one register. `versie` is that of the key, so that the key can be replaced some day."""

    def __init__(self, key: bytes, versie: int = 1) -> None:
        """Use a secret key; `services.runtime.secret` refuses one that is too short."""
        # A copy of an HMAC that has taken in the key costs a third less than a new one.
        self._begun = hmac.new(key, digestmod="sha256")
        self._versie = versie

    def of_identity(self, identity: Identity) -> str:
        """Return the sleutel by which a partij is found: key version, kind and digest."""
        return f"{self._versie}:{identity.soort}:{self._digest(f'{identity.soort}:{identity.waarde}'.encode())}"

    def of_contents(self, contact: ContactEnded) -> str:
        """Return the digest that recognises the same contents: defaults filled in, date-times as instants."""
        # orjson asks for the fields of each part and writes them at once. pydantic's own writer takes twice the time.
        contents = orjson.dumps(contact, default=_without_absent if LATER_FIELDS else vars)
        return f"{self._versie}:{self._digest(contents)}"

    def of_request(self, contact_key: str, revisie: int) -> str:
        """Return the text that only an operator with this key can put into a request to publish a contact again."""
        return f"{self._versie}:{self._digest(f'publish again {contact_key} {revisie}'.encode())}"

    def of_instruction(self, value: bytes) -> str:
        """Return the text that only an operator with this key can put beside an instruction."""
        return f"{self._versie}:{self._digest(b'instruction ' + value)}"

    def controle(self) -> str:
        """Return a text that is the same only for this key and versie, and shows nothing else of the key."""
        return f"{self._versie}:{self._digest(_CONTROLE)}"

    def _digest(self, message: bytes) -> str:
        hashed = self._begun.copy()
        hashed.update(message)
        return urlsafe_b64encode(hashed.digest()).rstrip(b"=").decode()


def _without_absent(part: Bericht) -> Mapping[str, Any]:
    """Return the fields of a part, without later ones that are absent."""
    later = LATER_FIELDS.get(type(part), ())
    return {name: value for name, value in vars(part).items() if value is not None or name not in later}


def soort_of(sleutel: str) -> str:
    """Return the kind of identity that a sleutel was made of."""
    return sleutel.split(":", 2)[1]
