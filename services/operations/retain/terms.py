"""How long the municipality keeps what: the file `bewaren.toml`.

A term that is left out does nothing: what it would end is kept. So no municipality loses anything by a default of ours.
Source: AVG art. 5(1)(e); Archiefwet and the Selectielijst of VNG, which the municipality applies; VNG V3337.
"""

from typing import Final, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from schemas.outputs import Regel
from services.operations.retain.period import Period, Term

REGISTERED: Final = frozenset({Regel.V0, Regel.V2, Regel.V3, Regel.V4})
"""The rules under which a klantcontact exists. G1, G2 and V1 leave none."""


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, arbitrary_types_allowed=True)


class KlantcontactTerms(_Table):
    """Terms of klantcontacten, from the moment of the contact."""

    regels: dict[Regel, Term] = Field(default_factory=dict)
    """By the rule that registered it. A rule that is not named keeps its klantcontacten."""
    met_zaak: Term | None = None
    """Of a klantcontact that a zaak is linked to, where that is longer than the term of its rule."""

    @model_validator(mode="after")
    def _rules_with_a_klantcontact(self) -> Self:
        if misfits := sorted(self.regels.keys() - REGISTERED):
            raise PydanticCustomError("regels", f"{', '.join(misfits)} registers no klantcontact")
        return self


class Terms(_Table):
    """All terms. Whatever is left out is kept."""

    klantcontacten: KlantcontactTerms = KlantcontactTerms()
    contactgegevens_na_taak: Term | None = None
    """Of name and addresses at a betrokkene, from the day on which their taak was seen to be done."""
    partijen_zonder_contact: Term | None = None
    """Of the entry of a partij that no contact knows any more, from the decision that left it so."""
    besluiten_zonder_klantcontact: Term | None = None
    """Of the decision about a contact of which nothing is registered any more, from the moment of the contact."""
    tellingen: Term | None = None
    """Of the counts of decisions of a day."""

    def of_klantcontact(self, regel: Regel, *, zaak: bool) -> Period | None:
        """Return the term of a klantcontact; None: it is kept."""
        term = self.klantcontacten.regels.get(regel)
        longer = self.klantcontacten.met_zaak
        if term is None or not zaak:
            return term
        # A linked zaak never shortens. Where the file does not say how long one lasts, only a person can tell.
        return longest(term, longer) if longer is not None else None


def longest(one: Period, other: Period) -> Period:
    """Return the longer of two periods, a month taken for 31 days."""
    return max(one, other, key=lambda each: each.months * 31 + each.days)
