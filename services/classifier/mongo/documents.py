"""The documents of the register: a decision, and a partij.

`parts` writes and reads the values within them. MongoDB knows each by its key, which is its `_id`.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from schemas.outputs import Regel
from services.classifier.mongo import parts
from services.domain.besluit import Aanleiding, BesluitRecord, Vervolg, Voorganger
from services.domain.consent import Moment
from services.domain.partij import Bijdrage, PartijRecord
from services.domain.register import Register
from services.domain.wissing import Gewist
from services.runtime.mongo.client import Document


def besluit_document(besluit: BesluitRecord, kept_without_trace: timedelta) -> Document:
    """Return the document of a decision. Without a trace it is shortened, and MongoDB deletes it some day."""
    without_trace = besluit.without_trace
    document = _besluit_document(besluit.shortened() if without_trace else besluit)
    if without_trace:
        document["vervaltOp"] = besluit.besloten_op.astimezone(UTC) + kept_without_trace
    return document


def _besluit_document(besluit: BesluitRecord) -> Document:
    places = _places(besluit)
    document: Document = {
        "_id": besluit.key,
        "source": besluit.source,
        "revisie": besluit.revisie,
        "besluitversie": besluit.besluitversie,
        "digest": besluit.digest,
        "beleidsversie": besluit.beleidsversie,
        "beslotenOp": parts.text_of(besluit.besloten_op),
        "onderwerpen": [parts.onderwerp_document(each, places) for each in besluit.onderwerpen],
    }
    _add_contact(document, besluit)
    _add_trace(document, besluit, places)
    if besluit.kanttekeningen:
        document["kanttekeningen"] = list(besluit.kanttekeningen)
    if besluit.position is not None:
        document["position"] = parts.position_document(besluit.position)
    if besluit.voorgangers:
        document["voorgangers"] = [_voorganger_document(each) for each in besluit.voorgangers]
    if besluit.sent_with is not None:
        document["sentWith"] = parts.position_document(besluit.sent_with)
    if besluit.gewist is not None:
        document["gewist"] = _mark(besluit.gewist)
    if places:
        document["aanleidingen"] = [parts.aanleiding_document(each) for each in places]
    return document


def gewist_document(key: str, gewist: Gewist) -> Document:
    """Return all that is left of a contact that was erased."""
    return {"_id": key, **_mark(gewist)}


def _mark(gewist: Gewist) -> Document:
    return {"gewistOp": parts.text_of(gewist.op), "verzoek": gewist.verzoek}


def gewist_of(document: Mapping[str, Any]) -> Gewist | None:
    """Return what is left of an erased contact; None for the document of a decision."""
    if "gewistOp" not in document:
        return None
    return Gewist(datetime.fromisoformat(document["gewistOp"]), document["verzoek"])


NOT_ERASED: Final[Document] = {"gewistOp": {"$exists": False}}
"""The documents of `besluiten` that are decisions."""


def add_stored(register: Register, document: Document) -> None:
    """Add to a register what a document of `besluiten` holds."""
    if (gewist := gewist_of(document)) is not None:
        register.add_gewist(document["_id"], gewist)
    else:
        register.add_besluit(besluit_of(document))


def _add_contact(document: Document, besluit: BesluitRecord) -> None:
    if besluit.contact_id:
        document["wijzigingId" if besluit.is_change else "contactId"] = besluit.contact_id
    if besluit.event_id:
        document["eventId"] = besluit.event_id
    if besluit.traceparent is not None:
        document["traceparent"] = besluit.traceparent
    if besluit.plaatsgevonden_op is not None:
        document["plaatsgevondenOp"] = parts.text_of(besluit.plaatsgevonden_op)
    if besluit.taal:
        document["taal"] = besluit.taal
    if besluit.vertrouwelijk:
        document["vertrouwelijk"] = True


def _add_trace(document: Document, besluit: BesluitRecord, places: Mapping[Aanleiding, int]) -> None:
    if besluit.partijen:
        document["partijen"] = [parts.partij_besluit_document(each) for each in besluit.partijen]
    if besluit.vervolg is not None:
        followed = besluit.vervolg
        document["vervolg"] = {"klantcontactId": followed.klantcontact_id, "nummer": followed.nummer}
    if besluit.uitgegeven:
        document["uitgegeven"] = [parts.uitgegeven_document(each) for each in besluit.uitgegeven]
    if besluit.intrekkingen:
        document["intrekkingen"] = [parts.intrekking_document(each, places) for each in besluit.intrekkingen]


def _places(besluit: BesluitRecord) -> dict[Aanleiding, int]:
    """Return the place in the document of each decision that something goes back to."""
    pointed_to = [each.aanleiding for each in besluit.intrekkingen]
    pointed_to += [each.sinds for each in besluit.onderwerpen if each.sinds is not None]
    return {each: place for place, each in enumerate(dict.fromkeys(pointed_to))}


def besluit_of(document: Document) -> BesluitRecord:
    """Return the decision that a document holds."""
    once = [parts.aanleiding_of(each) for each in document.get("aanleidingen", ())]
    happened, vervolg = document.get("plaatsgevondenOp"), document.get("vervolg")
    return BesluitRecord(
        key=document["_id"],
        source=document["source"],
        revisie=document["revisie"],
        besluitversie=document["besluitversie"],
        digest=document["digest"],
        beleidsversie=document["beleidsversie"],
        besloten_op=datetime.fromisoformat(document["beslotenOp"]),
        onderwerpen=tuple([parts.onderwerp_of(each, once) for each in document["onderwerpen"]]),
        contact_id=document.get("contactId") or document.get("wijzigingId", ""),
        event_id=document.get("eventId", ""),
        traceparent=document.get("traceparent"),
        plaatsgevonden_op=None if happened is None else datetime.fromisoformat(happened),
        taal=document.get("taal", ""),
        vertrouwelijk=document.get("vertrouwelijk", False),
        partijen=tuple(map(parts.partij_besluit_of, document.get("partijen", ()))),
        vervolg=None if vervolg is None else Vervolg(vervolg["klantcontactId"], vervolg["nummer"]),
        uitgegeven=tuple(map(parts.uitgegeven_of, document.get("uitgegeven", ()))),
        intrekkingen=tuple([parts.intrekking_of(each, once) for each in document.get("intrekkingen", ())]),
        kanttekeningen=tuple(document.get("kanttekeningen", ())),
        position=parts.position_of(document.get("position")),
        voorgangers=tuple(map(_voorganger_of, document.get("voorgangers", ()))),
        sent_with=parts.position_of(document.get("sentWith")),
        gewist=gewist_of(document.get("gewist", {})),
    )


def _voorganger_document(voorganger: Voorganger) -> Document:
    return {
        "revisie": voorganger.revisie,
        "besluitversie": voorganger.besluitversie,
        "beslotenOp": parts.text_of(voorganger.besloten_op),
        "beleidsversie": voorganger.beleidsversie,
        "regels": list(voorganger.regels),
        "position": voorganger.position and parts.position_document(voorganger.position),
    }


def _voorganger_of(document: Document) -> Voorganger:
    return Voorganger(
        revisie=document["revisie"],
        besluitversie=document["besluitversie"],
        besloten_op=datetime.fromisoformat(document["beslotenOp"]),
        beleidsversie=document["beleidsversie"],
        regels=tuple(map(Regel, document["regels"])),
        position=parts.position_of(document["position"]),
    )


def bijdragen_of(document: Document) -> list[tuple[str, Bijdrage]]:
    """Return what a decision did to each partij, by its id. The document needs no more than `BIJDRAGE_FIELDS`."""
    op, wijziging_id = datetime.fromisoformat(document["plaatsgevondenOp"]), document.get("wijzigingId")
    named = wijziging_id if wijziging_id is not None else document["contactId"]
    contact = Moment(op, document["source"], named, wijziging=wijziging_id is not None)
    touched = map(parts.partij_besluit_of, document["partijen"])
    return [(each.partij_id, each.bijdrage(contact)) for each in touched]


BIJDRAGE_FIELDS: Final = {"source": 1, "contactId": 1, "wijzigingId": 1, "plaatsgevondenOp": 1, "partijen": 1}


def partij_document(partij: PartijRecord) -> Document:
    """Return the document of a partij. One that no contact knows any more is found only by what it was made for."""
    document: Document = {"_id": partij.partij_id, "nummer": partij.nummer, "grondsleutel": partij.grondsleutel}
    if partij.versie:
        document["versie"] = partij.versie
    if partij.geleegd_bij:
        document["geleegdBij"] = partij.geleegd_bij
    if partij.aangevuld_bij:
        document["aangevuldBij"] = partij.aangevuld_bij
    if partij.contacten:
        document["contacten"] = partij.contacten
    if partij.sleutels:
        document["sleutels"] = list(partij.sleutels)
    parts.add_moments(document, partij)
    if partij.gewist:
        document["gewist"] = True
    if not partij.bekend and partij.grondsleutel is not None:
        document["gereserveerd"] = partij.grondsleutel
    return document


def partij_changes(was: Document, now: Document) -> Document:
    """Return the update that makes the document of a partij what it has become."""
    update: Document = {}
    if changed := {name: value for name, value in now.items() if name not in was or was[name] != value}:
        update["$set"] = changed
    if gone := dict.fromkeys(was.keys() - now.keys(), ""):
        update["$unset"] = gone
    return update


def partij_of(document: Document) -> PartijRecord:
    """Return the partij that a document holds."""
    return PartijRecord(
        partij_id=document["_id"],
        nummer=document["nummer"],
        grondsleutel=document["grondsleutel"],
        versie=document.get("versie", 0),
        geleegd_bij=document.get("geleegdBij", 0),
        aangevuld_bij=document.get("aangevuldBij", 0),
        contacten=document.get("contacten", 0),
        sleutels=tuple(document.get("sleutels", ())),
        gegeven=parts.moment_of(document.get("gegeven")),
        ingetrokken=parts.moment_of(document.get("ingetrokken")),
        gevuld=parts.moment_of(document.get("gevuld")),
        beperkt=parts.moment_of(document.get("beperkt")),
        gewist=document.get("gewist", False),
    )
