"""Secrets of the settings, in the variable itself or better in a file; among them the key with which the register makes
its hashes. None is ever shown.
"""

import base64
import binascii
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from pydantic import SecretStr

from services.runtime.errors import InvalidSettings
from services.runtime.settings import PREFIX, Settings

MAX_FILE_BYTES: Final = 4096
"""A larger file holds no secret: it is the wrong one."""


def load_secret(value: SecretStr | None, file: Path | None, *, file_variable: str, advice: str) -> bytes | None:
    """Return a secret without the white space around it; None when there is none.

    Raises InvalidSettings when the file can't be read or is too large. It names `file_variable` and ends with `advice`.
    """
    if value is not None:
        return value.get_secret_value().encode().strip()
    if file is None:
        return None
    try:
        with file.open("rb") as opened:
            content = opened.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise InvalidSettings(f"{file_variable}: {file} can't be read ({error.strerror}). {advice}") from error
    if len(content) > MAX_FILE_BYTES:
        raise InvalidSettings(
            f"{file_variable}: {file} has more than {MAX_FILE_BYTES} bytes and is the wrong file. {advice}"
        )
    return content.strip()


READABLE_ADVICE: Final = "Every user of this machine may read it: make it the service's own, with mode 0600."


def readable_by_others(settings: Settings) -> Iterator[tuple[str, Path]]:
    """Yield the files of secrets that every user of this machine may read, each with the variable that names it."""
    files = {
        "sleutel_file": [settings.sleutel_file],
        "former_sleutel_files": settings.former_sleutel_files or (),
        "mongo_uri_file": [settings.mongo_uri_file],
        "kafka_password_file": [settings.kafka_password_file],
        "ldv_sleutel_file": [settings.ldv_sleutel_file],
        "kafka_key_file": [settings.kafka_key_file],
        "openklant_token_file": [settings.openklant_token_file],
    }
    for name, named in files.items():
        for file in named:
            if file is not None and others_may_read(file):
                yield f"{PREFIX}{name.upper()}", file


def others_may_read(file: Path) -> bool:
    """Whether every user of this machine may read a file."""
    try:
        return bool(file.stat().st_mode & stat.S_IROTH)
    except OSError:
        return False  # `load_secret` tells that it can't be read


MIN_BYTES = 32
"""As long as the digest of HMAC-SHA256: a shorter key would be its weakest part (RFC 2104)."""

HOW_TO_GET_ONE = (
    "A register that is in use can only be read with the key that it has: put that back and never make another. For a "
    "new register, make one with `(umask 077; openssl rand -hex 32 > sleutel)` and set "
    "KLANTCONTACT_SLEUTEL_FILE=sleutel."
)


def load_sleutel(settings: Settings) -> bytes:
    """Return the newest key: hexadecimal, base64 or raw text of at least 32 bytes, without the white space around it.

    Raises InvalidSettings when there is none, it can't be read, or it is too short.
    """
    text = load_secret(
        settings.sleutel, settings.sleutel_file, file_variable=f"{PREFIX}SLEUTEL_FILE", advice=HOW_TO_GET_ONE
    )
    if text is None:
        raise InvalidSettings(f"The register has no key. {HOW_TO_GET_ONE}")
    return _checked(text, "The register's key")


def load_sleutels(settings: Settings) -> tuple[bytes, ...]:
    """Return all keys that the register ever had, the first one first. Raises as `load_sleutel` does."""
    former: list[bytes] = []
    for file in settings.former_sleutel_files or ():
        text = load_secret(None, file, file_variable=f"{PREFIX}FORMER_SLEUTEL_FILES", advice=HOW_TO_GET_ONE) or b""
        former.append(_checked(text, f"{PREFIX}FORMER_SLEUTEL_FILES: the key in {file}"))
    keys = (*former, load_sleutel(settings))
    if len(set(keys)) < len(keys):
        raise InvalidSettings(
            f"{PREFIX}FORMER_SLEUTEL_FILES: two of the register's keys are the same. List the keys of before, the "
            f"first one first, and give the newest as {PREFIX}SLEUTEL_FILE alone."
        )
    return keys


LDV_ADVICE: Final = "Make one with `(umask 077; openssl rand -hex 32 > ldv_sleutel)`."


def load_ldv_sleutel(settings: Settings) -> bytes:
    """Return the key of the Logboek Dataverwerkingen, in the form of the register's, which must be another.

    Raises InvalidSettings when it can't be read, is too short, or is a key of the register.
    """
    variable = f"{PREFIX}LDV_SLEUTEL_FILE"
    text = load_secret(None, settings.ldv_sleutel_file, file_variable=variable, advice=LDV_ADVICE)
    sleutel = _checked(text or b"", variable, LDV_ADVICE)
    if (settings.sleutel or settings.sleutel_file) and sleutel in load_sleutels(settings):
        raise InvalidSettings(f"{variable}: it is the register's key. {LDV_ADVICE}")
    return sleutel


def _checked(text: bytes, what: str, advice: str = HOW_TO_GET_ONE) -> bytes:
    sleutel = _decoded(text)
    if len(sleutel) < MIN_BYTES:
        raise InvalidSettings(f"{what} has {len(sleutel)} bytes and needs at least {MIN_BYTES}. {advice}")
    return sleutel


def _decoded(text: bytes) -> bytes:
    """Read it as hexadecimal, else as base64; else, or where that is too short, return it as it stands."""
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
