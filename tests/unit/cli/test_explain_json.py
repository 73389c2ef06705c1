"""An explanation as JSON: the row that applied, the facts, the outputs and the withdrawals."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import pytest

from schemas.positions import Position
from services.cli.explain_json import explained, not_decided
from services.cli.explain_json import told as told_of
from services.domain.besluit import BesluitRecord
from services.domain.numbers import NumberKind
from services.domain.policy import DEFAULT, Beleid
from services.operations.explain.contact_records import OvertakenRecord, OvertakenRecords, Sighting
from services.operations.explain.explain import Explained, NotDecided
from services.operations.explain.held import Held
from services.operations.explain.in_kafka import InKafka
from services.operations.explain.letters import Letters
from services.operations.explain.open_klant import InOpenKlant, OpenKlantState
from services.operations.explain.projected import Documents, compared, wanted_of
from services.operations.explain.record import AtPosition
from services.runtime.kafka.open_transactions import OpenTransaction
from tests.support.examples import (
    CALL_BACK,
    NEW_ZAAK,
    OTHER_SOURCE,
    SOURCE,
    Wire,
    contact,
    email,
    known,
    onderwerp,
    stranger,
)
from tests.unit.cli.test_explain_screen import LETTER, MAPPED, OF_CHANNELS, STRANGE, TRACEPARENT
from tests.unit.domain.desk import NOW, Desk

EARLIER = "2026-03-01T09:50:00Z"
EARLIER_CONTACT = {"op": "2026-03-01T09:50:00+00:00", "source": OTHER_SOURCE, "contactId": "c-0"}
LETTERS_READ = {
    "strange": {
        "id": "0-1",
        "writtenAt": "2026-12-01T12:00:00+00:00",
        "kind": None,
        "paths": [""],
        "state": "open",
        "mapped": None,
    },
    "discarded": {
        "id": "3-120",
        "writtenAt": "2026-12-01T12:00:00+00:00",
        "kind": "contact_ongeldig",
        "paths": ["data.kanaal"],
        "state": "discarded",
        "mapped": None,
    },
}


def decision_of(besluit: BesluitRecord) -> Wire:
    """Return the decision as the JSON holds it."""
    read: Wire = json.loads(json.dumps(explained(Explained(besluit, (), (), None, None))))["decision"]
    return read


def told(*contacts: Wire) -> Wire:
    """Return the decision about the last of some contacts; those before it come from another source."""
    desk = Desk()
    *before, last = contacts
    for each in before:
        desk.bring(each, source=OTHER_SOURCE)
    return decision_of(desk.bring(last).besluit)


def outcome(decision: Wire) -> str:
    """Return the outcome of the only onderwerp in words."""
    [each] = decision["onderwerpen"]
    given = [
        f"klantcontact {each['klantcontact']['nummer']}" if each["klantcontact"] else "no klantcontact",
        f"taak {each['interneTaak']['nummer']}" if each["interneTaak"] else "no taak",
        f"partij {each['partij']}" if each["partij"] else "no partij",
    ]
    return f"{each['regel']}: {', '.join(given)}"


@pytest.mark.parametrize(
    ("contacts", "expected"),
    [
        pytest.param([contact(betrokkenen=[])], "G1: no klantcontact, no taak, no partij", id="G1"),
        pytest.param(
            [contact(other={"totStandGekomen": False})], "G2: no klantcontact, no taak, no partij", id="G2"
        ),
        pytest.param([contact()], "V1: no klantcontact, no taak, no partij", id="V1"),
        pytest.param(
            [contact(onderwerpen=[onderwerp(opvolging=CALL_BACK)])],
            "V2: klantcontact 1, taak 1, no partij",
            id="V2 with a taak",
        ),
        pytest.param(
            [contact(onderwerpen=[onderwerp(opvolging=NEW_ZAAK)])],
            "V2: klantcontact 1, no taak, no partij",
            id="V2 with a zaak",
        ),
        pytest.param([contact(betrokkenen=[known()])], "V3: klantcontact 1, no taak, partij leeg", id="V3"),
        pytest.param(
            [contact(betrokkenen=[known(toestemming="gegeven")])],
            "V4: klantcontact 1, no taak, partij nieuw",
            id="V4, consent now",
        ),
        pytest.param(
            [contact("c-0", betrokkenen=[known(toestemming="gegeven", adressen=[email()])], op=EARLIER),
             contact(betrokkenen=[known()])],
            "V4: klantcontact 2, no taak, partij bestaand",
            id="V4, consent earlier",
        ),
    ],
)  # fmt: skip
def test_each_onderwerp_has_its_rule_and_its_outputs(contacts: list[Wire], expected: str) -> None:
    assert outcome(told(*contacts)) == expected


def test_an_onderwerp_has_the_row_of_the_table_and_its_source() -> None:
    decision = told(
        contact(onderwerpen=[onderwerp("o1", opvolging=CALL_BACK)], betrokkenen=[stranger(adressen=[email()])])
    )

    assert decision["onderwerpen"] == [
        {
            "onderwerpId": "o1",
            "regel": "V2",
            "toelichting": "Niemand is geauthenticeerd, maar er is opvolging nodig: geen partij.",
            "herkomst": "V6898, F2120",
            "klantcontact": {"id": str(uuid5(uuid5(NAMESPACE_URL, SOURCE), "klantcontact|c-1|o1")), "nummer": "1"},
            "interneTaak": {"id": str(uuid5(uuid5(NAMESPACE_URL, SOURCE), "taak|c-1|o1")), "nummer": "1"},
            "partij": None,
            "contactgegevens": True,
            "sinceBesluitversie": 1,
        }
    ]


def test_the_json_holds_the_decision_itself() -> None:
    other = {"traceparent": TRACEPARENT}
    decision = decision_of(Desk().bring(contact(vertrouwelijk=True), event_id="evt-7", other=other).besluit)

    lists = ("onderwerpen", "partijen", "kanttekeningen", "voorgangers", "takenBack")
    assert {name: value for name, value in decision.items() if name not in lists} == {
        "source": SOURCE,
        "contactId": "c-1",
        "revisie": 1,
        "besluitversie": 1,
        "eventId": "evt-7",
        "traceId": "4bf92f3577b34da6a3ce929d0e0e4736",
        "plaatsgevondenOp": "2026-03-02T09:50:00+00:00",
        "beslotenOp": NOW.isoformat(),
        "beleidsversie": DEFAULT.versie,
        "vertrouwelijk": True,
        "position": {"topic": "contact.ended", "partition": 0, "offset": 0},
        "vervolg": None,
        "gewist": None,
    }


# The facts -----------------------------------------------------------------------------------------------------------


def test_a_partij_has_all_its_facts() -> None:
    before = contact("c-0", betrokkenen=[known(toestemming="gegeven", adressen=[email()])], op=EARLIER)
    [facts] = told(before, contact(betrokkenen=[stranger("s"), known(adressen=[email()])]))["partijen"]

    assert facts == {
        "positie": 1,
        "partijId": facts["partijId"],
        "nummer": "1",
        "versie": 2,
        "middel": "digid",
        "bekend": True,
        "leeg": False,
        "gevuld": EARLIER_CONTACT,
        "consent": True,
        "statement": {"toestemming": "gegeven", "contact": EARLIER_CONTACT, "inThisContact": False},
        "resultaat": "aangevuld",
        "vult": True,
    }


@pytest.mark.parametrize(
    ("now", "expected"),
    [("niet_gevraagd", None), ("gegeven", ("gegeven", True)), ("ingetrokken", ("ingetrokken", True))],
)
def test_a_partij_has_the_statement_of_consent_that_counted(now: str, expected: tuple[str, bool] | None) -> None:
    [facts] = told(contact(betrokkenen=[known(toestemming=now)]))["partijen"]

    found = facts["statement"]
    assert (found and (found["toestemming"], found["inThisContact"])) == expected


def test_a_contact_that_follows_up_has_the_klantcontact_that_it_follows() -> None:
    desk = Desk()
    earlier = desk.bring(contact("c-0", onderwerpen=[onderwerp(opvolging=CALL_BACK)])).besluit
    decision = decision_of(desk.bring(contact(vervolg_op={"contactId": "c-0"})).besluit)

    assert outcome(decision) == "V0: klantcontact 2, no taak, no partij"
    assert decision["vervolg"] == {"klantcontactId": earlier.uitgegeven[0].klantcontact_id, "nummer": "1"}


def test_a_kanttekening_is_written_in_words() -> None:
    decision = told(contact(betrokkenen=[known()], vervolg_op={"contactId": "nowhere"}))

    assert decision["kanttekeningen"] == ["vervolgOp wijst naar geen klantcontact dat hier geregistreerd is."]


# Corrections ---------------------------------------------------------------------------------------------------------


def corrected() -> BesluitRecord:
    """A klant with consent asks to be called back; a correction says that nobody was authenticated or needs that."""
    desk = Desk()
    desk.bring(contact(betrokkenen=[known(toestemming="gegeven")], onderwerpen=[onderwerp(opvolging=CALL_BACK)]))
    return desk.bring(contact(revisie=2)).besluit


def test_a_correction_lists_the_withdrawals_and_their_moments() -> None:
    decision = decision_of(corrected())

    why = {"op": (NOW + timedelta(minutes=1)).isoformat(), "revisie": 2, "besluitversie": 1}
    assert outcome(decision) == "V1: no klantcontact, no taak, no partij"
    assert decision["takenBack"] == [
        {"kind": "klantcontact", "nummer": "1", **why, "resultaat": None, "moved": False},
        {"kind": "interne_taak", "nummer": "1", **why, "resultaat": None, "moved": False},
        {"kind": "partij", "nummer": "1", **why, "resultaat": "vervallen", "moved": False},
    ]


def test_a_correction_has_the_judgements_before_it() -> None:
    [before] = decision_of(corrected())["voorgangers"]

    assert before == {
        "revisie": 1,
        "besluitversie": 1,
        "beslotenOp": NOW.isoformat(),
        "beleidsversie": DEFAULT.versie,
        "regels": ["V4"],
        "position": {"topic": "contact.ended", "partition": 0, "offset": 0},
    }


def test_a_klantcontact_that_became_confidential_has_moved() -> None:
    desk = Desk()
    desk.bring(contact(betrokkenen=[known()]))
    decision = decision_of(desk.bring(contact(betrokkenen=[known()], revisie=2, vertrouwelijk=True)).besluit)

    assert [(each["kind"], each["nummer"], each["moved"]) for each in decision["takenBack"]] == [
        ("klantcontact", "1", True)
    ]


def test_a_new_judgement_lists_the_onderwerpen_that_it_left_unchanged() -> None:
    desk = Desk()
    people = [known("a"), stranger("b")]
    people[1]["authenticatie"] = {"middel": "controlevragen"}
    data = contact(
        betrokkenen=people,
        onderwerpen=[onderwerp("of a", betrokkenen=["a"]), onderwerp("of b", betrokkenen=["b"])],
    )
    desk.bring(data)
    desk.change_policy(Beleid(versie="other", voldoende_middelen={"digid": "*", "controlevragen": "*"}))
    decision = decision_of(desk.again(data).besluit)

    assert (decision["besluitversie"], decision["beleidsversie"]) == (2, "other")
    assert [(each["onderwerpId"], each["regel"], each["sinceBesluitversie"]) for each in decision["onderwerpen"]] == [
        ("of a", "V3", 1),
        ("of b", "V3", 2),
    ]
    assert [each["regels"] for each in decision["voorgangers"]] == [["V3", "V1"]]


# Documents and records ------------------------------------------------------------------------------------------------


def test_of_a_shortened_decision_what_it_does_not_hold_is_null() -> None:
    besluit = Desk().bring(contact("c-1", onderwerpen=[onderwerp("o1")])).besluit

    decision = decision_of(replace(besluit.shortened(), contact_id="c-1"))

    missing = ("eventId", "traceId", "plaatsgevondenOp", "vertrouwelijk")
    assert [decision[each] for each in missing] == [None] * len(missing)
    assert (decision["contactId"], outcome(decision)) == ("c-1", "V1: no klantcontact, no taak, no partij")
    assert decision["onderwerpen"][0]["onderwerpId"] is None


LEFT_OUT = InOpenKlant(kind=NumberKind.INTERNE_TAAK, id="t-1", nummer="7", state=OpenKlantState.LEFT_OUT, equal_at=NOW)


def whole(letters: Letters | None) -> dict[str, Any]:
    """Return the explanation of a contact that everything is known of."""
    besluit = Desk().bring(contact(onderwerpen=[onderwerp(opvolging=CALL_BACK)])).besluit
    projected = [compared(each, Documents({}, {})) for each in wanted_of(besluit)]
    kafka = InKafka(
        record_is_held=True,
        mapped=MAPPED,
        projector_behind=7,
        overtaken=OvertakenRecords(4, (OvertakenRecord(Position("contact.ended", 3, 18), 2, NOW),)),
        letters=letters,
        open_transactions=(OpenTransaction("taak.created", 2, first_offset=40, end=47, since=NOW),),
    )
    read: dict[str, Any] = json.loads(
        json.dumps(explained(Explained(besluit, tuple(projected), (LEFT_OUT,), kafka, "away")))
    )
    return read


def test_the_json_holds_the_documents_and_the_records_in_kafka() -> None:
    read = whole(Letters(3, (STRANGE, LETTER)))

    assert list(read) == ["decision", "projected", "openKlant", "kafka", "kafkaFault"]
    assert read["kafkaFault"] == "away"
    assert read["projected"][0] == {
        "kind": "klantcontact",
        "id": read["decision"]["onderwerpen"][0]["klantcontact"]["id"],
        "nummer": "1",
        "state": "absent",
        "version": None,
        "status": None,
        "leeg": None,
    }
    assert read["openKlant"] == [
        {
            "kind": "interne_taak",
            "id": "t-1",
            "nummer": "7",
            "state": "left_out",
            "uuid": None,
            "equalAt": NOW.isoformat(),
            "openSince": None,
            "reason": None,
        }
    ]
    assert read["kafka"] == {
        "recordIsHeld": True,
        "mapped": {
            "mapping": "open-forms/1",
            "message": {"topic": "kanaal.open-forms", "partition": 0, "offset": 12},
        },
        "projectorBehind": 7,
        "openTransactions": [
            {"topic": "taak.created", "partition": 2, "firstOffset": 40, "end": 47, "since": NOW.isoformat()}
        ],
        "waiting": [],
        "overtaken": {
            "number": 4,
            "newest": [
                {
                    "position": {"topic": "contact.ended", "partition": 3, "offset": 18},
                    "revisie": 2,
                    "writtenAt": NOW.isoformat(),
                }
            ],
        },
        "letters": {"number": 3, "newest": [LETTERS_READ["strange"], LETTERS_READ["discarded"]]},
        "channelLetters": None,
    }


def test_the_json_holds_nothing_of_a_dead_letters_content() -> None:
    assert b"secret" in (LETTER.letter.content.value or b"")
    assert "secret" not in json.dumps(whole(Letters(1, (LETTER,))))


def test_dead_letters_are_null_when_explain_did_not_look_for_them() -> None:
    assert whole(None)["kafka"]["letters"] is None


@pytest.mark.parametrize("decided", [True, False])
def test_a_record_has_its_place_and_the_explanation_of_its_contact(*, decided: bool) -> None:
    contact_of_it = Explained(Desk().bring(contact()).besluit, (), (), None, None) if decided else None
    found = AtPosition(
        position=Position("contact.ended", 3, 17),
        held=Held.WAITS,
        waits_since=NOW,
        last_offset=None,
        is_handled=False,
        foreign=None,
        lay_at=None,
        names_a_contact=True,
        contact=contact_of_it,
        letters=None if decided else Letters(1, (LETTER,)),
    )

    read = json.loads(json.dumps(told_of(found)))

    assert read.pop("record") == {
        "position": {"topic": "contact.ended", "partition": 3, "offset": 17},
        "held": "waits",
        "waitsSince": NOW.isoformat(),
        "lastOffset": None,
        "isHandled": False,
        "foreign": None,
        "layAt": None,
        "namesAContact": True,
    }
    if decided:
        assert read["decision"]["contactId"] == "c-1"
    else:
        assert read == {"letters": {"number": 1, "newest": [LETTERS_READ["discarded"]]}}


def undecided(seen: Sequence[Sighting], letters: Letters | None) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(json.dumps(not_decided(NotDecided("c-1", tuple(seen), letters, ()))))
    return read


def test_a_contact_without_a_decision_has_its_records_and_dead_letters() -> None:
    seen = Sighting(SOURCE, Position("contact.ended", 3, 17), is_judged=False)

    assert undecided([seen], Letters(1, (LETTER,))) == {
        "contactId": "c-1",
        "sightings": [
            {
                "source": SOURCE,
                "position": {"topic": "contact.ended", "partition": 3, "offset": 17},
                "isJudged": False,
                "waitsSince": None,
            }
        ],
        "letters": {"number": 1, "newest": [LETTERS_READ["discarded"]]},
        "channelLetters": [],
    }
    assert undecided([], None)["letters"] is None


def test_dead_letters_of_channels_stand_by_topic() -> None:
    found = NotDecided("c-1", (), Letters(), OF_CHANNELS[:1])
    assert not_decided(found)["channelLetters"] == [
        {
            "topic": "kanaal.open-forms.dlq",
            "number": 2,
            "newest": [LETTERS_READ["strange"], LETTERS_READ["discarded"]],
            "couldBe": 1,
        }
    ]
    assert not_decided(replace(found, of_channels=None))["channelLetters"] is None
