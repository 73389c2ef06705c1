"""A small mapping for tests, and what it takes to change one part of it."""

import json
from typing import Any

from services.channels.mapping.mapping import ChannelMapping, load
from services.channels.mapping.outcome import ChannelOutcome, MappedContact

SMALL = """
formaat = 1
naam = "klein"
versie = "1"
bron = "urn:nld:oin:00000000000000000000:systeem:proef"
tijd = "tijd"
sleutel = ["klant.bsn", "id"]

[overslaan]
nog_bezig = "tijd == null"

[tabel.kanaal]
bel = "telefoon"

[contact]
contactId = "id"
kanaal = { pad = "kanaal", tabel = "kanaal", anders = "overig" }
plaatsgevondenOp = "tijd"
actoren = [{ soortActor = { vast = "medewerker" }, naam = { vast = "KCC" } }]
betrokkenen = [{ ref = { vast = "klant" }, rol = { vast = "klant" }, partijIdentificatoren = [{ bsn = "klant.bsn" }] }]
onderwerpen = [{ onderwerp = { pad = "vraag", als = "bijgeknipt", anders = "Gesprek" } }]
"""

MESSAGE: dict[str, Any] = {"id": "g-1", "tijd": "2026-11-20T09:00:00Z", "kanaal": "bel", "klant": {"bsn": "999990007"}}


def small(*changes: tuple[str, str], more: str = "") -> ChannelMapping:
    """Return the small mapping with some of its text replaced, and more fields of the contact at its end."""
    text = SMALL
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    return load(text + more, "klein.toml")


def verbose() -> ChannelMapping:
    """Return a mapping that adds 10 KiB of its own text to each contact in a message."""
    return small(
        ("[overslaan]", '[uitpakken]\ncontacten = "@"\n[overslaan]'),
        ("[{ onderwerp = {", f'[{{ voor_elk = "v", inhoud = {{ vast = "{"a" * 1000}" }}, onderwerp = {{'),
        ('"vraag"', '"alles.vraag"'),
    )


def many(contacts: int) -> bytes:
    """Return a message with so many contacts for it: 0.1 KiB each."""
    return json.dumps([{**MESSAGE, "id": f"g-{number}", "v": [0] * 10} for number in range(contacts)]).encode()


def mapped(mapping: ChannelMapping, **message: Any) -> list[ChannelOutcome]:  # noqa: ANN401 - JSON
    """Return what becomes of the message with some of its fields replaced."""
    return mapping.map_json(json.dumps({**MESSAGE, **message}).encode())


def event_of(outcome: ChannelOutcome) -> Any:  # noqa: ANN401 - JSON
    """Return the event that a message became."""
    assert isinstance(outcome, MappedContact), outcome
    return json.loads(outcome.value)


def data_of(mapping: ChannelMapping, **message: Any) -> Any:  # noqa: ANN401 - JSON
    """Return the data of the one event that the message became."""
    (outcome,) = mapped(mapping, **message)
    return event_of(outcome)["data"]
