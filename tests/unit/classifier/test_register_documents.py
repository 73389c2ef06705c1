"""Documents of the register: those of an earlier release are still read, and a decision without a trace is short."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.classifier.mongo.documents import besluit_document, besluit_of, partij_document, partij_of
from services.domain.herbeoordeling import Feiten
from services.domain.outcome import Overtaken, Refused, Rejudged, Repeated
from services.domain.policy import DEFAULT, Beleid
from tests.support.examples import SOURCE, Wire, betrokkene, bsn, contact, known, onderwerp, stranger
from tests.support.thoroughness import EXAMPLES
from tests.unit.domain.desk import Brought, Desk
from tests.unit.domain.policies import LOOSE, POLICIES
from tests.unit.domain.strategies import History, histories

KEPT = timedelta(days=120)
TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
TWO_ONDERWERPEN = [onderwerp("parkeervergunning"), onderwerp("afval")]
UNKNOWN_CALLER = contact("999990019", betrokkenen=[stranger()], onderwerpen=TWO_ONDERWERPEN)
UNCERTAIN_CALLER = contact(
    betrokkenen=[betrokkene(middel="controlevragen", identificatoren=[bsn()])], onderwerpen=TWO_ONDERWERPEN
)


def shorten(desk: Desk) -> None:
    """Write the decisions of a register to documents and read them back."""
    for key, besluit in desk.register.besluiten.items():
        desk.register.besluiten[key] = besluit_of(besluit_document(besluit, KEPT))


def what_came_of(brought: Brought) -> tuple[Any, ...]:
    outcome = brought.outcome
    if isinstance(outcome, Refused):
        return outcome.name, outcome.refusal, brought.sent
    besluit = brought.besluit
    onderwerpen = [] if isinstance(outcome, Overtaken) else [each.onderwerp_id for each in besluit.onderwerpen]
    return outcome.name, brought.sent, outcome.rules, onderwerpen, besluit.uitgegeven, besluit.intrekkingen


def test_a_partij_that_was_stored_with_its_soort_is_read() -> None:
    desk = Desk()
    desk.bring(contact(betrokkenen=[known(toestemming="gegeven")]))
    [partij] = desk.register.partijen.values()

    assert partij_of({**partij_document(partij), "soortPartij": "persoon"}) == partij


@pytest.mark.parametrize(
    ("data", "regels"),
    [
        (UNKNOWN_CALLER, ["V1", "V1"]),
        (contact("999990019", betrokkenen=[]), ["G1"]),
        (contact("999990019", betrokkenen=[known()], other={"totStandGekomen": False}), ["G2"]),
    ],
    ids=["V1", "G1", "G2"],
)
def test_a_decision_without_a_trace_keeps_no_text_of_the_publisher_but_the_source(
    data: Wire, regels: list[str]
) -> None:
    besluit = Desk().bring(data, event_id="klant@example.nl", other={"traceparent": TRACEPARENT}).besluit

    assert besluit_document(besluit, KEPT) == {
        "_id": besluit.key,
        "source": SOURCE,
        "revisie": 1,
        "besluitversie": 1,
        "digest": besluit.digest,
        "beleidsversie": DEFAULT.versie,
        "beslotenOp": "2026-12-01T12:00:00.000000+00:00",
        "onderwerpen": [{"regel": each} for each in regels],
        "position": {"topic": "contact.ended", "partition": 0, "offset": 0},
        "vervaltOp": besluit.besloten_op + KEPT,
    }


def test_a_decision_that_left_a_trace_is_read_back_whole() -> None:
    besluit = Desk().bring(contact(betrokkenen=[known()])).besluit

    assert besluit_of(besluit_document(besluit, KEPT)) == besluit


def test_a_decision_without_a_trace_that_an_earlier_release_stored_in_full_is_read() -> None:
    besluit = Desk().bring(UNKNOWN_CALLER).besluit
    in_full = {
        **besluit_document(besluit, KEPT),
        "contactId": "999990019",
        "eventId": "evt-1",
        "traceparent": None,
        "plaatsgevondenOp": besluit.plaatsgevonden_op and besluit.plaatsgevonden_op.isoformat(),
        "taal": "nld",
        "vertrouwelijk": False,
        "onderwerpen": [
            {"onderwerpId": each, "regel": "V1", "klantcontact": False, "interneTaak": False, "partij": None}
            for each in ("parkeervergunning", "afval")
        ],
    }

    assert besluit_of(in_full) == besluit


def test_a_repeat_of_a_shortened_decision_is_told_from_a_conflict() -> None:
    desk = Desk()
    desk.bring(UNKNOWN_CALLER)
    shorten(desk)

    assert isinstance(desk.bring(UNKNOWN_CALLER).outcome, Repeated)
    conflict = desk.bring({**UNKNOWN_CALLER, "kanaal": "balie"})
    assert isinstance(conflict.outcome, Refused)


def test_a_shortened_decision_that_is_judged_again_gets_its_ids_from_the_contact_at_hand() -> None:
    short, whole = Desk(), Desk()
    for desk in (short, whole):
        desk.bring(UNCERTAIN_CALLER)
        desk.change_policy(LOOSE)
    shorten(short)

    again, as_ever = short.again(UNCERTAIN_CALLER), whole.again(UNCERTAIN_CALLER)

    assert isinstance(again.outcome, Rejudged)
    assert [each.data["herkomst"]["onderwerpId"] for each in again.sent] == ["parkeervergunning", "afval"]
    for mine, theirs in zip(again.sent, as_ever.sent, strict=True):
        assert mine.body["id"] == theirs.body["id"]
        assert mine.data["herkomst"] == {**theirs.data["herkomst"], "eventId": "evt-copy"}


@EXAMPLES
@given(histories(), st.sampled_from([DEFAULT, *POLICIES]), st.sampled_from(list(Feiten)))
def test_contacts_come_out_the_same_whether_the_register_keeps_decisions_short_or_whole(
    history: History, beleid: Beleid, feiten: Feiten
) -> None:
    short, whole = Desk(), Desk()
    for source, data in history:
        assert what_came_of(short.bring(data, source=source)) == what_came_of(whole.bring(data, source=source))
        shorten(short)
    for desk in (short, whole):
        desk.change_policy(beleid)
    for source, data in history:
        # A copy with the event's own id, as an operator's request is.
        again = [desk.again(data, source=source, feiten=feiten, event_id="evt-1") for desk in (short, whole)]
        assert what_came_of(again[0]) == what_came_of(again[1])
        shorten(short)
