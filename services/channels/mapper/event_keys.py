"""The Kafka key of an event: a keyed digest of what the mapping chose, such as a BSN.

All contacts of one klant get the same key, from every channel, so that they keep one order. The key of a record stays
readable where its contents are sealed, and a BSN has nine digits. So the digest has a key of its own, which HKDF
derives from the register's.
"""

import hmac
from typing import Final

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

INFO: Final = b"klantcontact: the key of the Kafka keys of channels"
"""HKDF's own input: the key that it derives from the register's serves nothing else."""

KEY_BYTES: Final = 32


class EventKeys:
    """Makes the keys of events, under the newest key of the register."""

    def __init__(self, register_key: bytes) -> None:
        """`register_key`: as `services.runtime.secret` returns it."""
        self._key = HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=INFO).derive(register_key)

    def of(self, chosen: str) -> bytes:
        """Return the key for what a mapping chose."""
        return hmac.digest(self._key, chosen.encode("utf-8", "surrogatepass"), "sha256").hex().encode()
