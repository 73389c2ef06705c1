"""Files that a municipality writes, such as its policy: TOML, checked as a whole, each mistake named by its place."""

import json
import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError

from services.runtime.errors import InvalidSettings

Model = TypeVar("Model", bound=BaseModel)

_BARE_KEY: Final = re.compile(r"[A-Za-z0-9_-]+")
"""A key that TOML takes without quotes."""

_NOT_IN_TOML: Final = frozenset({"[key]", "literal['*']", "frozenset[str]"})
"""Steps of pydantic's locations that say what was tried, and not where."""

_REMEDIES: Final[Mapping[str, str]] = {
    "dict_type": "Write a table.",
    "extra_forbidden": "Correct how it is written, or take it out.",
    "frozen_set_type": 'Write a list of texts, as in ["telefoon"].',
    "model_type": "Write a table.",
    "too_short": "Name at least one, or leave it out.",
}
"""What to do about an error, by pydantic's type of it, where its message does not say so."""


def load_toml_file(file: Path | None, kind: type[Model], *, given_as: str = "KLANTCONTACT_BELEID_FILE") -> Model:
    """Return what a TOML file holds. `kind` has the defaults of what it leaves out, and of no file.

    `given_as` is the setting or option that named the file. Raises InvalidSettings, which shows it, when there is no
    such file, when it is not TOML, and when a value does not fit; each such value is named as TOML names it.
    """
    try:
        return kind.model_validate(_values(file, given_as))
    except ValidationError as error:
        faults = [
            f"  {_place(each['loc'])}: {each['msg']}{_remedy(each['type'])}"
            for each in error.errors(include_url=False, include_input=False)
        ]
        raise InvalidSettings("\n".join([f"{given_as}: {file} does not fit:", *faults])) from error


def _place(steps: Iterable[str | int]) -> str:
    """Return a location as a dotted key, as in `bronnen."urn:nld:oin:1".topics`."""
    keys = [str(step) for step in steps if step not in _NOT_IN_TOML]
    return ".".join(key if _BARE_KEY.fullmatch(key) else json.dumps(key, ensure_ascii=False) for key in keys)


def _remedy(kind: str) -> str:
    return f". {_REMEDIES[kind]}" if kind in _REMEDIES else ""


def _values(file: Path | None, given_as: str) -> dict[str, Any]:
    if file is None:
        return {}
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise InvalidSettings(
            f"{given_as}: {file} can't be read ({error.strerror}). Give that file, or leave {given_as} out."
        ) from error
    except ValueError as error:  # no TOML, or no UTF-8
        raise InvalidSettings(f"{given_as}: {file} is not TOML: {error}.") from error
