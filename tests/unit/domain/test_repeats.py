"""The same contact again: `schemas/decision.md`, "Repeats"."""

from collections.abc import Callable
from copy import deepcopy

import pytest

from services.domain.outcome import Overtaken, Refused, Repeated
from services.domain.policy import Beleid
from tests.support.examples import (
    AFDELING,
    ALICE,
    CALL_BACK,
    OTHER_SOURCE,
    ZAAK,
    Wire,
    betrokkene,
    bsn,
    contact,
    email,
    known,
    naam,
    onderwerp,
    phone,
    received,
    stranger,
)
from tests.unit.domain.desk import CLASSIFIER, Desk

FULL = contact(
    betrokkenen=[known(toestemming="gegeven", adressen=[email(), phone()]), stranger("s")],
    onderwerpen=[onderwerp("a", opvolging=CALL_BACK), onderwerp("b")],
)


def test_the_same_revisie_has_the_same_events_byte_for_byte_whatever_the_register_learnt_since() -> None:
    desk = Desk()
    first = desk.bring(FULL)
    desk.bring(contact("c-2", betrokkenen=[known(toestemming="ingetrokken")]))
    again = desk.bring(FULL)
    assert isinstance(again.outcome, Repeated)
    assert again.sent == first.sent


def test_the_envelope_of_a_repeat_does_not_matter() -> None:
    desk = Desk()
    traced = {"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "subject": "x"}
    first = desk.bring(FULL, event_id="evt-1")
    assert desk.bring(FULL, event_id="evt-2", other=traced).sent == first.sent
    assert first.registered[0]["herkomst"]["eventId"] == "evt-1"


def test_a_repeat_follows_the_policy_of_the_first_decision() -> None:
    desk = Desk()
    first = desk.bring(FULL)
    desk.beleid = desk.register.beleid = Beleid(versie="newer", voldoende_middelen={})
    assert desk.bring(FULL).sent == first.sent


def test_a_repeat_changes_nothing_in_the_register() -> None:
    desk = Desk()
    desk.bring(FULL)
    before = desk.register.partijen.copy(), desk.register.besluiten.copy()
    desk.register.changed_partijen.clear()
    desk.register.changed_besluiten.clear()
    desk.bring(FULL)
    assert (desk.register.partijen, desk.register.besluiten) == before
    assert not desk.register.changed_partijen | desk.register.changed_besluiten


def test_the_register_remembers_its_changes_until_they_are_written() -> None:
    desk = Desk()
    brought = desk.bring(FULL)
    assert desk.register.changed_besluiten == {brought.besluit.key}
    assert desk.register.changed_partijen == {each.partij_id for each in brought.besluit.partijen}


def test_a_lower_revisie_changes_nothing_and_returns_the_outcome_in_force() -> None:
    desk = Desk()
    third = desk.bring({**FULL, "revisie": 3})
    second = desk.bring(contact(revisie=2))
    assert isinstance(second.outcome, Overtaken)
    assert second.besluit is third.besluit
    assert second.sent == ()


def test_a_repeat_of_a_replaced_revisie_counts_as_a_lower_one() -> None:
    desk = Desk()
    desk.bring(FULL)
    second = desk.bring(contact(revisie=2))
    assert desk.bring(FULL).outcome == Overtaken(received(FULL), second.besluit)


def test_one_contact_id_of_two_sources_is_two_contacts() -> None:
    desk = Desk()
    desk.bring(FULL)
    assert desk.bring(contact(), source=OTHER_SOURCE).besluit.source == OTHER_SOURCE


def test_the_same_revisie_with_other_contents_is_refused() -> None:
    desk = Desk()
    desk.bring(FULL)
    refused = desk.bring(contact())
    assert isinstance(refused.outcome, Refused)
    assert refused.outcome.received == received(contact())
    assert refused.outcome.refusal.kind == "revisie_conflict"
    assert refused.outcome.refusal.contact_id == "c-1"
    assert refused.faults == [("data.revisie", "revisie_conflict")]


def test_a_refusal_names_the_fields_that_the_contract_does_not_know() -> None:
    desk = Desk()
    desk.bring(FULL)
    refused = desk.bring({**contact(), "gemoedstoestand": "blij"})
    assert isinstance(refused.outcome, Refused)
    assert refused.outcome.refusal.unknown_fields == ("data.gemoedstoestand",)


def test_a_conflict_leaves_the_decision_unchanged() -> None:
    desk = Desk()
    first = desk.bring(FULL)
    desk.bring(contact())
    assert desk.bring(FULL).sent == first.sent


# The same contents


def given() -> Wire:
    """A contact with every part that may be written in another way."""
    data = contact(
        op="2026-03-02T10:50:00+01:00",
        betrokkenen=[betrokkene(middel="digid", identificatoren=[bsn(ALICE)], contactnaam=naam()), betrokkene("s")],
        onderwerpen=[onderwerp(opvolging={"soort": "geen"}), onderwerp(opvolging=CALL_BACK)],
    )
    return deepcopy(data)


def same(change: Callable[[Wire], object]) -> bool:
    """Whether a contact is the same after a change in how it is written."""
    desk = Desk()
    desk.bring(given())
    changed = given()
    change(changed)
    return isinstance(desk.bring(changed).outcome, Repeated)


Change = Callable[[Wire], object]


def person(data: Wire, index: int = 0) -> Wire:
    found: Wire = data["betrokkenen"][index]
    return found


def subject(data: Wire, index: int = 0) -> Wire:
    found: Wire = data["onderwerpen"][index]
    return found


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda data: data.update(revisie=1), id="the default revisie"),
        pytest.param(lambda data: data.update(kanaal=data.pop("kanaal")), id="fields in another order"),
        pytest.param(lambda data: data.update(richting="inkomend", totStandGekomen=True), id="other defaults"),
        pytest.param(lambda data: data.update(vertrouwelijk=False, doorverbonden=False), id="booleans"),
        pytest.param(lambda data: data.update(taal=None, vervolgOp=None), id="null means absent"),
        pytest.param(lambda data: data.update(newField={"a": 1}), id="an unknown field"),
        pytest.param(lambda data: person(data).update(newField=1), id="an unknown field deeper down"),
        pytest.param(lambda data: data.update(plaatsgevondenOp="2026-03-02T09:50:00Z"), id="the same instant"),
        pytest.param(lambda data: data.update(plaatsgevondenOp="2026-03-02t09:50:00.000z"), id="with zeros"),
        pytest.param(lambda data: person(data).update(initiator=True), id="the first is the initiator"),
        pytest.param(lambda data: person(data, 1).update(initiator=False), id="the second is not"),
        pytest.param(lambda data: person(data).update(soortPartij="persoon"), id="the default soortPartij"),
        pytest.param(lambda data: person(data).update(toestemmingHergebruik="niet_gevraagd"), id="no statement"),
        pytest.param(lambda data: person(data).update(digitaleAdressen=[]), id="an absent list is an empty one"),
        pytest.param(lambda data: person(data).update(werkteVoor={"naam": "x"}), id="werkteVoor is ignored there"),
        pytest.param(lambda data: person(data).update(vertegenwoordigt=[]), id="nobody represented"),
        pytest.param(lambda data: subject(data).update(onderwerpId="0"), id="the default onderwerpId"),
        pytest.param(lambda data: subject(data).pop("opvolging"), id="no opvolging"),
        pytest.param(lambda data: subject(data).update(opvolging={}), id="an opvolging that says nothing"),
        pytest.param(lambda data: subject(data).update(opvolging={"zaak": ZAAK}), id="a zaak is ignored there"),
        pytest.param(lambda data: subject(data, 1)["opvolging"].update(zaak=ZAAK), id="and beside a taak"),
        pytest.param(lambda data: subject(data).update(betrokkenen=["k", "s"]), id="all betrokkenen in order"),
        pytest.param(lambda data: subject(data).update(bijlagen=[], onderwerpobjecten=[]), id="no objects"),
    ],
)
def test_a_contact_written_in_another_way_is_the_same(change: Change) -> None:
    assert same(change)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda data: data.update(taal="nld"), id="an absent taal equals only itself"),
        pytest.param(lambda data: data.update(totStandGekomen=None), id="unknown is not true"),
        pytest.param(lambda data: data.update(richting="uitgaand"), id="richting"),
        pytest.param(lambda data: data.update(kanaal="balie"), id="kanaal"),
        pytest.param(lambda data: data.update(doorverbonden=True), id="doorverbonden"),
        pytest.param(lambda data: data.update(vertrouwelijk=True), id="vertrouwelijk"),
        pytest.param(lambda data: data.update(plaatsgevondenOp="2026-03-02T09:50:00.001Z"), id="a millisecond"),
        pytest.param(lambda data: data.update(beeindigdOp="2026-03-02T09:55:00Z"), id="beeindigdOp"),
        pytest.param(lambda data: data.update(actoren=[AFDELING]), id="actor"),
        pytest.param(lambda data: data.update(vervolgOp={"contactId": "x"}), id="vervolgOp"),
        pytest.param(lambda data: person(data).update(initiator=False), id="initiator"),
        pytest.param(lambda data: person(data).update(rol="vertegenwoordiger"), id="rol"),
        pytest.param(lambda data: person(data).update(toestemmingHergebruik="geweigerd"), id="a refusal"),
        pytest.param(lambda data: person(data)["contactnaam"].update(voornaam="Bo"), id="a name"),
        pytest.param(lambda data: person(data).update(digitaleAdressen=[phone()]), id="an address"),
        pytest.param(lambda data: person(data)["authenticatie"].update(pseudoniem="p"), id="a pseudoniem"),
        pytest.param(lambda data: subject(data).update(betrokkenen=["s", "k"]), id="betrokkenen in another order"),
        pytest.param(lambda data: subject(data).update(betrokkenen=[]), id="no betrokkenen"),
        pytest.param(lambda data: subject(data).update(onderwerpId="z"), id="onderwerpId"),
        pytest.param(lambda data: subject(data).update(inhoud="more"), id="inhoud"),
        pytest.param(lambda data: subject(data, 1)["opvolging"].update(toelichting="more"), id="toelichting"),
        pytest.param(lambda data: data["betrokkenen"].reverse(), id="the order of betrokkenen"),
    ],
)
def test_a_contact_with_other_contents_is_another(change: Change) -> None:
    assert not same(change)


def test_a_repeat_has_the_time_of_the_first_decision() -> None:
    desk = Desk()
    first, again = desk.bring(FULL), desk.bring(FULL)
    assert first.sent[0].body["time"] == again.sent[0].body["time"] == "2026-12-01T12:00:00Z"
    assert first.sent[0].body["source"] == CLASSIFIER
