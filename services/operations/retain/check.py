"""The doctor's check of how long the municipality keeps what: `bewaren.toml`."""

from typing import Final

from services.operations.checks import Check, failed
from services.operations.retain.run import load_terms
from services.operations.retain.terms import Terms
from services.operations.wording import counted
from services.runtime.errors import InvalidSettings
from services.runtime.settings import Settings

NAME: Final = "retention"

NO_TERMS_ADVICE: Final = (
    "Nothing goes by itself. Decide the terms with the privacy officer and the archivist (docs/privacy/retention.md)."
)


def retention_check(settings: Settings) -> Check:
    """Whether the terms can be read, and how many there are. Without any, all is kept."""
    try:
        terms = load_terms(settings)
    except InvalidSettings as error:
        return failed(NAME, error)
    number = _number_of(terms)
    origin = f"from {settings.bewaren_file}" if settings.bewaren_file else "no KLANTCONTACT_BEWAREN_FILE"
    return Check(
        name=NAME,
        ok=True,
        found=f"{counted(number, 'term') if number else 'no terms'}, {origin}",
        advice="" if number else NO_TERMS_ADVICE,
    )


def _number_of(terms: Terms) -> int:
    of_others = terms.model_dump(exclude={"klantcontacten"}, exclude_none=True)
    return len(terms.klantcontacten.regels) + len(of_others)
