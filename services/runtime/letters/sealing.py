"""How the contents of a dead letter are sealed, so that a right in Kafka alone shows nothing of them.

Each letter has a key of its own. AES-256-GCM seals its contents with that key, tied to the headers that say why the
letter is there. The register's key wraps the letter's (AES key wrap, RFC 3394), and MongoDB keeps it, so that it can be
deleted: then nobody opens the letter any more, also not in a backup of Kafka.
"""

import os
import secrets
import zlib
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Final

from schemas.values import value_class
from services.runtime.secret import load_sleutels
from services.runtime.settings import Settings

if TYPE_CHECKING:
    from services.runtime.letters.cipher import Cipher

KEY_BYTES: Final = 32
"""AES-256, for the contents and for the wrapping."""

KEY_ID_BYTES: Final = 16


class SealedByAnotherKey(Exception):
    """The key that wraps this letter's key is another."""


class NotAsSealed(Exception):
    """The contents, or the headers that they are tied to, have changed since they were sealed."""


@value_class(frozen=True, slots=True)
class LetterKey:
    """The key of one letter as MongoDB keeps it, with what is known of the letter without opening it."""

    key_id: str
    """Random. The letter names it in a header."""
    wrapped: bytes
    sleutelversie: int
    """The version of the register's key that wraps it."""
    made_at: datetime
    contact_key: str | None = None
    """The `_id` that the contact's decision record has or would have; None: the letter does not say whose it is."""
    source: str | None = None
    """The system that sent it, where that can be read and looks like one."""


def configured_sealers(settings: Settings) -> tuple["Sealer", ...]:
    """Return a sealer for each key that the register ever had, the newest last. Raises InvalidSettings."""
    return tuple(Sealer(key, versie) for versie, key in enumerate(load_sleutels(settings), 1))


def new_key_id() -> str:
    """Return an id that no other letter has."""
    return secrets.token_hex(KEY_ID_BYTES)


class Sealer:
    """Seals and opens under one version of the register's key."""

    def __init__(self, register_key: bytes, sleutelversie: int = 1) -> None:
        """`register_key`: as `services.runtime.secret` returns it."""
        self.sleutelversie = sleutelversie
        self._register_key = register_key

    @cached_property
    def _cipher(self) -> "Cipher":
        # Loaded with the first letter: cryptography takes 8 MB, and a service may never have one.
        from services.runtime.letters.cipher import Cipher

        return Cipher(self._register_key)

    def seal(self, contents: bytes, tied_to: bytes) -> tuple[bytes, bytes]:
        """Return the contents as they may go out, compressed and sealed, and their new key, wrapped.

        What is sealed can't be compressed any more: little that was sent would become much in Kafka.
        """
        key = os.urandom(KEY_BYTES)
        return self._cipher.encrypted(key, zlib.compress(contents), tied_to), self._cipher.wrapped(key)

    def open(self, sealed: bytes, tied_to: bytes, wrapped: bytes) -> bytes:
        """Return the contents. Raises SealedByAnotherKey and NotAsSealed."""
        packed = self._cipher.decrypted(self._cipher.unwrapped(wrapped), sealed, tied_to)
        # Only who had the key can have packed it, so it unpacks to what a letter may hold.
        return zlib.decompress(packed)

    def rewrapped(self, wrapped: bytes, new: "Sealer") -> bytes:
        """Return a letter's key, wrapped by another version of the register's. Raises SealedByAnotherKey."""
        return new._cipher.wrapped(self._cipher.unwrapped(wrapped))  # noqa: SLF001 - of this class
