"""The secret key with which the register makes its hashes. It is never shown."""

import base64
import binascii
import re

from services.runtime.errors import InvalidSettings
from services.runtime.secret import load_secret
from services.runtime.settings import PREFIX, Settings

MIN_BYTES = 32
"""HMAC-SHA256 is as strong as its hash from here on."""

HOW_TO_MAKE_ONE = "Make one with `openssl rand -hex 32 > sleutel` and set KLANTCONTACT_SLEUTEL_FILE=sleutel."


def load_sleutel(settings: Settings) -> bytes:
    """Give the key: hexadecimal, base64 or raw text of at least 32 bytes, surrounding white space left out.

    Raises InvalidSettings when there is none, it can't be read, or it is too short.
    """
    text = load_secret(
        settings.sleutel, settings.sleutel_file, file_variable=f"{PREFIX}SLEUTEL_FILE", advice=HOW_TO_MAKE_ONE
    )
    if text is None:
        raise InvalidSettings(f"The register has no key. {HOW_TO_MAKE_ONE}")
    sleutel = _decoded(text)
    if len(sleutel) < MIN_BYTES:
        raise InvalidSettings(
            f"The register's key has {len(sleutel)} bytes and needs at least {MIN_BYTES}. {HOW_TO_MAKE_ONE}"
        )
    return sleutel


def _decoded(text: bytes) -> bytes:
    """Read it as hexadecimal, else as base64; as it stands when it is neither, or too short as that."""
    if re.fullmatch(rb"([0-9A-Fa-f]{2}){%d,}" % MIN_BYTES, text):
        return bytes.fromhex(text.decode())
    for other_characters in (b"+/", b"-_"):
        try:
            decoded = base64.b64decode(text, altchars=other_characters, validate=True)
        except binascii.Error:
            continue
        if len(decoded) >= MIN_BYTES:
            return decoded
    return text
