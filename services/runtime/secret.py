"""A secret of the settings: in the variable itself, or better in a file. It is never shown."""

from pathlib import Path
from typing import Final

from pydantic import SecretStr

from services.runtime.errors import InvalidSettings

MAX_FILE_BYTES: Final = 4096
"""More is no secret but a wrong file."""


def load_secret(value: SecretStr | None, file: Path | None, *, file_variable: str, advice: str) -> bytes | None:
    """Give a secret without the white space around it; None when there is none.

    Raises InvalidSettings, which names `file_variable` and ends with `advice`, when the file can't be read or is none.
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
