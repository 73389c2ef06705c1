"""An explanation as one JSON object: the decision, what the projector, Open Klant and Kafka have of it,
and no contents.

Names are in camelCase. Every list is whole; of the dead letters the newest are in it.
"""

from collections.abc import Sequence
from typing import Any

from schemas.cloudevents import trace_id
from services.cli.explain_message import at_message_json
from services.cli.json_values import json_value
from services.domain.besluit import (
    BesluitRecord,
    Intrekking,
    KlantcontactIntrekking,
    OnderwerpBesluit,
    PartijBesluit,
    PartijIntrekking,
    TaakIntrekking,
)
from services.domain.consent import Moment
from services.domain.intrekkingen import number_taken_back
from services.domain.rules import rule_of
from services.domain.toelichting import Kanttekening, kanttekening
from services.operations.dead_letters.reading import Found
from services.operations.explain.channel_letters import ChannelLetters
from services.operations.explain.explain import Explained, NotDecided
from services.operations.explain.in_kafka import InKafka
from services.operations.explain.letters import Letters
from services.operations.explain.message import AtMessage
from services.operations.explain.record import AtPosition
from services.operations.mapped_from import mapped_from

Json = dict[str, Any]


def told(found: Explained | NotDecided | AtPosition | AtMessage) -> Json:
    """Return what was found."""
    match found:
        case Explained():
            return explained(found)
        case NotDecided():
            return not_decided(found)
        case AtPosition():
            return at_position(found)
        case AtMessage():
            return at_message_json(found, _letters(found.letters) if found.letters else None)


def explained(found: Explained) -> Json:
    """Return a contact that was decided."""
    return {
        "decision": _decision(found.besluit),
        "projected": json_value(found.projected),
        "openKlant": json_value(found.open_klant),
        "kafka": _kafka(found.kafka) if found.kafka else None,
        "kafkaFault": found.kafka_fault,
    }


def not_decided(found: NotDecided) -> Json:
    """Return a contact that Kafka holds and that has no decision record."""
    return {
        "contactId": found.contact_id,
        "sightings": json_value(found.sightings),
        "letters": _letters(found.letters) if found.letters else None,
        "channelLetters": _channel_letters(found.of_channels),
    }


def at_position(found: AtPosition) -> Json:
    """Return a record, and the contact that it names when that was decided."""
    record = {
        "position": json_value(found.position),
        "held": found.held,
        "waitsSince": json_value(found.waits_since),
        "lastOffset": found.last_offset,
        "isHandled": found.is_handled,
        "foreign": found.foreign,
        "layAt": json_value(found.lay_at),
        "namesAContact": found.names_a_contact,
    }
    rest = (
        explained(found.contact) if found.contact else {"letters": _letters(found.letters) if found.letters else None}
    )
    return {"record": record, **rest}


# The decision --------------------------------------------------------------------------------------------------------


def _decision(besluit: BesluitRecord) -> Json:
    return {
        "source": besluit.source,
        "wijzigingId" if besluit.is_change else "contactId": besluit.contact_id,
        "revisie": besluit.revisie,
        "besluitversie": besluit.besluitversie,
        "eventId": besluit.event_id or None,
        "traceId": trace_id(besluit.traceparent) if besluit.traceparent else None,
        "plaatsgevondenOp": json_value(besluit.plaatsgevonden_op),
        "beslotenOp": json_value(besluit.besloten_op),
        "beleidsversie": besluit.beleidsversie,
        "vertrouwelijk": None if besluit.is_shortened else besluit.vertrouwelijk,
        "position": json_value(besluit.position),
        "onderwerpen": [_onderwerp(besluit, each) for each in besluit.onderwerpen],
        "partijen": [_partij(besluit, each) for each in besluit.partijen],
        "vervolg": json_value(besluit.vervolg),
        "kanttekeningen": [kanttekening(Kanttekening(each)) for each in besluit.kanttekeningen],
        "voorgangers": json_value(besluit.voorgangers),
        "gewist": json_value(besluit.gewist),
        "takenBack": [_taken_back(besluit, each) for each in besluit.intrekkingen],
    }


def _onderwerp(besluit: BesluitRecord, onderwerp: OnderwerpBesluit) -> Json:
    rule, had = rule_of(onderwerp.regel), besluit.numbers_of(onderwerp.onderwerp_id)
    klantcontact = interne_taak = None
    if had and onderwerp.klantcontact:
        klantcontact = {"id": had.klantcontact_id, "nummer": had.klantcontact_nummer}
    if had and onderwerp.interne_taak:
        interne_taak = {"id": besluit.taak_id_of(onderwerp.onderwerp_id), "nummer": had.taak_nummer}
    return {
        "onderwerpId": onderwerp.onderwerp_id or None,
        "regel": onderwerp.regel,
        "toelichting": rule.toelichting,
        "herkomst": rule.source,
        "klantcontact": klantcontact,
        "interneTaak": interne_taak,
        "partij": onderwerp.partij,
        "contactgegevens": onderwerp.contactgegevens,
        "sinceBesluitversie": besluit.judgement_of(onderwerp),
    }


def _partij(besluit: BesluitRecord, partij: PartijBesluit) -> Json:
    counted, stand = partij.statement_that_counted(besluit.moment), partij.stand
    statement = counted and {
        "toestemming": counted.toestemming,
        "contact": _moment(counted.contact),
        "inThisContact": counted.contact.is_of(besluit.moment),
    }
    return {
        "positie": partij.positie,
        "partijId": partij.partij_id,
        "nummer": partij.nummer,
        "versie": partij.versie,
        "middel": partij.middel,
        "bekend": stand.bekend,
        "leeg": stand.leeg,
        "gevuld": stand.gevuld and _moment(stand.gevuld),
        "consent": partij.consent,
        "statement": statement,
        "resultaat": partij.resultaat,
        "vult": partij.vult,
    }


def _moment(moment: Moment) -> Json:
    named = "wijzigingId" if moment.wijziging else "contactId"
    return {"op": json_value(moment.op), "source": moment.source, named: moment.contact_id}


def _taken_back(besluit: BesluitRecord, intrekking: Intrekking) -> Json:
    kind, nummer = number_taken_back(besluit, intrekking)
    why = intrekking.aanleiding
    return {
        "kind": kind,
        "nummer": nummer,
        "op": json_value(why.besloten_op),
        "revisie": why.revisie,
        "besluitversie": why.besluitversie,
        "resultaat": intrekking.resultaat if isinstance(intrekking, PartijIntrekking) else None,
        "moved": isinstance(intrekking, KlantcontactIntrekking | TaakIntrekking) and intrekking.verplaatst,
    }


# Kafka ---------------------------------------------------------------------------------------------------------------


def _kafka(kafka: InKafka) -> Json:
    return {
        "recordIsHeld": kafka.record_is_held,
        "mapped": json_value(kafka.mapped),
        "projectorBehind": kafka.projector_behind,
        "openTransactions": json_value(kafka.open_transactions),
        "waiting": json_value(kafka.waiting),
        "overtaken": json_value(kafka.overtaken),
        "letters": _letters(kafka.letters) if kafka.letters else None,
        "channelLetters": _channel_letters(kafka.of_channels),
    }


def _letters(letters: Letters) -> Json:
    return {"number": letters.number, "newest": [_letter(each) for each in letters.newest]}


def _channel_letters(found: Sequence[ChannelLetters] | None) -> list[Json] | None:
    if found is None:
        return None
    return [{"topic": each.topic, **_letters(each.letters), "couldBe": each.could_be} for each in found]


def _letter(found: Found) -> Json:
    letter = found.letter
    return {
        "id": str(letter.id),
        "writtenAt": json_value(letter.written_at),
        "kind": letter.kind,
        "paths": json_value(letter.paths),
        "state": found.history.state,
        "mapped": json_value(mapped_from(letter.content.headers)),
    }
