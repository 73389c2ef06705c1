"""The parts of the register's documents: each value with camelCase names, without the fields that have their default.

Moments are texts with microseconds: a BSON date has milliseconds, too few to show which of two moments was first.

Each aanleiding of a decision stands once in its document, under `aanleidingen`. All that goes back to it names its
place there: a contact can take back hundreds of things for one reason. An earlier release wrote the aanleiding at each
of them; such a document is read too.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Final

from schemas.contact_ended_v1 import Toestemming
from schemas.outputs import IntrekkingResultaat, PartijRegel, PartijResultaat, Reden, Regel
from schemas.positions import Position
from services.domain.besluit import (
    Aanleiding,
    Intrekking,
    KlantcontactIntrekking,
    OnderwerpBesluit,
    PartijBesluit,
    PartijIntrekking,
    TaakIntrekking,
    Uitgegeven,
)
from services.domain.consent import Moment
from services.domain.partij import PartijRecord, Stand
from services.domain.streams import Stream
from services.runtime.mongo.client import Document

_ROWS: Final = frozenset(Regel)
_ORDINARY: Final = (Stream.TAAK,)


@lru_cache(maxsize=1024)
def text_of(moment: datetime) -> str:
    """Return the text of a moment."""
    # Cached: a batch has one moment of decision, and a contact's own moment stands in its record and at its partijen.
    return moment.isoformat(timespec="microseconds")


def moment_document(moment: Moment) -> Document:
    """Return what is kept of a contact that did something to a partij."""
    name = "wijzigingId" if moment.wijziging else "contactId"
    return {"op": text_of(moment.op), "source": moment.source, name: moment.contact_id}


def moment_of(document: Document | None) -> Moment | None:
    """Return a contact that did something to a partij; None where none did."""
    if document is None:
        return None
    op, source = datetime.fromisoformat(document["op"]), document["source"]
    if (wijziging_id := document.get("wijzigingId")) is not None:
        return Moment(op, source, wijziging_id, wijziging=True)
    return Moment(op, source, document["contactId"])


def add_moments(document: Document, of: Stand | PartijRecord) -> None:
    """Add what last gave, withdrew and filled, and what restricts, as far as there are any."""
    if of.gegeven is not None:
        document["gegeven"] = moment_document(of.gegeven)
    if of.ingetrokken is not None:
        document["ingetrokken"] = moment_document(of.ingetrokken)
    if of.gevuld is not None:
        document["gevuld"] = moment_document(of.gevuld)
    if of.beperkt is not None:
        document["beperkt"] = moment_document(of.beperkt)


def position_document(position: Position) -> Document:
    """Return where a record lies."""
    return {"topic": position.topic, "partition": position.partition, "offset": position.offset}


def position_of(document: Document | None) -> Position | None:
    """Return where a record lies; None where nobody knew."""
    return None if document is None else Position(document["topic"], document["partition"], document["offset"])


def aanleiding_document(aanleiding: Aanleiding) -> Document:
    """Return a decision that something goes back to."""
    return {
        "revisie": aanleiding.revisie,
        "besluitversie": aanleiding.besluitversie,
        "beslotenOp": text_of(aanleiding.besloten_op),
        "eventId": aanleiding.event_id,
        "beleidsversie": aanleiding.beleidsversie,
        "regel": aanleiding.regel,
    }


def aanleiding_of(document: Document) -> Aanleiding:
    """Return a decision that something goes back to."""
    return Aanleiding(
        revisie=document["revisie"],
        besluitversie=document["besluitversie"],
        besloten_op=datetime.fromisoformat(document["beslotenOp"]),
        event_id=document["eventId"],
        beleidsversie=document["beleidsversie"],
        regel=_regel_of(document["regel"]),
    )


def _regel_of(text: str) -> Regel | PartijRegel:
    return Regel(text) if text in _ROWS else PartijRegel(text)


def onderwerp_document(onderwerp: OnderwerpBesluit, places: Mapping[Aanleiding, int]) -> Document:
    """Return the decision about an onderwerp, given the place of each aanleiding."""
    document: Document = {"regel": onderwerp.regel}
    if onderwerp.onderwerp_id:
        document["onderwerpId"] = onderwerp.onderwerp_id
    if onderwerp.klantcontact:
        document["klantcontact"] = True
    if onderwerp.interne_taak:
        document["interneTaak"] = True
    if onderwerp.partij is not None:
        document["partij"] = onderwerp.partij
    if onderwerp.contactgegevens:
        document["contactgegevens"] = True
    if onderwerp.sinds is not None:
        document["sinds"] = places[onderwerp.sinds]
    return document


def onderwerp_of(document: Document, aanleidingen: Sequence[Aanleiding]) -> OnderwerpBesluit:
    """Return the decision about an onderwerp, given the aanleidingen of its document."""
    partij, sinds = document.get("partij"), document.get("sinds")
    return OnderwerpBesluit(
        regel=Regel(document["regel"]),
        onderwerp_id=document.get("onderwerpId", ""),
        klantcontact=document.get("klantcontact", False),
        interne_taak=document.get("interneTaak", False),
        partij=None if partij is None else PartijResultaat(partij),
        contactgegevens=document.get("contactgegevens", False),
        sinds=None if sinds is None else _in_place(sinds, aanleidingen),
    )


def _in_place(given: int | Document, aanleidingen: Sequence[Aanleiding]) -> Aanleiding:
    return aanleidingen[given] if isinstance(given, int) else aanleiding_of(given)


def partij_besluit_document(partij: PartijBesluit) -> Document:
    """Return the decision about the partij of a betrokkene."""
    document: Document = {
        "positie": partij.positie,
        "partijId": partij.partij_id,
        "nummer": partij.nummer,
        "versie": partij.versie,
        "geleegdBij": partij.geleegd_bij,
        "resultaat": partij.resultaat,
        "consent": partij.consent,
        "carriesName": partij.carries_name,
        "vult": partij.vult,
        "verklaring": partij.verklaring,
        "sleutels": list(partij.sleutels),
        "middel": partij.middel,
        "stand": _stand_document(partij.stand),
    }
    if partij.vervallen_soorten:
        document["vervallenSoorten"] = list(partij.vervallen_soorten)
    if partij.wordt_beperkt is not None:
        document["wordtBeperkt"] = partij.wordt_beperkt
    return document


def partij_besluit_of(document: Document) -> PartijBesluit:
    """Return the decision about the partij of a betrokkene."""
    verklaring = document["verklaring"]
    return PartijBesluit(
        positie=document["positie"],
        partij_id=document["partijId"],
        nummer=document["nummer"],
        versie=document["versie"],
        geleegd_bij=document["geleegdBij"],
        resultaat=PartijResultaat(document["resultaat"]),
        consent=document["consent"],
        carries_name=document["carriesName"],
        vult=document["vult"],
        verklaring=None if verklaring is None else Toestemming(verklaring),
        sleutels=tuple(document["sleutels"]),
        middel=document["middel"],
        stand=_stand_of(document["stand"]),
        vervallen_soorten=tuple(document.get("vervallenSoorten", ())),
        wordt_beperkt=document.get("wordtBeperkt"),
    )


def _stand_document(stand: Stand) -> Document:
    document: Document = {}
    if stand.bekend:
        document["bekend"] = True
    if not stand.leeg:
        document["leeg"] = False
    add_moments(document, stand)
    return document


def _stand_of(document: Document) -> Stand:
    return Stand(
        bekend=document.get("bekend", False),
        leeg=document.get("leeg", True),
        gegeven=moment_of(document.get("gegeven")),
        ingetrokken=moment_of(document.get("ingetrokken")),
        gevuld=moment_of(document.get("gevuld")),
        beperkt=moment_of(document.get("beperkt")),
    )


def uitgegeven_document(uitgegeven: Uitgegeven) -> Document:
    """Return what an onderwerp was ever given."""
    document: Document = {
        "onderwerpId": uitgegeven.onderwerp_id,
        "klantcontactId": uitgegeven.klantcontact_id,
        "klantcontactNummer": uitgegeven.klantcontact_nummer,
        "streams": list(uitgegeven.streams),
    }
    if uitgegeven.taak_nummer is not None:
        document["taakNummer"] = uitgegeven.taak_nummer
    if uitgegeven.taak_streams != _ORDINARY:
        document["taakStreams"] = list(uitgegeven.taak_streams)
    return document


def uitgegeven_of(document: Document) -> Uitgegeven:
    """Return what an onderwerp was ever given."""
    return Uitgegeven(
        onderwerp_id=document["onderwerpId"],
        klantcontact_id=document["klantcontactId"],
        klantcontact_nummer=document["klantcontactNummer"],
        streams=tuple(map(Stream, document["streams"])),
        taak_nummer=document.get("taakNummer"),
        taak_streams=tuple(map(Stream, document.get("taakStreams", _ORDINARY))),
    )


def intrekking_document(intrekking: Intrekking, places: Mapping[Aanleiding, int]) -> Document:
    """Return what was taken back, given the place of each aanleiding."""
    document: Document = {"aanleiding": places[intrekking.aanleiding]}
    match intrekking:
        case KlantcontactIntrekking():
            document["onderwerpId"] = intrekking.onderwerp_id
            document["stream"] = intrekking.stream
            document["verplaatst"] = intrekking.verplaatst
        case TaakIntrekking():
            document["onderwerpId"] = intrekking.onderwerp_id
            if intrekking.stream is not Stream.TAAK:
                document["stream"] = intrekking.stream
            if intrekking.verplaatst:
                document["verplaatst"] = True
        case PartijIntrekking():
            document["partijId"] = intrekking.partij_id
            document["nummer"] = intrekking.nummer
            document["versie"] = intrekking.versie
            document["geleegdBij"] = intrekking.geleegd_bij
            document["resultaat"] = intrekking.resultaat
            document["vervallenSoorten"] = list(intrekking.vervallen_soorten)
    if intrekking.reden is not Reden.CORRECTIE:
        document["reden"] = intrekking.reden
    document["soort"] = type(intrekking).__name__
    return document


def intrekking_of(document: Document, aanleidingen: Sequence[Aanleiding]) -> Intrekking:
    """Return what was taken back, given the aanleidingen of its document."""
    aanleiding, reden = _in_place(document["aanleiding"], aanleidingen), Reden(document.get("reden", Reden.CORRECTIE))
    if document["soort"] == PartijIntrekking.__name__:
        return PartijIntrekking(
            aanleiding=aanleiding,
            partij_id=document["partijId"],
            nummer=document["nummer"],
            versie=document["versie"],
            geleegd_bij=document["geleegdBij"],
            resultaat=IntrekkingResultaat(document["resultaat"]),
            vervallen_soorten=tuple(document["vervallenSoorten"]),
            reden=reden,
        )
    kind = KlantcontactIntrekking if document["soort"] == KlantcontactIntrekking.__name__ else TaakIntrekking
    # Both are absent where a taak in the open was taken back.
    stream, verplaatst = Stream(document.get("stream", Stream.TAAK)), document.get("verplaatst", False)
    return kind(aanleiding, document["onderwerpId"], stream, verplaatst, reden)
