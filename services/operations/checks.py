"""One check of the doctor."""

from dataclasses import dataclass

from services.runtime.errors import KlantcontactError


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One check. `advice` says what to do, and is empty when all is well."""

    name: str
    ok: bool
    found: str
    advice: str = ""


def failed(name: str, error: KlantcontactError, advice: str = "") -> Check:
    """The check that an error failed. The messages of InvalidSettings hold the advice themselves."""
    return Check(name=name, ok=False, found=str(error), advice=advice)
