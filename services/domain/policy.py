"""The choices that a municipality makes itself: which means of authentication suffice, who may publish, and switches.

Source: VNG V6881 leaves the level of authentication to the municipality; `schemas/decision.md`, "Gekend" and "Sources".
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from schemas.cloudevents import Uri
from schemas.types import Tekst50, Tekst100, Tekst256
from services.domain.openklant_beleid import OpenKlantBeleid

EVERY_KANAAL: Literal["*"] = "*"

SUFFICIENT_BY_DEFAULT = (
    "digid",
    "eherkenning",
    "eidas",
    "identiteitsbewijs",
    "telefonische_authenticatie",
    "dossier",
)


class ZonderIdentificator(StrEnum):
    """The outcome for a betrokkene that is authenticated and has no identificator to be found by."""

    EIGEN_PARTIJ = "eigen_partij"
    """Each contact makes a new partij with its own number."""
    NIET_GEKEND = "niet_gekend"
    """The betrokkene counts as not authenticated."""


_STRICT: Final = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

_Topic = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,249}$")]


class Bron(BaseModel):
    """What one source may. None does not bound it."""

    model_config = _STRICT

    topics: Annotated[frozenset[_Topic], Field(min_length=1)] | None = None
    """The topics that it may write to: those for which Kafka grants its publisher the right, and nobody else."""
    kanalen: Annotated[frozenset[Tekst50], Field(min_length=1)] | None = None
    """The kanalen of its contacts, each exactly as it is sent."""
    middelen: frozenset[Tekst256] | None = None
    """The means of authentication that it may claim of anybody who took part. It may claim none when this is empty."""


class Beleid(BaseModel):
    """A policy. Every decision names its `versie`, so that each can be judged by the rules of its own time."""

    model_config = _STRICT

    versie: Tekst100 = "V6898-voorstel-2023-10"
    voldoende_middelen: Mapping[str, Literal["*"] | frozenset[str]] = dict.fromkeys(SUFFICIENT_BY_DEFAULT, EVERY_KANAAL)
    """For each means that suffices: `*`, or the kanalen on which it does."""
    zonder_externe_identificator: ZonderIdentificator = ZonderIdentificator.EIGEN_PARTIJ
    standaard_taal: Annotated[str, Field(pattern=r"^[a-z]{3}$")] = "nld"
    """The taal of a contact that names none (ISO 639-2/B); Open Klant wants one."""

    getelde_bronnen: frozenset[Uri] = frozenset()
    """Sources whose decisions are counted by name on every day. Of others, the first hundred of a day are."""
    bronnen: Mapping[Uri, Bron] = Field(default={}, min_length=1)
    """The sources that may publish, each with what it may. Empty: it bounds no source."""

    openklant: OpenKlantBeleid = OpenKlantBeleid()
    """The codes that Open Klant gets in place of those of the events. The rules ignore them."""

    def suffices(self, middel: str, kanaal: str) -> bool:
        """Whether this means establishes an identity on this kanaal."""
        kanalen = self.voldoende_middelen.get(middel)
        return kanalen is not None and (kanalen == EVERY_KANAAL or kanaal in kanalen)

    @property
    def named_sources(self) -> frozenset[str]:
        """The sources that it names anywhere."""
        return self.getelde_bronnen.union(self.bronnen)


DEFAULT = Beleid()
