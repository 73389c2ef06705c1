"""A message of a channel on the screen: what lies there, and what became of it."""

import json
from dataclasses import replace

import pytest

from schemas.faults import FaultKind
from schemas.mapping_faults import MappingFaultKind
from schemas.positions import Position
from services.channels.mapping.outcome import (
    ChannelFault,
    MappedContact,
    MessageRefusal,
    RefusedContact,
    SkippedContact,
)
from services.cli.explain_json import told as told_as_json
from services.cli.explain_record import told
from services.operations.explain.held import Held
from services.operations.explain.message import AtMessage, MappedNow, MessageEvent
from tests.unit.cli.test_explain_screen import LETTER, NOW, letters

PLACE = "kanaal.twilio, partition 0, offset 12"
EVENT = MessageEvent(
    position=Position("contact.ended", 3, 5), mapping="twilio/1", contact_id="WT1", regels=("V4", "V2")
)
SECRET = MappedContact("WT1", 100, b"a secret value", "a secret key")
FOUND = AtMessage(
    position=Position("kanaal.twilio", 0, 12),
    held=Held.RECORD,
    waits_since=None,
    last_offset=None,
    is_handled=True,
    events=(EVENT,),
    letters=letters(),
    now=MappedNow(mapping="twilio/2", outcomes=[SECRET]),
)
FAULT = ChannelFault("contact.kanaal", MappingFaultKind.OPZOEKEN)


def test_an_event_of_a_message_shows_its_contact_and_rules() -> None:
    assert list(told(FOUND, "")) == [
        ("asked for", f"{PLACE}: it lies there, mapped"),
        ("events", "contact.ended, partition 3, offset 5, by mapping twilio/1; contact WT1: V4 V2"),
        ("mapping", "twilio/2 of today makes of it: an event"),
        ("dead letters", "none"),
    ]


@pytest.mark.parametrize(
    ("found", "says"),
    [
        (replace(FOUND, held=Held.GONE, now=None), "no longer there; its retention has ended, mapped"),
        (replace(FOUND, held=Held.NOT_YET, is_handled=False), "nothing was written there yet"),
        (replace(FOUND, is_handled=False), "it lies there, not mapped yet"),
        (
            replace(FOUND, held=Held.BATCH, last_offset=20),
            "part of a batch up to offset 20 that is too large to read, mapped",
        ),
        (
            replace(FOUND, held=Held.WAITS, waits_since=NOW, is_handled=False),
            "it waits behind a transaction that somebody has open since 2026-12-01 12:00:00Z, not mapped yet",
        ),
    ],
)
def test_what_lies_there_is_said_first(found: AtMessage, says: str) -> None:
    assert next(iter(told(found, ""))) == ("asked for", f"{PLACE}: {says}")


def test_a_message_that_became_nothing_says_so() -> None:
    skipped = replace(FOUND, events=(), now=MappedNow(mapping="twilio/1", outcomes=[SkippedContact("nog_bezig")]))
    refused = replace(
        FOUND,
        events=(),
        letters=letters(LETTER),
        now=MappedNow(
            mapping="twilio/1",
            outcomes=[RefusedContact(MessageRefusal.MAPPING_FOUT, (FAULT, FAULT)), *[SkippedContact("nog_bezig")] * 2],
        ),
    )

    assert dict(told(skipped, ""))["events"] == "none"
    assert dict(told(skipped, ""))["mapping"] == "twilio/1 of today makes of it: nothing, skipped: nog_bezig"
    assert dict(told(refused, ""))["mapping"] == (
        "twilio/1 of today makes of it: a dead letter, mapping_fout: opzoeken at contact.kanaal (+1); "
        "2 × nothing, skipped: nog_bezig"
    )


def test_an_event_that_waits_for_its_decision_shows_no_contact() -> None:
    waits = replace(FOUND, events=(replace(EVENT, contact_id=None, regels=()),))

    assert not waits.is_decided
    assert dict(told(waits, ""))["events"].endswith("; not decided")


def test_the_json_has_all_of_it_and_no_contents() -> None:
    refused = RefusedContact(
        MessageRefusal.CONTACT_ONGELDIG, (ChannelFault("tijd", FaultKind.ONTBREEKT, "time"),), "WT1"
    )
    found = replace(FOUND, now=MappedNow(mapping="twilio/2", outcomes=[SECRET, refused]))

    read = json.loads(json.dumps(told_as_json(found)))

    assert read == {
        "message": {
            "position": {"topic": "kanaal.twilio", "partition": 0, "offset": 12},
            "held": "record",
            "waitsSince": None,
            "lastOffset": None,
            "isHandled": True,
        },
        "events": [
            {
                "position": {"topic": "contact.ended", "partition": 3, "offset": 5},
                "mapping": "twilio/1",
                "contactId": "WT1",
                "regels": ["V4", "V2"],
            }
        ],
        "mappedNow": {
            "mapping": "twilio/2",
            "outcomes": [
                {"uitkomst": "event", "revisie": 100},
                {
                    "uitkomst": "geweigerd",
                    "soort": "contact_ongeldig",
                    "fouten": [{"plaats": "tijd", "soort": "ontbreekt", "pad": "time"}],
                },
            ],
        },
        "letters": {"number": 0, "newest": []},
    }
