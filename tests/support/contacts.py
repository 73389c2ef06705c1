"""Events of `contact.ended`, and their records; a test overrides the fields that it is about."""

import json
from datetime import UTC, datetime
from typing import Any

from schemas.cloudevents import Headers
from services.runtime.kafka.records import Record

Event = dict[str, Any]

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
SOURCE = "urn:nld:oin:00000001823288444000:systeem:telefonie"
TOPIC = "contact.ended"


def contact_ended(contact_id: str = "c-1", *, revisie: int = 1, onderwerp: str = "Parkeervergunning") -> Event:
    """Return a contact of a stranger to call back: one klantcontact and one interne taak (V2)."""
    return {
        "specversion": "1.0",
        "id": f"e-{contact_id}-{revisie}",
        "source": SOURCE,
        "type": "nl.klantinteracties.contact.ended",
        "time": "2026-11-20T09:59:00Z",
        "datacontenttype": "application/json",
        "data": {
            "contactId": contact_id,
            "revisie": revisie,
            "kanaal": "telefoon",
            "plaatsgevondenOp": "2026-11-20T09:50:00Z",
            "actoren": [{"soortActor": "medewerker", "naam": "Balie"}],
            "betrokkenen": [
                {
                    "ref": "b0",
                    "rol": "klant",
                    "contactnaam": {"voornaam": "Sam", "achternaam": "Jansen"},
                    "digitaleAdressen": [
                        {"soortDigitaalAdres": "telefoonnummer", "adres": "0612345678", "gebruik": "opvolging"}
                    ],
                }
            ],
            "onderwerpen": [
                {
                    "onderwerpId": "o1",
                    "onderwerp": onderwerp,
                    "opvolging": {
                        "soort": "interne_taak",
                        "gevraagdeHandeling": "Terugbellen",
                        "toegewezenAan": {"soortActor": "organisatorische_eenheid", "naam": "Vergunningen"},
                    },
                }
            ],
        },
    }


def encoded(event: Event) -> bytes:
    """Write an event as a publisher does."""
    return json.dumps(event).encode()


def record(
    value: Event | bytes | None, *, offset: int = 0, partition: int = 0, headers: Headers = (), topic: str = TOPIC
) -> Record:
    """Return the record of an event, or of any bytes."""
    return Record(
        topic=topic,
        partition=partition,
        offset=offset,
        written_at=NOW,
        key=b"klant-1",
        value=encoded(value) if isinstance(value, dict) else value,
        headers=headers,
    )


def records(*values: Event | bytes | None) -> list[Record]:
    """Return the records of one partition, from offset 0 on."""
    return [record(value, offset=offset) for offset, value in enumerate(values)]
