"""The policy file of the municipality."""

import tomllib
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from services.runtime.errors import InvalidSettings

Policy = TypeVar("Policy", bound=BaseModel)


def load_policy_file(file: Path | None, kind: type[Policy], *, given_as: str = "KLANTCONTACT_BELEID_FILE") -> Policy:
    """Return the policy that a TOML file holds. The defaults of `kind` stand for what it leaves out, and for no file.

    `given_as` is the setting or option that named the file. Raises InvalidSettings, which shows it, when there is no
    such file, when it is not TOML, and when a value does not fit; each such value is named.
    """
    try:
        return kind.model_validate(_values(file, given_as))
    except ValidationError as error:
        faults = [
            f"  {'.'.join(str(part) for part in each['loc'])}: {each['msg']}"
            for each in error.errors(include_url=False, include_input=False)
        ]
        raise InvalidSettings("\n".join([f"{given_as}: {file} does not fit:", *faults])) from error


def _values(file: Path | None, given_as: str) -> dict[str, Any]:
    if file is None:
        return {}
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise InvalidSettings(
            f"{given_as}: {file} can't be read ({error.strerror}). Give the policy file, or leave {given_as} out."
        ) from error
    except ValueError as error:  # no TOML, or no UTF-8
        raise InvalidSettings(f"{given_as}: {file} is not TOML: {error}.") from error
