"""A contact that carries out what an earlier one asked for: `schemas/decision.md`, "Follow-up"."""

import pytest

from tests.support.examples import (
    CALL_BACK,
    OTHER_SOURCE,
    SOURCE,
    ZAAK,
    Wire,
    contact,
    email,
    known,
    onderwerp,
    phone,
    stranger,
)
from tests.unit.domain.desk import Brought, Desk
from tests.unit.domain.oracle_facts import name_based_id

FIRST = contact(
    "first",
    betrokkenen=[stranger(adressen=[phone()])],
    onderwerpen=[onderwerp("a"), onderwerp("b", opvolging=CALL_BACK), onderwerp("c", opvolging=CALL_BACK)],
)
"""Onderwerp a is not registered, b and c are."""


def id_of(onderwerp_id: str, contact_id: str = "first", source: str = SOURCE) -> str:
    return name_based_id(source, "klantcontact", contact_id, onderwerp_id)


def follow_up(
    vervolg_op: Wire, person: Wire | None = None, *, opvolging: Wire | None = None, contact_id: str = "second"
) -> Wire:
    return contact(
        contact_id,
        betrokkenen=[person or stranger(adressen=[phone()])],
        onderwerpen=[onderwerp(opvolging=opvolging)],
        vervolg_op=vervolg_op,
    )


def regel(brought: Brought) -> str:
    return brought.besluit.onderwerpen[0].regel.value


def points_to(brought: Brought) -> str:
    reference = brought.registered[0]["onderwerpobjecten"][0]["wasKlantcontact"]
    return str(reference["klantcontactId"])


@pytest.mark.parametrize(
    ("vervolg_op", "onderwerp_id"),
    [
        pytest.param({"contactId": "first"}, "b", id="the first onderwerp that was registered"),
        pytest.param({"contactId": "first", "onderwerpId": "c"}, "c", id="the onderwerp that is named"),
        pytest.param({"klantcontactId": id_of("c")}, "c", id="the klantcontact that is named"),
        pytest.param({"klantcontactId": id_of("b").upper()}, "b", id="in whatever case"),
    ],
)
def test_a_follow_up_is_registered_and_points_to_the_earlier_klantcontact(vervolg_op: Wire, onderwerp_id: str) -> None:
    desk = Desk()
    first = desk.bring(FIRST)
    brought = desk.bring(follow_up(vervolg_op))
    assert regel(brought) == "V0"
    assert brought.besluit.kanttekeningen == ()
    numbers = {each["klantcontact"]["klantcontactId"]: each["klantcontact"]["nummer"] for each in first.registered}
    wanted = id_of(onderwerp_id)
    assert brought.registered[0]["onderwerpobjecten"] == [
        {"wasKlantcontact": {"klantcontactId": wanted, "nummer": numbers[wanted]}}
    ]


@pytest.mark.parametrize(
    "vervolg_op",
    [
        pytest.param({"contactId": "never-seen"}, id="no such contact"),
        pytest.param({"contactId": "first", "onderwerpId": "a"}, id="an onderwerp that was not registered"),
        pytest.param({"contactId": "first", "onderwerpId": "z"}, id="no such onderwerp"),
        pytest.param({"klantcontactId": id_of("a")}, id="a klantcontact that was never made"),
        pytest.param({"klantcontactId": "anything"}, id="no id at all"),
    ],
)
def test_an_unknown_vervolg_op_changes_nothing_and_is_noted(vervolg_op: Wire) -> None:
    desk = Desk()
    desk.bring(FIRST)
    brought = desk.bring(follow_up(vervolg_op))
    assert regel(brought) == "V1"
    assert brought.besluit.kanttekeningen == ("vervolg_onbekend",)
    assert regel(desk.bring(follow_up(vervolg_op, known(), contact_id="third"))) == "V3"


def test_the_toelichting_of_the_event_notes_an_unknown_vervolg_op() -> None:
    brought = Desk().bring(follow_up({"contactId": "never-seen"}, known()))
    assert brought.registered[0]["besluit"]["toelichting"] == (
        "Geauthenticeerd, zonder geldende toestemming voor hergebruik: een lege partij. "
        "vervolgOp wijst naar geen klantcontact dat hier geregistreerd is."
    )


def test_a_contact_id_is_looked_up_in_the_same_source_only() -> None:
    desk = Desk()
    desk.bring(FIRST)
    assert regel(desk.bring(follow_up({"contactId": "first"}), source=OTHER_SOURCE)) == "V1"


def test_a_klantcontact_id_is_looked_up_in_every_source() -> None:
    desk = Desk()
    desk.bring(FIRST)
    assert regel(desk.bring(follow_up({"klantcontactId": id_of("b")}), source=OTHER_SOURCE)) == "V0"


def test_a_contact_does_not_follow_itself_up() -> None:
    for vervolg_op in ({"contactId": "first"}, {"klantcontactId": id_of("b")}):
        desk = Desk()
        desk.bring(FIRST)
        again = follow_up(vervolg_op, contact_id="first") | {"revisie": 2}
        assert regel(desk.bring(again)) == "V1"


def test_a_withdrawn_klantcontact_is_no_longer_known() -> None:
    desk = Desk()
    desk.bring(FIRST)
    desk.bring({**FIRST, "revisie": 2, "onderwerpen": [onderwerp("b"), onderwerp("c", opvolging=CALL_BACK)]})
    assert regel(desk.bring(follow_up({"klantcontactId": id_of("b")}))) == "V1"
    assert regel(desk.bring(follow_up({"contactId": "first", "onderwerpId": "b"}, contact_id="third"))) == "V1"
    last = desk.bring(follow_up({"contactId": "first"}, contact_id="fourth"))
    assert (regel(last), points_to(last)) == ("V0", id_of("c"))


def test_a_follow_up_can_be_followed_up() -> None:
    desk = Desk()
    desk.bring(FIRST)
    desk.bring(follow_up({"contactId": "first"}))
    assert regel(desk.bring(follow_up({"contactId": "second"}, contact_id="third"))) == "V0"


def test_a_follow_up_takes_precedence_over_v1_to_v4_for_every_onderwerp() -> None:
    desk = Desk()
    desk.bring(FIRST)
    data = contact(
        betrokkenen=[known(toestemming="gegeven"), stranger("s")],
        onderwerpen=[onderwerp("a"), onderwerp("b", betrokkenen=["s"]), onderwerp("c", betrokkenen=[])],
        vervolg_op={"contactId": "first"},
    )
    brought = desk.bring(data)
    assert [(each.regel.value, each.partij) for each in brought.besluit.onderwerpen] == [
        ("V0", "nieuw"),
        ("V0", None),
        ("V0", None),
    ]
    assert {points_to(brought)} == {id_of("b")}


@pytest.mark.parametrize("toestemming", [None, "gegeven"])
def test_the_partij_of_a_follow_up_is_judged_as_elsewhere(toestemming: str | None) -> None:
    desk = Desk()
    desk.bring(FIRST)
    person = known(toestemming=toestemming, adressen=[email(), phone()])
    brought = desk.bring(follow_up({"contactId": "first"}, person))
    assert brought.partij["resultaat"] == ("nieuw" if toestemming else "leeg")
    assert brought.betrokkene["contactnaam"] == person["contactnaam"]
    assert brought.betrokkene["digitaleAdressen"] == []


def test_the_gates_take_precedence_over_a_follow_up() -> None:
    desk = Desk()
    desk.bring(FIRST)
    unanswered = {**follow_up({"contactId": "first"}), "totStandGekomen": False}
    assert regel(desk.bring(unanswered)) == "G2"
    internal = {**follow_up({"contactId": "first"}, contact_id="third"), "betrokkenen": []}
    assert regel(desk.bring(internal)) == "G1"
    assert regel(desk.bring({**follow_up({"contactId": "second"}, contact_id="fourth")})) == "V1"


def test_a_contact_that_a_gate_stops_gets_no_note() -> None:
    unanswered = {**follow_up({"contactId": "never-seen"}), "totStandGekomen": False}
    assert Desk().bring(unanswered).besluit.kanttekeningen == ()


def test_a_follow_up_keeps_the_name_and_keeps_details_only_for_a_taak() -> None:
    desk = Desk()
    desk.bring(FIRST)
    done = desk.bring(follow_up({"contactId": "first"}))
    assert (done.betrokkene["contactnaam"], done.betrokkene["digitaleAdressen"]) == (stranger()["contactnaam"], [])
    once_more = desk.bring(follow_up({"contactId": "first"}, opvolging=CALL_BACK, contact_id="third"))
    assert len(once_more.betrokkene["digitaleAdressen"]) == 1
    assert len(once_more.of_kind("taak.created")) == 1


def test_a_follow_up_can_ask_for_a_zaak_too() -> None:
    desk = Desk()
    desk.bring(FIRST)
    other = {**ZAAK, "objectId": "other"}
    data = follow_up({"contactId": "first"}, opvolging={"soort": "zaak_bestaand", "zaak": ZAAK})
    data["onderwerpen"][0]["onderwerpobjecten"] = [other]
    [was, zaak, more] = desk.bring(data).registered[0]["onderwerpobjecten"]
    assert "wasKlantcontact" in was
    assert [zaak, more] == [{"onderwerpobjectidentificator": ZAAK}, {"onderwerpobjectidentificator": other}]


def test_a_repeat_of_a_follow_up_stays_as_it_was_decided() -> None:
    desk = Desk()
    desk.bring(FIRST)
    second = desk.bring(follow_up({"contactId": "first"}))
    desk.bring({**FIRST, "revisie": 2, "onderwerpen": [onderwerp("a")]})
    assert desk.bring(follow_up({"contactId": "first"})).sent == second.sent


# A confidential klantcontact


def test_an_ordinary_contact_does_not_follow_up_a_confidential_klantcontact() -> None:
    desk = Desk()
    desk.bring({**FIRST, "vertrouwelijk": True})
    ordinary = desk.bring(follow_up({"contactId": "first"}, opvolging=CALL_BACK))
    assert regel(ordinary) == "V2"
    assert ordinary.besluit.kanttekeningen == ("vervolg_vertrouwelijk",)
    shown = b"".join(each.value for each in ordinary.sent).decode()
    assert id_of("b") not in shown
    assert "vertrouwelijk klantcontact" not in shown


def test_a_confidential_contact_follows_up_a_confidential_klantcontact() -> None:
    desk = Desk()
    desk.bring({**FIRST, "vertrouwelijk": True})
    brought = desk.bring({**follow_up({"klantcontactId": id_of("b")}), "vertrouwelijk": True})
    assert regel(brought) == "V0"
    assert points_to(brought) == id_of("b")
