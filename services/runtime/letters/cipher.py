"""The part of `sealing` that needs cryptography, which takes 8 MB: a service loads it with its first letter."""

from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap

from services.runtime.letters.sealing import KEY_BYTES, NotAsSealed, SealedByAnotherKey

INFO: Final = b"klantcontact: the key that wraps the keys of dead letters"
"""HKDF's own input: the key that it derives from the register's serves nothing else."""

NONCE: Final = bytes(12)
"""A key seals one value and no other, so its nonce may be the same each time."""


class Cipher:
    """Encrypts with the keys of letters, and wraps those under one key of the register."""

    def __init__(self, register_key: bytes) -> None:
        self._wrapping = HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=INFO).derive(register_key)

    def encrypted(self, key: bytes, packed: bytes, tied_to: bytes) -> bytes:
        """Return the value encrypted: only the key opens it."""
        return AESGCM(key).encrypt(NONCE, packed, tied_to)

    def decrypted(self, key: bytes, sealed: bytes, tied_to: bytes) -> bytes:
        """Return the value that was encrypted. Raises NotAsSealed."""
        try:
            return AESGCM(key).decrypt(NONCE, sealed, tied_to)
        except InvalidTag as error:
            raise NotAsSealed from error

    def wrapped(self, key: bytes) -> bytes:
        """Return a key as MongoDB may keep it."""
        return aes_key_wrap(self._wrapping, key)

    def unwrapped(self, wrapped: bytes) -> bytes:
        """Return a key that was wrapped. Raises SealedByAnotherKey."""
        try:
            return aes_key_unwrap(self._wrapping, wrapped)
        except InvalidUnwrap as error:
            raise SealedByAnotherKey from error
