"""The decision record of a contact: why, ids, numbers and moments; no contents.

From it and the contact itself, every event of the decision can be made again, whatever the register has learnt since.
"""

from datetime import datetime
from enum import StrEnum
from typing import Final

from schemas.contact_ended_v1 import Toestemming
from schemas.outputs import IntrekkingResultaat, PartijResultaat, Regel
from schemas.positions import Position
from schemas.values import value_class
from services.domain.consent import Moment
from services.domain.partij import Bijdrage, Stand

MAX_VOORGANGERS: Final = 20
"""Of the judgements before, so many are remembered: a contact has two or three as a rule."""

MAX_EVER_GIVEN: Final = 200
"""Klantcontacten, and partijen, of one contact over all its revisies: four times what the largest event has. What was
ever given stays in the record, and each later revisie gives or takes back all of it."""


class Stream(StrEnum):
    """Where an event goes; the settings name the topic of each."""

    REGISTERED = "registered"
    CONFIDENTIAL = "confidential"
    TAAK = "taak"


@value_class(frozen=True, slots=True)
class Aanleiding:
    """Which decision gave an event."""

    revisie: int
    besluitversie: int
    besloten_op: datetime
    event_id: str
    beleidsversie: str
    regel: Regel


@value_class(frozen=True, slots=True)
class OnderwerpBesluit:
    """What was decided about one onderwerp of the revisie in force."""

    onderwerp_id: str
    regel: Regel
    klantcontact: bool
    interne_taak: bool
    partij: PartijResultaat | None
    """What became of the partij of the first gekende betrokkene whom it concerns; None: there is none."""
    contactgegevens: bool
    """An address, telephone number or e-mail address stands at a betrokkene."""
    sinds: Aanleiding | None = None
    """The former judgement of this revisie that said the same, and whose events still hold. None: this one says it."""


@value_class(frozen=True, slots=True)
class PartijBesluit:
    """What was decided about the partij of one betrokkene."""

    positie: int
    """Of the betrokkene in the contact."""
    partij_id: str
    nummer: str
    versie: int
    geleegd_bij: int
    resultaat: PartijResultaat
    consent: bool
    carries_name: bool
    vult: bool
    verklaring: Toestemming | None
    sleutels: tuple[str, ...]
    middel: str
    """The means by which the betrokkene, or its representative, was authenticated."""
    stand: Stand
    """What the register knew of the partij without this contact: the facts of the decision."""
    vervallen_soorten: tuple[str, ...] = ()
    """Kinds of identificator that an earlier revisie had linked, and nobody else."""

    def bijdrage(self, contact: Moment) -> Bijdrage:
        """Give what the contact did to the partij."""
        return Bijdrage(contact, self.versie, self.resultaat, self.verklaring, self.vult, self.sleutels)


@value_class(frozen=True, slots=True)
class Uitgegeven:
    """The numbers that an onderwerp was ever given, and the streams its klantcontact has been on: the last one last."""

    onderwerp_id: str
    klantcontact_id: str
    klantcontact_nummer: str
    streams: tuple[Stream, ...]
    taak_nummer: str | None = None


@value_class(frozen=True, slots=True)
class KlantcontactIntrekking:
    """A klantcontact that an earlier revisie may have shown on a stream, and the one in force does not."""

    aanleiding: Aanleiding
    onderwerp_id: str
    stream: Stream
    verplaatst: bool


@value_class(frozen=True, slots=True)
class TaakIntrekking:
    """An interne taak that an earlier revisie may have shown, and the one in force does not."""

    aanleiding: Aanleiding
    onderwerp_id: str


@value_class(frozen=True, slots=True)
class PartijIntrekking:
    """What this contact had brought to a partij, and takes back."""

    aanleiding: Aanleiding
    partij_id: str
    nummer: str
    versie: int
    geleegd_bij: int
    resultaat: IntrekkingResultaat
    vervallen_soorten: tuple[str, ...]


Intrekking = KlantcontactIntrekking | TaakIntrekking | PartijIntrekking


@value_class(frozen=True, slots=True)
class Vervolg:
    """The klantcontact that a contact follows up."""

    klantcontact_id: str
    nummer: str


@value_class(frozen=True, slots=True)
class Voorganger:
    """A judgement of the contact that a correction or a new judgement replaced."""

    revisie: int
    besluitversie: int
    besloten_op: datetime
    beleidsversie: str
    regels: tuple[Regel, ...]
    """Of its onderwerpen, in their order."""
    position: Position | None


@value_class(frozen=True, slots=True)
class Besluit:
    """The decision record. `besluitversie` counts the judgements of one revisie."""

    key: str
    source: str
    contact_id: str
    revisie: int
    besluitversie: int
    digest: str
    beleidsversie: str
    besloten_op: datetime
    event_id: str
    traceparent: str | None
    plaatsgevonden_op: datetime
    taal: str
    vertrouwelijk: bool
    onderwerpen: tuple[OnderwerpBesluit, ...]
    partijen: tuple[PartijBesluit, ...] = ()
    vervolg: Vervolg | None = None
    uitgegeven: tuple[Uitgegeven, ...] = ()
    intrekkingen: tuple[Intrekking, ...] = ()
    kanttekeningen: tuple[str, ...] = ()
    """What somebody who reads the decision should know besides; words of our own, no values."""
    position: Position | None = None
    """Of the record of this revisie that was judged first; None in a dry run."""
    voorgangers: tuple[Voorganger, ...] = ()
    """The judgements before, the last one last."""

    @property
    def moment(self) -> Moment:
        """Give the contact as the origin of what it did."""
        return Moment(self.plaatsgevonden_op, self.source, self.contact_id)

    @property
    def without_trace(self) -> bool:
        """Tell whether it gave no number and touched no partij, now or before."""
        return not self.partijen and not self.uitgegeven and not self.intrekkingen

    @property
    def partijen_ever(self) -> set[str]:
        """Give the ids of the partijen that this contact touches, or touched once and took back."""
        taken_back = {each.partij_id for each in self.intrekkingen if isinstance(each, PartijIntrekking)}
        return taken_back | {each.partij_id for each in self.partijen}

    def aanleiding(self, regel: Regel) -> Aanleiding:
        """Give this decision as what gave an event."""
        return Aanleiding(self.revisie, self.besluitversie, self.besloten_op, self.event_id, self.beleidsversie, regel)

    def gave(self, intrekking: Intrekking) -> bool:
        """Tell whether this decision took something back, and not one before it."""
        why = intrekking.aanleiding
        return (why.revisie, why.besluitversie) == (self.revisie, self.besluitversie)

    def as_voorganger(self) -> Voorganger:
        """Give what is remembered of this judgement once another replaces it."""
        return Voorganger(
            revisie=self.revisie,
            besluitversie=self.besluitversie,
            besloten_op=self.besloten_op,
            beleidsversie=self.beleidsversie,
            regels=tuple(each.regel for each in self.onderwerpen),
            position=self.position,
        )

    def numbers_of(self, onderwerp_id: str) -> Uitgegeven | None:
        """Give what was handed out to an onderwerp."""
        return next((each for each in self.uitgegeven if each.onderwerp_id == onderwerp_id), None)

    def registered(self) -> list[OnderwerpBesluit]:
        """Give the onderwerpen that have a klantcontact now."""
        return [each for each in self.onderwerpen if each.klantcontact]
