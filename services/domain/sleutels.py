"""Keyed digests: how the register finds a partij, and recognises a contact, without holding a number or any contents.

A BSN has nine digits, so a plain hash of it is no secret; these are HMAC-SHA256 under the register's own key.
"""

from base64 import urlsafe_b64encode
from hmac import digest
from typing import Final

from schemas.contact_ended_v1 import ContactEnded
from schemas.identities import Identity

_CONTROLE: Final = b"controle van de sleutel van dit register"
"""A kind of identity has no spaces and contents are JSON, so nothing else has this digest."""


class Sleutels:
    """Makes the digests of one register. `versie` is that of the key, so that the key can be replaced some day."""

    def __init__(self, key: bytes, versie: int = 1) -> None:
        """Use a secret key; `services.runtime.secret` refuses one that is too short."""
        self._key = key
        self._versie = versie

    def of_identity(self, identity: Identity) -> str:
        """Return the sleutel by which a partij is found: key version, kind and digest."""
        return f"{self._versie}:{identity.soort}:{self._digest(f'{identity.soort}:{identity.waarde}'.encode())}"

    def of_contents(self, contact: ContactEnded) -> str:
        """Return the digest that recognises the same contents: defaults left out, date-times as instants."""
        contents = contact.__pydantic_serializer__.to_json(contact, by_alias=True, exclude_defaults=True)
        return f"{self._versie}:{self._digest(contents)}"

    def of_request(self, contact_key: str, revisie: int) -> str:
        """Return the text that only an operator with this key can put into a request to publish a contact again."""
        return f"{self._versie}:{self._digest(f'publish again {contact_key} {revisie}'.encode())}"

    def controle(self) -> str:
        """Return a text that is the same only for this key and versie, and shows nothing else of the key."""
        return f"{self._versie}:{self._digest(_CONTROLE)}"

    def _digest(self, message: bytes) -> str:
        return urlsafe_b64encode(digest(self._key, message, "sha256")).rstrip(b"=").decode()


def soort_of(sleutel: str) -> str:
    """Return the kind of identity that a sleutel was made of."""
    return sleutel.split(":", 2)[1]
