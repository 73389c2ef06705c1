"""The decision record of a contact, or of a change outside one: why, ids, numbers and moments; no contents.

From it and the contact itself, every event of the decision can be made again, whatever the register has learnt since.
"""

from datetime import datetime
from typing import Final

from schemas.contact_ended_v1 import Toestemming
from schemas.outputs import IntrekkingResultaat, PartijRegel, PartijResultaat, Reden, Regel
from schemas.positions import Position
from schemas.values import value_class
from services.domain.consent import Moment, Statement
from services.domain.ids import taak_id
from services.domain.partij import Bijdrage, Stand
from services.domain.streams import Stream
from services.domain.toelichting import KEPT_WITHOUT_TRACE
from services.domain.wissing import Gewist

MAX_VOORGANGERS: Final = 20
"""So many earlier judgements are kept. Most contacts have two or three."""

MAX_EVER_GIVEN: Final = 200
"""Klantcontacten, and partijen, of one contact over all its revisies: four times as many as the largest event has."""

NOWHERE: Final = Position("", -1, -1)
"""With no record: our own code failed on the events of a decision."""


@value_class(frozen=True, slots=True)
class Aanleiding:
    """The decision that an event goes back to."""

    revisie: int
    besluitversie: int
    besloten_op: datetime
    event_id: str
    beleidsversie: str
    regel: Regel | PartijRegel


@value_class(frozen=True, slots=True)
class OnderwerpBesluit:
    """The decision about one onderwerp of the revisie in force."""

    regel: Regel
    onderwerp_id: str = ""
    """Empty in a shortened record."""
    klantcontact: bool = False
    interne_taak: bool = False
    partij: PartijResultaat | None = None
    """The outcome for the partij of the first gekende betrokkene whom it concerns; None: it concerns none."""
    contactgegevens: bool = False
    """Whether an address, telephone number or e-mail address is kept at a betrokkene."""
    sinds: Aanleiding | None = None
    """The former judgement of this revisie with the same outcome, whose events still hold. None: there is none."""


@value_class(frozen=True, slots=True)
class PartijBesluit:
    """The decision about the partij of one betrokkene."""

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
    """Kinds of identificator that an earlier revisie had linked and no other contact had."""
    wordt_beperkt: bool | None = None  # whether a change restricts its processing, or sets it free; None: neither

    def statement_that_counted(self, contact: Moment) -> Statement | None:
        """Return the statement of consent by which the contact was judged; None when nobody had made one."""
        return self.stand.stating(self.verklaring, contact).counting

    def bijdrage(self, contact: Moment) -> Bijdrage:
        """Return what the contact did to the partij."""
        stated_at = self.stand.statements.stated_at(self.verklaring, contact)
        return Bijdrage(stated_at, self.versie, self.resultaat, self.verklaring, self.vult, self.sleutels)


@value_class(frozen=True, slots=True)
class Uitgegeven:
    """The numbers that an onderwerp was ever given, and the streams of its klantcontact and taak, the last one last."""

    onderwerp_id: str
    klantcontact_id: str
    klantcontact_nummer: str
    streams: tuple[Stream, ...]
    taak_nummer: str | None = None
    taak_streams: tuple[Stream, ...] = (Stream.TAAK,)
    """Of the taak that has that nummer. Absent in a document: every taak was ordinary, as in earlier releases."""


@value_class(frozen=True, slots=True)
class KlantcontactIntrekking:
    """A klantcontact that an earlier revisie may have shown on a stream, and the one in force does not."""

    aanleiding: Aanleiding
    onderwerp_id: str
    stream: Stream
    verplaatst: bool
    reden: Reden = Reden.CORRECTIE


@value_class(frozen=True, slots=True)
class TaakIntrekking:
    """An interne taak that an earlier revisie may have shown on a stream, and the one in force does not."""

    aanleiding: Aanleiding
    onderwerp_id: str
    stream: Stream = Stream.TAAK
    verplaatst: bool = False
    reden: Reden = Reden.CORRECTIE


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
    reden: Reden = Reden.CORRECTIE


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
class BesluitRecord:
    """The decision record. Its short form (`shortened`) lacks the fields that have defaults."""

    key: str
    source: str
    revisie: int
    besluitversie: int
    """Counts the judgements of one revisie."""
    digest: str
    beleidsversie: str
    besloten_op: datetime
    onderwerpen: tuple[OnderwerpBesluit, ...]
    contact_id: str = ""
    event_id: str = ""
    traceparent: str | None = None
    plaatsgevonden_op: datetime | None = None
    """None in a shortened record only."""
    taal: str = ""
    vertrouwelijk: bool = False
    partijen: tuple[PartijBesluit, ...] = ()
    vervolg: Vervolg | None = None
    uitgegeven: tuple[Uitgegeven, ...] = ()
    intrekkingen: tuple[Intrekking, ...] = ()
    kanttekeningen: tuple[str, ...] = ()
    """Each a `Kanttekening`: something a reader of the decision should know besides the rule."""
    position: Position | None = None
    """Of the record of this revisie that was judged first; None in a dry run."""
    voorgangers: tuple[Voorganger, ...] = ()
    """The judgements before, the last one last."""
    sent_with: Position | None = None
    """The record with which the events of this judgement go out, when it is another than that at `position`."""
    gewist: Gewist | None = None
    """Set when somebody who took part was erased from it. The contact is closed: nothing is judged or published."""

    @property
    def goes_out_with(self) -> Position | None:
        """The record with which the events of this judgement go out; None: nobody knows."""
        return self.sent_with or self.position

    @property
    def moment(self) -> Moment:
        """The contact as the origin of what it did."""
        assert self.plaatsgevonden_op is not None, "a contact that did something has a record in full"
        return Moment(self.plaatsgevonden_op, self.source, self.contact_id, self.is_change)

    @property
    def is_change(self) -> bool:
        """Whether it is about a change outside a contact; `contact_id` is its wijzigingId then."""
        return not self.onderwerpen

    @property
    def without_trace(self) -> bool:
        """Whether no revisie of the contact gave a number or touched a partij."""
        return not (self.partijen or self.uitgegeven or self.intrekkingen or self.gewist)

    @property
    def is_shortened(self) -> bool:
        """Whether this is the short form of a record without a trace."""
        return self.plaatsgevonden_op is None

    def shortened(self) -> "BesluitRecord":
        """Return the form that is kept without a trace: no text of the publisher but the source. The digest stays."""
        assert self.without_trace, "a decision with a trace is made again from its whole record"
        return BesluitRecord(
            key=self.key,
            source=self.source,
            revisie=self.revisie,
            besluitversie=self.besluitversie,
            digest=self.digest,
            beleidsversie=self.beleidsversie,
            besloten_op=self.besloten_op,
            onderwerpen=tuple(OnderwerpBesluit(each.regel) for each in self.onderwerpen),
            kanttekeningen=tuple(each for each in self.kanttekeningen if each in KEPT_WITHOUT_TRACE),
            position=self.position,
            voorgangers=self.voorgangers,
        )

    @property
    def names_a_partij_twice(self) -> bool:
        """Whether two betrokkenen of the contact have the same partij."""
        return len({each.partij_id for each in self.partijen}) < len(self.partijen)

    @property
    def says_something_new(self) -> bool:
        """Whether any onderwerp fares otherwise than under the judgement before of the same revisie."""
        return any(each.sinds is None for each in self.onderwerpen)

    @property
    def partijen_ever(self) -> set[str]:
        """The ids of the partijen that this contact touches, or touched once and took back."""
        taken_back = {each.partij_id for each in self.intrekkingen if isinstance(each, PartijIntrekking)}
        return taken_back | {each.partij_id for each in self.partijen}

    def aanleiding(self, regel: Regel | PartijRegel) -> Aanleiding:
        """Return this decision as the one that an event goes back to."""
        return Aanleiding(self.revisie, self.besluitversie, self.besloten_op, self.event_id, self.beleidsversie, regel)

    def gave(self, intrekking: Intrekking) -> bool:
        """Whether this decision took something back, not one before it."""
        why = intrekking.aanleiding
        return (why.revisie, why.besluitversie) == (self.revisie, self.besluitversie)

    def as_voorganger(self) -> Voorganger:
        """Return what is kept of this judgement once another replaces it."""
        return Voorganger(
            revisie=self.revisie,
            besluitversie=self.besluitversie,
            besloten_op=self.besloten_op,
            beleidsversie=self.beleidsversie,
            regels=tuple(each.regel for each in self.onderwerpen),
            position=self.position,
        )

    def numbers_of(self, onderwerp_id: str) -> Uitgegeven | None:
        """Return the numbers that an onderwerp was ever given."""
        return next((each for each in self.uitgegeven if each.onderwerp_id == onderwerp_id), None)

    def taak_id_of(self, onderwerp_id: str) -> str:
        """Return the id of the interne taak of an onderwerp, whether it has one or not."""
        return taak_id(self.source, self.contact_id, onderwerp_id)

    def judgement_of(self, onderwerp: OnderwerpBesluit) -> int:
        """Return the besluitversie of this revisie that first said what is in force of an onderwerp."""
        return (onderwerp.sinds or self).besluitversie

    def registered(self) -> list[OnderwerpBesluit]:
        """Return the onderwerpen that have a klantcontact now."""
        return [each for each in self.onderwerpen if each.klantcontact]
