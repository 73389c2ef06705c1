"""Documents of the register: those of an earlier release are still read, a decision without a trace is short, and one
with a long history stays small.
"""

from datetime import timedelta
from typing import Any

import bson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.classifier.mongo.documents import (
    besluit_document,
    besluit_of,
    partij_changes,
    partij_document,
    partij_of,
)
from services.domain.herbeoordeling import Feiten
from services.domain.outcome import Overtaken, Refused, Rejudged, Repeated
from services.domain.policy import DEFAULT, Beleid
from services.domain.record_size import MAX_RECORD_BYTES, most_bytes
from tests.support.examples import (
    CALL_BACK,
    SOURCE,
    Wire,
    betrokkene,
    bsn,
    contact,
    known,
    nth_bsn,
    onderwerp,
    stranger,
)
from tests.support.thoroughness import EXAMPLES
from tests.unit.domain.desk import Brought, Desk
from tests.unit.domain.policies import LOOSE, POLICIES
from tests.unit.domain.strategies import History, histories

KEPT = timedelta(days=120)
TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
TWO_ONDERWERPEN = [onderwerp("parkeervergunning"), onderwerp("afval")]
UNKNOWN_CALLER = contact("999990019", betrokkenen=[stranger()], onderwerpen=TWO_ONDERWERPEN)
UNCERTAIN = betrokkene(middel="controlevragen", identificatoren=[bsn()])
UNCERTAIN_CALLER = contact(betrokkenen=[UNCERTAIN], onderwerpen=TWO_ONDERWERPEN)


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


@EXAMPLES
@given(histories())
def test_the_changes_of_a_partij_make_its_document_what_it_has_become(history: History) -> None:
    desk, documents = Desk(), dict[str, dict[str, Any]]()
    for source, data in history:
        before = dict(desk.register.partijen)
        desk.bring(data, source=source)
        for partij_id, partij in desk.register.partijen.items():
            if partij_id not in before:
                documents[partij_id] = partij_document(partij)
                continue
            update = partij_changes(partij_document(before[partij_id]), partij_document(partij))
            documents[partij_id] |= update.get("$set", {})
            for name in update.get("$unset", {}):
                del documents[partij_id][name]
            assert documents[partij_id] == partij_document(partij)


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


def corrected_and_judged_again() -> Desk:
    """Return a desk with one contact, of which much was taken back, and some stayed as it was."""
    desk = Desk()
    many = [onderwerp(f"o{at}", opvolging=CALL_BACK) for at in range(5)]
    desk.bring(contact(betrokkenen=[known()], onderwerpen=many), event_id="evt-1")
    desk.bring(contact(revisie=2, betrokkenen=[known()], onderwerpen=many[:3]), event_id="evt-2")
    last = contact(
        revisie=3,
        betrokkenen=[known("k"), betrokkene("u", middel="controlevragen", identificatoren=[bsn(nth_bsn(7))])],
        onderwerpen=[
            onderwerp("o0", opvolging=CALL_BACK, betrokkenen=["k"]),
            onderwerp("o1", opvolging=CALL_BACK, betrokkenen=["u"]),
        ],
    )
    desk.bring(last, event_id="evt-3")
    desk.change_policy(LOOSE)
    desk.again(last, event_id="evt-4")
    return desk


def with_aanleidingen_everywhere(document: dict[str, Any]) -> dict[str, Any]:
    """Return a document as an earlier release wrote it."""
    once = document["aanleidingen"]
    older = {name: value for name, value in document.items() if name != "aanleidingen"}
    older["intrekkingen"] = [{**each, "aanleiding": once[each["aanleiding"]]} for each in document["intrekkingen"]]
    older["onderwerpen"] = [
        {**each, "sinds": once[each["sinds"]]} if "sinds" in each else each for each in document["onderwerpen"]
    ]
    return older


def test_an_aanleiding_stands_once_in_a_document_and_is_read_back() -> None:
    [besluit] = corrected_and_judged_again().register.besluiten.values()
    document = besluit_document(besluit, KEPT)

    assert [each["aanleiding"] for each in document["intrekkingen"]] == [0, 1, 1, 0, 1, 1]
    assert [each.get("sinds") for each in document["onderwerpen"]] == [0, None]
    assert [each["eventId"] for each in document["aanleidingen"]] == ["evt-3", "evt-2"]
    assert besluit_of(document) == besluit


def test_a_decision_with_an_aanleiding_at_each_intrekking_as_an_earlier_release_stored_it_is_read() -> None:
    [besluit] = corrected_and_judged_again().register.besluiten.values()

    assert besluit_of(with_aanleidingen_everywhere(besluit_document(besluit, KEPT))) == besluit


def test_a_taak_that_an_earlier_release_sent_in_the_open_moves_when_its_contact_turns_out_confidential() -> None:
    """That release kept no streams of taken, and took none back as moved."""
    desk = Desk()
    asked: dict[str, Any] = {"onderwerpen": [onderwerp("o0", opvolging=CALL_BACK)], "betrokkenen": [known()]}
    desk.bring(contact(vertrouwelijk=True, **asked))
    [key] = desk.register.besluiten
    document = besluit_document(desk.register.besluiten[key], KEPT)
    assert document["uitgegeven"][0].pop("taakStreams") == ["confidential_taak"]
    desk.register.besluiten[key] = besluit_of(document)

    again = desk.bring(contact(revisie=2, vertrouwelijk=True, **asked))

    assert [(each.stream, each.data["verplaatst"]) for each in again.of_kind("taak.withdrawn")] == [("taak", True)]
    assert [each.stream for each in again.of_kind("taak.created")] == ["confidential_taak"]


def test_an_intrekking_of_a_taak_that_an_earlier_release_stored_is_of_the_ordinary_topic() -> None:
    desk = Desk()
    desk.bring(contact(betrokkenen=[known()], onderwerpen=[onderwerp("o0", opvolging=CALL_BACK)]))
    besluit = desk.bring(contact(revisie=2, betrokkenen=[known()], onderwerpen=[onderwerp("o0")])).besluit
    document = besluit_document(besluit, KEPT)

    assert [set(each) for each in document["intrekkingen"]] == [{"soort", "aanleiding", "onderwerpId"}]
    assert besluit_of(document) == besluit


def test_the_longest_history_that_the_contract_allows_is_far_below_the_bound() -> None:
    desk, wide = Desk(), "😀" * 250  # four bytes each
    for at in range(4):
        numbers = range(at * 50, at * 50 + 50)
        onderwerpen = [onderwerp(f"{wide[:30]}{number}", opvolging=CALL_BACK) for number in numbers]
        people = [known(f"k{number}", nth_bsn(number)) for number in numbers]
        for vertrouwelijk in (False, True):
            desk.bring(
                contact(
                    f"c{wide}",
                    revisie=1 + 2 * at + vertrouwelijk,
                    betrokkenen=people,
                    onderwerpen=onderwerpen,
                    vertrouwelijk=vertrouwelijk,
                ),
                event_id=f"{wide}{at}",
            )
    [besluit] = desk.register.besluiten.values()

    assert len(besluit.uitgegeven) == 200
    assert len(bson.encode(besluit_document(besluit, KEPT))) <= most_bytes(besluit) < MAX_RECORD_BYTES / 3


@EXAMPLES
@given(histories())
def test_the_bound_of_a_record_is_no_less_than_it_takes_and_not_far_from_it(history: History) -> None:
    desk = Desk()
    for source, data in history:
        desk.bring(data, source=source)
    for besluit in desk.register.besluiten.values():
        if not besluit.without_trace:
            taken = len(bson.encode(besluit_document(besluit, KEPT)))
            assert taken <= most_bytes(besluit) <= 3 * taken


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
