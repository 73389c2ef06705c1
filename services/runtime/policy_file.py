"""The policy file of the municipality, as plain values.

`domain` knows what a policy means and this package does not, so `main` puts the two together.
"""

import tomllib
from pathlib import Path
from typing import Any

from services.runtime.errors import InvalidSettings


def read_policy_file(file: Path | None) -> dict[str, Any]:
    """Give what the TOML file holds; nothing for no file, which leaves every default in force.

    Raises InvalidSettings when there is no such file or it is no TOML.
    """
    if file is None:
        return {}
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise InvalidSettings(
            f"KLANTCONTACT_BELEID_FILE: {file} can't be read ({error.strerror}). Give the policy file, or "
            "leave the variable out for the defaults."
        ) from error
    except ValueError as error:  # TOML that is none, or no UTF-8; a policy holds nothing personal
        raise InvalidSettings(f"KLANTCONTACT_BELEID_FILE: {file} is not TOML: {error}.") from error
