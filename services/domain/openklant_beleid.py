"""The codes of actoren and objects that Open Klant gets in place of those of the events."""

from collections.abc import Mapping
from typing import Final

from pydantic import BaseModel, ConfigDict, field_validator

from schemas.types import Tekst200


class Codes(BaseModel):
    """The codes that an identificator gets in Open Klant. One that is absent stays as it is."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    code_register: Tekst200 | None = None
    code_objecttype: Tekst200 | None = None
    code_soort_object_id: Tekst200 | None = None


ZAAK: Final = Codes(code_register="openzaak", code_objecttype="zgw-Zaak")
"""How KISS writes and finds a zaak."""


OURS: Final[Mapping[str, Codes]] = {"zaak": ZAAK}
"""The objects that we translate unless the policy does."""


class OpenKlantBeleid(BaseModel):
    """The translations, each by the codeObjecttype of our events."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    actor: Mapping[str, Codes] = {}
    objecttype: Mapping[str, Codes] = OURS

    @field_validator("objecttype")
    @classmethod
    def _beside_ours(cls, given: Mapping[str, Codes]) -> Mapping[str, Codes]:
        return {**OURS, **given}
