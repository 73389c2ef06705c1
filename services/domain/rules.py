"""The decision table: when a klantcontact is registered, and why.

The laws of this file:
- The rows are tried from top to bottom; the first that applies is the rule of the onderwerp.
- The last rows cover every case that is left, so that every valid contact has a rule.
- A row states when it applies and whether a klantcontact is registered. The rest follows for all rows alike: an interne
  taak exactly when the onderwerp asks for one and there is a klantcontact; a partij for each gekende betrokkene
  (`partij_verdict.py`).
- No rule looks at `kanaal` or `doorverbonden` (VNG basisterminologie; V6898).
- Adding a rule means adding a row here and to the table of `schemas/decision.md`, "Rows", which explains the sources.

Source of the whole: VNG V6898 (a voorstel, followed strictly), with the gates of basisterminologie.
"""

from collections.abc import Callable, Mapping
from typing import Final

from schemas.contact_ended_v1 import SoortOpvolging
from schemas.outputs import PartijRegel, Regel
from schemas.values import value_class


@value_class(frozen=True, slots=True)
class Circumstances:
    """Everything that a row may look at: one onderwerp of one contact."""

    klant_involved: bool
    """Somebody with rol klant or vertegenwoordiger took part in the contact."""
    tot_stand_gekomen: bool | None
    """Whether contact arose; None is unknown, which counts as arisen."""
    follows_up: bool
    """`vervolgOp` points at a klantcontact of another contact that we registered and did not withdraw."""
    gekend: bool
    """A betrokkene whom this onderwerp concerns is gekend."""
    consent: bool
    """The first gekende betrokkene whom it concerns has given effective consent to reuse."""
    opvolging: SoortOpvolging


@value_class(frozen=True, slots=True)
class Rule:
    """One row of the table."""

    regel: Regel
    applies: Callable[[Circumstances], bool]
    klantcontact: bool
    toelichting: str
    """Why, for a reader of the event or the register."""
    source: str
    """The VNG questions, principles, cases and functions that say so, by their number."""


TABLE: tuple[Rule, ...] = (
    Rule(
        Regel.G1,
        lambda case: not case.klant_involved,
        klantcontact=False,
        toelichting="Geen klant of vertegenwoordiger betrokken: dit is geen klantcontact.",
        source="basisterminologie, U6126",
    ),
    Rule(
        Regel.G2,
        lambda case: case.tot_stand_gekomen is False,
        klantcontact=False,
        toelichting="Er is geen contact tot stand gekomen.",
        source="basisterminologie",
    ),
    Rule(
        Regel.V0,
        lambda case: case.follows_up,
        klantcontact=True,
        toelichting="Dit contact geeft opvolging aan een eerder geregistreerd klantcontact.",
        source="basisterminologie, C9708, C2716",
    ),
    Rule(
        Regel.V1,
        lambda case: not case.gekend and case.opvolging is SoortOpvolging.GEEN,
        klantcontact=False,
        toelichting="Niemand is geauthenticeerd en er is geen opvolging nodig: niets wordt bewaard.",
        source="V6898, basisterminologie",
    ),
    Rule(
        Regel.V2,
        lambda case: not case.gekend,
        klantcontact=True,
        toelichting="Niemand is geauthenticeerd, maar er is opvolging nodig: geen partij.",
        source="V6898, F2120",
    ),
    Rule(
        Regel.V3,
        lambda case: not case.consent,
        klantcontact=True,
        toelichting="Geauthenticeerd, zonder geldende toestemming voor hergebruik: een lege partij.",
        source="V6898, F7554, C0992",
    ),
    Rule(
        Regel.V4,
        lambda _: True,
        klantcontact=True,
        toelichting="Geauthenticeerd, met geldende toestemming voor hergebruik.",
        source="V6898, C0992",
    ),
)


OUTSIDE_A_CONTACT: Final[Mapping[PartijRegel, str]] = {
    PartijRegel.T: "De klant gaf toestemming voor hergebruik, of trok die in, buiten een contact om.",
    PartijRegel.B: "De gemeente beperkte de verwerking van de partij, of hief die beperking op.",
}
"""Why a partij changed without a contact (AVG art. 7(3) and 18). These are no rows: no onderwerp is judged."""

_BY_REGEL: Final = {rule.regel: rule for rule in TABLE}


def rule_of(regel: Regel) -> Rule:
    """Return the row of the table that a decision names."""
    return _BY_REGEL[regel]


def rule_for(case: Circumstances) -> Rule:
    """Return the first row that applies; there always is one."""
    return next(rule for rule in TABLE if rule.applies(case))
