"""Events as the classifier publishes them, as JSON values; a test overrides the fields that it is about."""

import json
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any

from aiokafka import TopicPartition

from services.projector.events import Fact, read
from services.runtime.kafka.records import Record
from services.runtime.settings import Settings

Event = dict[str, Any]
Fields = Mapping[str, object]

AS_IT_IS: Fields = MappingProxyType({})

OWN_SOURCE: str = Settings.model_fields["source"].default
"""The source of our classifier where a test sets none."""
OWN_SOURCES = frozenset({OWN_SOURCE})
SOURCE = "urn:nld:oin:00000001823288444000:systeem:telefonie"
OP = "2026-03-02T09:50:00.123456Z"


def identifier(name: str) -> str:
    """Return a UUID that is always the same for a name."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, name))


def nummer(name: str) -> str:
    """Return a number that is always the same for a name, and another for another."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, name).int % 10**10)


def fact(event: Event) -> Fact:
    """Read an event as the projector does."""
    return read(encoded(event), OWN_SOURCES).fact


def encoded(event: Event) -> bytes:
    """Write an event as the classifier does."""
    return json.dumps(event).encode()


def record_of(place: TopicPartition, offset: int, value: bytes | None) -> Record:
    """Return a record of an output topic, as the broker gives it."""
    return Record(
        topic=place.topic,
        partition=place.partition,
        offset=offset,
        written_at=datetime.fromisoformat(OP),
        key=None,
        value=value,
        headers=(),
    )


def _event(kind: str, subject: str, data: Mapping[str, Any]) -> Event:
    return {
        "specversion": "1.0",
        "id": str(uuid.uuid4()),
        "source": OWN_SOURCE,
        "type": f"nl.klantinteracties.{kind}",
        "time": "2026-03-02T10:00:00Z",
        "subject": subject,
        "datacontenttype": "application/json",
        "dataschema": f"urn:klantinteracties:schema:{kind}:1",
        "data": dict(data),
    }


def _herkomst(contact: str, revisie: int, onderwerp: str | None) -> Event:
    herkomst = {"source": SOURCE, "eventId": f"e-{contact}-{revisie}", "contactId": contact, "revisie": revisie}
    return herkomst if onderwerp is None else {**herkomst, "onderwerpId": onderwerp}


def _besluit(regel: str, besluitversie: int) -> Event:
    return {
        "regel": regel,
        "beleidsversie": "2026-1",
        "besluitversie": besluitversie,
        "toelichting": "Zo is het besloten.",
    }


def klantcontact_id(contact: str, onderwerp: str = "0") -> str:
    """Return the id of the klantcontact of an onderwerp."""
    return identifier(f"klantcontact|{contact}|{onderwerp}")


def taak_id(contact: str, onderwerp: str = "0") -> str:
    """Return the id of the interne taak of an onderwerp."""
    return identifier(f"taak|{contact}|{onderwerp}")


def partij_id(name: str) -> str:
    """Return the id of a partij."""
    return identifier(f"partij|{name}")


def email(adres: str, omschrijving: str | None = None) -> Event:
    """Return an e-mail address."""
    given = {"soortDigitaalAdres": "email", "adres": adres}
    return given if omschrijving is None else {**given, "omschrijving": omschrijving}


def bsn(object_id: str = "999990019") -> Event:
    """Return a BSN as partijIdentificator."""
    return {
        "codeRegister": "brp",
        "codeObjecttype": "natuurlijk_persoon",
        "codeSoortObjectId": "bsn",
        "objectId": object_id,
    }


def kvk(object_id: str = "12345678") -> Event:
    """Return a KVK number as partijIdentificator."""
    return {
        "codeRegister": "hr",
        "codeObjecttype": "niet_natuurlijk_persoon",
        "codeSoortObjectId": "kvk_nummer",
        "objectId": object_id,
    }


def partij(name: str = "jansen", *, versie: int = 1, resultaat: str = "nieuw", fields: Fields = AS_IT_IS) -> Event:
    """Return a partij as an event lists it: with consent unless it is `leeg`."""
    empty = resultaat == "leeg"
    return {
        "partijId": partij_id(name),
        "versie": versie,
        "geleegdBij": versie if empty else 0,
        "nummer": nummer(f"partij|{name}"),
        "soortPartij": "persoon",
        "resultaat": resultaat,
        "toestemming": "geen" if empty else "gegeven",
        "partijIdentificatoren": [bsn()],
        "vervallenIdentificatoren": [],
        "digitaleAdressen": [],
        "identificatie": "extern",
        **fields,
    }


def registered(
    contact: str = "c-1",
    *,
    onderwerp: str = "0",
    revisie: int = 1,
    besluitversie: int = 1,
    op: str = OP,
    partijen: Sequence[Event] = (),
    fields: Fields = AS_IT_IS,
) -> Event:
    """Return a `klantcontact.registered`."""
    return _event(
        "klantcontact.registered",
        klantcontact_id(contact, onderwerp),
        {
            "klantcontact": {
                "klantcontactId": klantcontact_id(contact, onderwerp),
                "nummer": nummer(f"klantcontact|{contact}|{onderwerp}"),
                "kanaal": "telefoon",
                "onderwerp": f"Paspoort, revisie {revisie}",
                "inhoud": "Vraagt wanneer het klaar is.",
                "indicatieContactGelukt": True,
                "taal": "nld",
                "vertrouwelijk": False,
                "plaatsgevondenOp": op,
                **fields,
            },
            "actoren": [{"soortActor": "medewerker", "naam": "KCC"}],
            "betrokkenen": [
                {
                    "betrokkeneId": identifier(f"betrokkene|{contact}|{onderwerp}|{each['partijId']}"),
                    "rol": "klant",
                    "initiator": True,
                    "digitaleAdressen": [],
                    "wasPartij": {"partijId": each["partijId"], "nummer": each["nummer"]},
                }
                for each in partijen
            ],
            "partijen": list(partijen),
            "onderwerpobjecten": [],
            "bijlagen": [],
            "besluit": _besluit("V4", besluitversie),
            "herkomst": _herkomst(contact, revisie, onderwerp),
        },
    )


def klantcontact_withdrawn(
    contact: str = "c-1",
    *,
    onderwerp: str = "0",
    revisie: int = 2,
    besluitversie: int = 1,
    verplaatst: bool = False,
) -> Event:
    """Return a `klantcontact.withdrawn`."""
    return _event(
        "klantcontact.withdrawn",
        klantcontact_id(contact, onderwerp),
        {
            "klantcontactId": klantcontact_id(contact, onderwerp),
            "nummer": nummer(f"klantcontact|{contact}|{onderwerp}"),
            "verplaatst": verplaatst,
            "besluit": _besluit("V1", besluitversie),
            "herkomst": _herkomst(contact, revisie, onderwerp),
        },
    )


def assigned(naam: str) -> Event:
    """Return the fields of a taak for an actor."""
    return {"toegewezenAan": {"soortActor": "organisatorische_eenheid", "naam": naam}}


def taak_created(
    contact: str = "c-1", *, onderwerp: str = "0", revisie: int = 1, besluitversie: int = 1, fields: Fields = AS_IT_IS
) -> Event:
    """Return a `taak.created`."""
    return _event(
        "taak.created",
        taak_id(contact, onderwerp),
        {
            "interneTaak": {
                "taakId": taak_id(contact, onderwerp),
                "nummer": nummer(f"taak|{contact}|{onderwerp}"),
                "gevraagdeHandeling": f"Terugbellen, revisie {revisie}",
                "toelichting": "Na vijf uur.",
                "status": "te_verwerken",
                "vertrouwelijk": False,
                "toegewezenOp": "2026-03-02T10:00:00.654321Z",
                **assigned("Vergunningen"),
                "aanleidinggevendKlantcontact": {
                    "klantcontactId": klantcontact_id(contact, onderwerp),
                    "nummer": nummer(f"klantcontact|{contact}|{onderwerp}"),
                },
                "plaatsgevondenOp": OP,
                **fields,
            },
            "besluit": _besluit("V2", besluitversie),
            "herkomst": _herkomst(contact, revisie, onderwerp),
        },
    )


def taak_withdrawn(
    contact: str = "c-1",
    *,
    onderwerp: str = "0",
    revisie: int = 2,
    besluitversie: int = 1,
    verplaatst: bool = False,
) -> Event:
    """Return a `taak.withdrawn`."""
    return _event(
        "taak.withdrawn",
        taak_id(contact, onderwerp),
        {
            "taakId": taak_id(contact, onderwerp),
            "klantcontactId": klantcontact_id(contact, onderwerp),
            "nummer": nummer(f"taak|{contact}|{onderwerp}"),
            "verplaatst": verplaatst,
            "besluit": _besluit("V1", besluitversie),
            "herkomst": _herkomst(contact, revisie, onderwerp),
        },
    )


def partij_withdrawn(
    contact: str = "c-1",
    name: str = "jansen",
    *,
    versie: int = 2,
    geleegd_bij: int = 0,
    resultaat: str = "bestaand",
    revisie: int = 2,
    besluitversie: int = 1,
    kinds: Sequence[str] = (),
) -> Event:
    """Return a `partij.withdrawn`."""
    return _event(
        "partij.withdrawn",
        partij_id(name),
        {
            "partijId": partij_id(name),
            "nummer": nummer(f"partij|{name}"),
            "versie": versie,
            "geleegdBij": versie if resultaat == "leeg" else geleegd_bij,
            "resultaat": resultaat,
            "vervallenIdentificatoren": list(kinds),
            "besluit": _besluit("V1", besluitversie),
            "herkomst": _herkomst(contact, revisie, None),
        },
    )


def partij_changed(name: str = "jansen", *, versie: int, toestemming: str = "gegeven", **fields: object) -> Event:
    """Return the event that what counts for a partij changed outside a contact."""
    partij = partij_id(name)
    herkomst = {"source": SOURCE, "eventId": f"e-w-{versie}", "wijzigingId": f"w-{versie}", "revisie": 1}
    data = {
        "partijId": partij,
        "nummer": nummer(f"partij|{name}"),
        "versie": versie,
        "geleegdBij": 0,
        "toestemming": toestemming,
        "beperking": False,
        "besluit": _besluit("T", 1),
        "herkomst": herkomst,
        **fields,
    }
    return _event("partij.changed", partij, data)
