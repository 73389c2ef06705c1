"""Keyed digests: how the register finds a partij, and recognises a contact, without holding a number or any contents.

A BSN has nine digits, so a plain hash of it is no secret; these are HMAC-SHA256 under the register's own key.
"""

from base64 import urlsafe_b64encode
from hmac import digest
from typing import Final

from schemas.contact_ended_v1 import ContactEnded
from schemas.identities import Identity

_CONTROLE: Final = b"controle van de sleutel van dit register"
"""No kind of identity, which has no spaces, and no contents, which are JSON: so its digest is that of nothing else."""


class Sleutels:
    """Makes the digests of one register. `versie` is the key's own, so that it can be replaced some day."""

    def __init__(self, key: bytes, versie: int = 1) -> None:
        """Take a secret key; `services.runtime.secret` refuses one that is too short for a secret."""
        self._key = key
        self._versie = versie

    def of_identity(self, identity: Identity) -> str:
        """Give the sleutel by which a partij is found: key version, kind and digest."""
        return f"{self._versie}:{identity.soort}:{self._digest(f'{identity.soort}:{identity.waarde}'.encode())}"

    def of_contents(self, contact: ContactEnded) -> str:
        """Give the digest by which the same contents are recognised: without defaults, date-times as instants."""
        contents = contact.__pydantic_serializer__.to_json(contact, by_alias=True, exclude_defaults=True)
        return f"{self._versie}:{self._digest(contents)}"

    def controle(self) -> str:
        """Give what tells this key and versie from any other, and nothing else of it."""
        return f"{self._versie}:{self._digest(_CONTROLE)}"

    def _digest(self, message: bytes) -> str:
        return urlsafe_b64encode(digest(self._key, message, "sha256")).rstrip(b"=").decode()


def soort_of(sleutel: str) -> str:
    """Give the kind of identity that a sleutel was made of."""
    return sleutel.split(":", 2)[1]
