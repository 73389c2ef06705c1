"""What is told of a decision: the row that applied, the facts, what was given and what was taken back."""

from datetime import UTC, datetime, timedelta
from uuid import NAMESPACE_URL, uuid5

import pytest

from schemas.contact_ended_v1 import Toestemming
from schemas.outputs import IntrekkingResultaat, PartijResultaat, Regel
from schemas.positions import Position
from services.domain.consent import Moment
from services.domain.numbers import NumberKind
from services.domain.policy import DEFAULT, Beleid
from services.operations.explain.decision import (
    Decision,
    Given,
    OnderwerpDecision,
    PartijFacts,
    Statement,
    TakenBack,
    decision_of,
)
from tests.support.examples import (
    CALL_BACK,
    NEW_ZAAK,
    OTHER_SOURCE,
    SOURCE,
    Wire,
    betrokkene,
    bsn,
    contact,
    email,
    known,
    onderwerp,
    stranger,
)
from tests.unit.domain.desk import NOW, Desk

AT = datetime(2026, 3, 2, 9, 50, tzinfo=UTC)
EARLIER = "2026-03-01T09:50:00Z"
EARLIER_AT = datetime(2026, 3, 1, 9, 50, tzinfo=UTC)
TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def told(*contacts: Wire) -> Decision:
    """Tell the decision about the last of some contacts; those before it come from another source."""
    desk = Desk()
    *before, last = contacts
    for each in before:
        desk.bring(each, source=OTHER_SOURCE)
    return decision_of(desk.bring(last).besluit)


def outcome(decision: Decision) -> str:
    """Say in words what is told of the only onderwerp."""
    [each] = decision.onderwerpen
    given = [
        f"klantcontact {each.klantcontact.nummer}" if each.klantcontact else "no klantcontact",
        f"taak {each.interne_taak.nummer}" if each.interne_taak else "no taak",
        f"partij {each.partij}" if each.partij else "no partij",
    ]
    return f"{each.regel}: {', '.join(given)}"


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
def test_each_onderwerp_has_its_rule_and_what_was_given(contacts: list[Wire], expected: str) -> None:
    assert outcome(told(*contacts)) == expected


def test_an_onderwerp_is_told_with_the_row_of_the_table_and_its_source() -> None:
    decision = told(
        contact(onderwerpen=[onderwerp("o1", opvolging=CALL_BACK)], betrokkenen=[stranger(adressen=[email()])])
    )

    assert decision.onderwerpen == (
        OnderwerpDecision(
            onderwerp_id="o1",
            regel=Regel.V2,
            toelichting="Niemand is geauthenticeerd, maar er is opvolging nodig: geen partij.",
            herkomst="V6898, F2120",
            klantcontact=Given(str(uuid5(uuid5(NAMESPACE_URL, SOURCE), "klantcontact|c-1|o1")), "1"),
            interne_taak=Given(str(uuid5(uuid5(NAMESPACE_URL, SOURCE), "taak|c-1|o1")), "1"),
            partij=None,
            contactgegevens=True,
            since_besluitversie=1,
        ),
    )


def test_the_decision_itself_is_told() -> None:
    other = {"traceparent": TRACEPARENT}
    besluit = Desk().bring(contact(vertrouwelijk=True), event_id="evt-7", other=other).besluit

    decision = decision_of(besluit)

    assert (
        decision.source,
        decision.contact_id,
        decision.revisie,
        decision.besluitversie,
        decision.event_id,
        decision.trace_id,
        decision.plaatsgevonden_op,
        decision.besloten_op,
        decision.beleidsversie,
        decision.vertrouwelijk,
        decision.position,
    ) == (
        SOURCE,
        "c-1",
        1,
        1,
        "evt-7",
        "4bf92f3577b34da6a3ce929d0e0e4736",
        AT,
        NOW,
        DEFAULT.versie,
        True,
        Position("contact.ended", 0, 0),
    )


# The facts -----------------------------------------------------------------------------------------------------------


def test_of_a_partij_all_facts_are_told() -> None:
    before = contact("c-0", betrokkenen=[known(toestemming="gegeven", adressen=[email()])], op=EARLIER)
    [facts] = told(before, contact(betrokkenen=[stranger("s"), known(adressen=[email()])])).partijen

    earlier = Moment(EARLIER_AT, OTHER_SOURCE, "c-0")
    assert facts == PartijFacts(
        positie=1,
        partij_id=facts.partij_id,
        nummer="1",
        versie=2,
        middel="digid",
        bekend=True,
        leeg=False,
        gevuld=earlier,
        consent=True,
        statement=Statement(toestemming=Toestemming.GEGEVEN, contact=earlier, in_this_contact=False),
        resultaat=PartijResultaat.AANGEVULD,
        vult=True,
    )


@pytest.mark.parametrize(
    ("statements", "now", "consent", "counted"),
    [
        ([], "niet_gevraagd", False, None),
        ([], "geweigerd", False, None),  # no statement, for this contact only
        ([], "gegeven", True, ("gegeven", "this")),
        ([], "ingetrokken", False, ("ingetrokken", "this")),
        ([("gegeven", EARLIER)], "niet_gevraagd", True, ("gegeven", "earlier-0")),
        ([("gegeven", EARLIER)], "geweigerd", True, ("gegeven", "earlier-0")),
        ([("gegeven", EARLIER)], "gegeven", True, ("gegeven", "this")),
        ([("gegeven", EARLIER)], "ingetrokken", False, ("ingetrokken", "this")),
        ([("gegeven", "2026-03-03T09:50:00Z")], "ingetrokken", True, ("gegeven", "earlier-0")),  # a newer one is known
        ([("gegeven", "2026-03-02T09:50:00Z")], "ingetrokken", False, ("ingetrokken", "this")),  # at the same moment
        (
            [("gegeven", EARLIER), ("ingetrokken", "2026-03-01T10:50:00Z")],
            "niet_gevraagd",
            False,
            ("ingetrokken", "earlier-1"),
        ),
        ([("ingetrokken", EARLIER)], "niet_gevraagd", False, ("ingetrokken", "earlier-0")),
        ([("ingetrokken", EARLIER)], "gegeven", True, ("gegeven", "this")),
    ],
)  # fmt: skip
def test_the_statement_of_consent_that_counted_is_told_with_its_origin(
    statements: list[tuple[str, str]],
    now: str,
    consent: bool,  # noqa: FBT001 - a column of the table
    counted: tuple[str, str] | None,
) -> None:
    earlier = [
        contact(f"earlier-{at}", betrokkenen=[known(toestemming=said)], op=op)
        for at, (said, op) in enumerate(statements)
    ]
    [facts] = told(*earlier, contact("this", betrokkenen=[known(toestemming=now)])).partijen

    found = facts.statement and (facts.statement.toestemming.value, facts.statement.contact.contact_id)
    assert (facts.consent, found) == (consent, counted)
    assert facts.statement is None or facts.statement.in_this_contact is (facts.statement.contact.contact_id == "this")


def test_a_contact_that_follows_up_is_told_with_the_klantcontact_that_it_follows() -> None:
    first = contact("c-0", onderwerpen=[onderwerp(opvolging=CALL_BACK)])
    desk = Desk()
    earlier = desk.bring(first).besluit
    decision = decision_of(desk.bring(contact(vervolg_op={"contactId": "c-0"})).besluit)

    assert outcome(decision) == "V0: klantcontact 2, no taak, no partij"
    assert decision.vervolg is not None
    assert decision.vervolg.klantcontact_id == earlier.uitgegeven[0].klantcontact_id
    assert decision.vervolg.nummer == "1"


def test_what_was_noticed_is_told_in_words() -> None:
    two = betrokkene("k", middel="digid", identificatoren=[bsn()])
    assert told(contact(betrokkenen=[two], vervolg_op={"contactId": "nowhere"})).kanttekeningen == (
        "vervolgOp wijst naar geen klantcontact dat hier geregistreerd is.",
    )


# Corrections ---------------------------------------------------------------------------------------------------------


def corrected() -> Decision:
    """A klant with consent asks to be called back; a correction says that nobody was authenticated or needs that."""
    desk = Desk()
    desk.bring(contact(betrokkenen=[known(toestemming="gegeven")], onderwerpen=[onderwerp(opvolging=CALL_BACK)]))
    return decision_of(desk.bring(contact(revisie=2)).besluit)


def test_a_correction_tells_what_it_took_back_and_when() -> None:
    decision = corrected()

    when = NOW + timedelta(minutes=1)
    assert outcome(decision) == "V1: no klantcontact, no taak, no partij"
    assert decision.taken_back == (
        TakenBack(kind=NumberKind.KLANTCONTACT, nummer="1", op=when, revisie=2, besluitversie=1),
        TakenBack(kind=NumberKind.INTERNE_TAAK, nummer="1", op=when, revisie=2, besluitversie=1),
        TakenBack(
            kind=NumberKind.PARTIJ,
            nummer="1",
            op=when,
            revisie=2,
            besluitversie=1,
            resultaat=IntrekkingResultaat.VERVALLEN,
        ),
    )


def test_a_correction_tells_the_judgements_before_it() -> None:
    [before] = corrected().voorgangers

    assert (before.revisie, before.besluitversie, before.besloten_op, before.regels) == (1, 1, NOW, ("V4",))


def test_a_klantcontact_that_became_confidential_is_told_to_have_moved() -> None:
    desk = Desk()
    desk.bring(contact(betrokkenen=[known()]))
    decision = decision_of(desk.bring(contact(betrokkenen=[known()], revisie=2, vertrouwelijk=True)).besluit)

    assert [(each.kind, each.nummer, each.moved) for each in decision.taken_back] == [
        (NumberKind.KLANTCONTACT, "1", True)
    ]


def test_a_new_judgement_tells_what_it_left_as_it_was() -> None:
    desk = Desk()
    people = [
        known("a"),
        stranger("b"),
    ]
    people[1]["authenticatie"] = {"middel": "controlevragen"}
    data = contact(
        betrokkenen=people,
        onderwerpen=[onderwerp("of a", betrokkenen=["a"]), onderwerp("of b", betrokkenen=["b"])],
    )
    desk.bring(data)
    desk.change_policy(Beleid(versie="other", voldoende_middelen={"digid": "*", "controlevragen": "*"}))
    decision = decision_of(desk.again(data).besluit)

    assert (decision.besluitversie, decision.beleidsversie) == (2, "other")
    assert [(each.onderwerp_id, each.regel, each.since_besluitversie) for each in decision.onderwerpen] == [
        ("of a", "V3", 1),
        ("of b", "V3", 2),
    ]
    assert [each.regels for each in decision.voorgangers] == [("V3", "V1")]
