"""The policy file of the municipality.

`domain` says what a policy is and this package may not know it, so the kind of policy is an argument.
"""

import tomllib
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from services.runtime.errors import InvalidSettings

Policy = TypeVar("Policy", bound=BaseModel)


def load_policy_file(file: Path | None, kind: type[Policy]) -> Policy:
    """Give the policy that the TOML file holds; what it leaves out, and no file at all, has the default of `kind`.

    Raises InvalidSettings when there is no such file, it is no TOML, or a value does not fit; it names every place.
    """
    try:
        return kind.model_validate(_values(file))
    except ValidationError as error:
        faults = [
            f"  {'.'.join(str(part) for part in each['loc'])}: {each['msg']}"
            for each in error.errors(include_url=False, include_input=False)
        ]
        raise InvalidSettings("\n".join([f"KLANTCONTACT_BELEID_FILE: {file} does not fit:", *faults])) from error


def _values(file: Path | None) -> dict[str, Any]:
    if file is None:
        return {}
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise InvalidSettings(
            f"KLANTCONTACT_BELEID_FILE: {file} can't be read ({error.strerror}). Give the policy file, or leave the "
            "variable out for the defaults."
        ) from error
    except ValueError as error:  # no TOML, or no UTF-8
        raise InvalidSettings(f"KLANTCONTACT_BELEID_FILE: {file} is not TOML: {error}.") from error
