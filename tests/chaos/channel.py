"""A small channel beside the publisher: its mapping, its table in the channels file, and the messages of its platform.

Its klanten are no klanten of the town, so that the order between the two makes no difference.
"""

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from services.domain.ids import klantcontact_id
from tests.chaos.town import PERSONEN
from tests.support.examples import nth_bsn

NAAM: Final = "proef"
SECRET: Final = "a-secret-of-the-tests-0123456789"  # noqa: S105 - it opens nothing
BRON: Final = "urn:nld:oin:00000000000000000000:systeem:proef"
ONDERWERP: Final = "a"

MAPPING: Final = f"""
formaat = 1
naam = "chaos"
versie = "1"
bron = "{BRON}"
tijd = "tijd"
sleutel = ["bsn"]

[overslaan]
nog_bezig = "tijd == null"

[contact]
contactId = "id"
kanaal = {{ vast = "telefoon" }}
plaatsgevondenOp = "tijd"
actoren = [{{ soortActor = {{ vast = "medewerker" }}, naam = {{ vast = "KCC" }} }}]

[[contact.betrokkenen]]
ref = {{ vast = "klant" }}
rol = {{ vast = "klant" }}
partijIdentificatoren = [{{ bsn = "bsn" }}]

[[contact.onderwerpen]]
onderwerpId = {{ vast = "{ONDERWERP}" }}
onderwerp = {{ vast = "Vraag" }}

[contact.onderwerpen.opvolging]
soort = {{ vast = "interne_taak" }}
gevraagdeHandeling = {{ vast = "Terugbellen" }}
toegewezenAan = {{ afdeling = {{ vast = "Vergunningen" }} }}
"""

KANAAL: Final = f"""
[kanaal.{NAAM}]
mapping = "{NAAM}.toml"
authenticatie = "api_sleutel"
geheim_bestand = "geheim"
"""

KLANTEN: Final = range(PERSONEN, PERSONEN + 25)
UNREADABLE: Final = 0.08
INVALID: Final = 0.14
UNFINISHED: Final = 0.20
"""Shares of the messages, each added to those before; the rest become events."""


def make_channel(folder: Path) -> Path:
    """Write the channels file with the mapping and the secret beside it, and return its path."""
    (folder / f"{NAAM}.toml").write_text(MAPPING, "utf-8")
    secret = folder / "geheim"
    secret.touch(mode=0o600)
    secret.write_text(SECRET)
    file = folder / "kanalen.toml"
    file.write_text(KANAAL, "utf-8")
    return file


def messages(seed: int) -> Iterator[bytes]:
    """Yield what the platform sends, each message once and without end."""
    draw, number = random.Random(f"{seed} channel"), 0
    while True:
        number += 1
        bsn, what = nth_bsn(draw.choice(KLANTEN)), draw.random()
        whole = message(f"m-{number}", bsn="999999999" if UNREADABLE <= what < INVALID else bsn)
        if what < UNREADABLE:
            yield whole[:-1]
        elif INVALID <= what < UNFINISHED:
            yield json.dumps({**json.loads(whole), "tijd": None}).encode()
        else:
            yield whole


def message(contact_id: str, *, bsn: str = nth_bsn(KLANTEN[0])) -> bytes:
    """Return the message of a contact to call back."""
    return json.dumps({"id": contact_id, "tijd": "2026-03-20T09:00:00Z", "bsn": bsn}).encode()


def klantcontact_of(contact_id: str) -> str:
    """Return the id of the klantcontact that a message leads to."""
    return klantcontact_id(BRON, contact_id, ONDERWERP)
