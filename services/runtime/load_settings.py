"""Reads the settings from the environment, and refuses with a message for the operator."""

import difflib
import os
from collections.abc import Iterator, Mapping

from pydantic import ValidationError

from services.runtime.errors import InvalidSettings
from services.runtime.settings import IN_PROCESS_BROKER, PREFIX, Settings

NOT_SETTINGS = ("KLANTCONTACT_CACHE", "KLANTCONTACT_TEST_", "KLANTCONTACT_BENCH_", IN_PROCESS_BROKER)
"""Beginnings of variables with our prefix that the local stack, the demo, the tests and the benchmarks read."""

KUBERNETES_SERVICE_PARTS = ("_SERVICE_HOST", "_SERVICE_PORT", "_PORT")
"""Kubernetes sets such variables for every Service of the namespace, also for one named klantcontact-…"""


def load_settings() -> Settings:
    """Read the settings from the environment.

    Raises InvalidSettings, which names every variable that does not fit and says what is wanted.
    """
    faults = list(_unknown_variables(os.environ))
    try:
        settings = Settings()
    except ValidationError as error:
        faults += _faults(error)
    else:
        if not faults:
            return settings
    raise InvalidSettings("\n".join(["The settings don't fit:", *(f"  {fault}" for fault in faults)]))


def _unknown_variables(environment: Mapping[str, str]) -> Iterator[str]:
    known = [name.upper() for name in Settings.model_fields]
    for name in sorted(environment):
        setting = name.upper().removeprefix(PREFIX)
        if setting == name.upper() or setting in known or name.startswith(NOT_SETTINGS):
            continue
        yield f"{name} is not a setting. {_hint(setting, known)}"


def _hint(setting: str, known: list[str]) -> str:
    near = difflib.get_close_matches(setting, known, n=1, cutoff=0.8)
    if near:
        return f"Did you mean {PREFIX}{near[0]}?"
    if any(part in setting for part in KUBERNETES_SERVICE_PARTS):
        return "Kubernetes adds it for a Service: put `enableServiceLinks: false` in the pod."
    return "Remove it: docs/settings.md lists what can be set."


def _faults(error: ValidationError) -> Iterator[str]:
    for each in error.errors(include_url=False, include_input=False):
        message = f"{each['msg']}."
        if each["loc"]:
            yield f"{PREFIX}{str(each['loc'][0]).upper()}: {message[0].lower()}{message[1:]}"
        else:
            yield f"{message[0].upper()}{message[1:]}"
