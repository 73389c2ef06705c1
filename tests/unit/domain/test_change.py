"""Consent outside a contact, and restriction: `schemas/decision.md`, "Consent outside a contact", "Restriction"."""

from datetime import UTC, datetime, timedelta

import pytest

from schemas.contact_ended_v1 import Toestemming
from schemas.faults import Fault, FaultKind, RefusalKind
from services.classifier.changes import Opdracht
from services.domain.outcome import Decided, Overtaken, Refused, Repeated
from services.domain.partij import PartijRecord
from services.domain.policy import Beleid, Bron
from services.projector.events import read
from services.projector.mongo.writes import Collection
from tests.fakes.projector_store import FakeRegister
from tests.support.examples import SOURCE, Wire, bsn, change, contact, email, known, nth_bsn, onderwerp, phone
from tests.support.projector_examples import OWN_SOURCES
from tests.unit.domain.desk import Brought, Desk

PORTAAL = "urn:nld:oin:00000001823288444000:systeem:portaal"
MARCH = datetime(2026, 3, 1, 9, 50, tzinfo=UTC)


def said(step: str) -> tuple[str, Wire]:
    """Make a contact ("c") or a change ("w") of always the same klant, as in "c a.2 gegeven 10 details"."""
    kind, name, toestemming, day, *more = step.split()
    identity, _, revisie = name.partition(".")
    op, number = f"2026-03-{int(day):02}T09:50:00Z", int(revisie) if revisie else None
    if kind == "w":
        return kind, change(toestemming, wijziging_id=identity, revisie=number, op=op)
    klant = known(
        toestemming=None if toestemming == "-" else toestemming, adressen=[email()] if "details" in more else []
    )
    return kind, contact(identity, revisie=number, op=op, betrokkenen=[klant], onderwerpen=[onderwerp()])


def brought(desk: Desk, *history: str) -> list[Brought]:
    return [desk.say(data, source=PORTAAL) if kind == "w" else desk.bring(data) for kind, data in map(said, history)]


def only_partij(desk: Desk) -> PartijRecord:
    [partij] = desk.register.partijen.values()
    return partij


def told(one: Brought) -> list[tuple[str, object]]:
    """Return what goes out for a change: of each event its kind, and what it says of the partij."""
    return [(each.kind, each.data.get("resultaat", each.data.get("toestemming"))) for each in one.sent]


LEEG = [("partij.withdrawn", "leeg")]
GEGEVEN = [("partij.changed", "gegeven")]


def row(reason: str, expected: list[tuple[str, str]], *history: str) -> object:
    return pytest.param(expected, history, id=reason)


@pytest.mark.parametrize(
    ("expected", "history"),
    [
        row("withdrawn: a filled partij is emptied", LEEG, "c a gegeven 10 details", "w w-1 ingetrokken 20"),
        row("withdrawn: consent without details ends too", LEEG, "c a gegeven 10", "w w-1 ingetrokken 20"),
        row("given: an empty partij may be filled from now on", GEGEVEN, "c a - 10", "w w-1 gegeven 20"),
        row("withdrawal wins at one moment", LEEG, "c a gegeven 10", "w w-1 ingetrokken 10"),
        row("whatever came first", LEEG, "c a - 9", "w w-1 ingetrokken 10", "w w-2 gegeven 10"),
        row("a late withdrawal ends nothing", GEGEVEN, "c a gegeven 10", "w w-1 ingetrokken 5"),
        row("a late consent undoes nothing", LEEG, "c a ingetrokken 10", "w w-1 gegeven 5"),
        row("given after a withdrawal in a contact", GEGEVEN, "c a ingetrokken 10", "w w-1 gegeven 20"),
        row("a correction: it was given after all", GEGEVEN, "c a - 10", "w w.1 ingetrokken 20", "w w.2 gegeven 20"),
        row("a correction: it was withdrawn after all", LEEG, "c a - 10", "w w.1 gegeven 20", "w w.2 ingetrokken 20"),
        row("a klant that no contact made known", [], "w w-1 gegeven 20"),
        row("nor one that a correction took back", [], "c a.1 gegeven 10", "c a.2 - 10 weg", "w w-1 ingetrokken 20"),
    ],
)
def test_what_subscribers_hear_of_a_change(expected: list[tuple[str, str]], history: tuple[str, ...]) -> None:
    desk = Desk()
    *before, last = history
    for step in before:
        if step.endswith(" weg"):
            kind, data = said(step.removesuffix(" weg"))
            assert kind == "c"
            desk.bring({**data, "betrokkenen": [known(number=nth_bsn(7))]})
        else:
            brought(desk, step)
    assert told(brought(desk, last)[0]) == expected


@pytest.mark.parametrize(
    ("expected", "history"),
    [
        row("given outside a contact", [("nieuw", "V4")], "c a - 10", "w w-1 gegeven 20", "c b - 21 details"),
        row("withdrawn outside a contact", [], "c a gegeven 10", "w w-1 ingetrokken 20", "c b - 21 details"),
        row("given again in a contact", [("x", "V4")], "c a - 9", "w w-1 ingetrokken 20", "c b gegeven 21 details"),
        row(
            "a contact that comes late changes nothing", [], "c a - 9", "w w-1 ingetrokken 20", "c b gegeven 15 details"
        ),
    ],
)
def test_later_contacts_go_by_it(expected: list[object], history: tuple[str, ...]) -> None:
    desk = Desk()
    last = brought(desk, *history)[-1]
    assert last.partij["toestemming"] == ("gegeven" if expected else "geen")
    assert bool(last.partij["digitaleAdressen"]) is bool(expected)


@pytest.mark.parametrize("details", ["", " details"])
def test_it_ends_as_a_withdrawal_within_a_contact_does(details: str) -> None:
    """But for the contact itself, which the partij then has one more of."""
    outside, within = Desk(), Desk()
    brought(outside, f"c a gegeven 10{details}", "w w-1 ingetrokken 20")
    brought(within, f"c a gegeven 10{details}", "c b ingetrokken 20")
    found, expected = only_partij(outside), only_partij(within)
    assert (found.contacten, expected.contacten) == (1, 2)
    assert found.stand.statements.counting is not None
    assert (found.versie, found.geleegd_bij, found.gevuld, found.sleutels) == (
        expected.versie,
        expected.geleegd_bij,
        expected.gevuld,
        expected.sleutels,
    )
    assert (found.has_consent, found.stand.leeg) == (expected.has_consent, expected.stand.leeg) == (False, True)


def test_the_origin_of_a_statement_is_no_contact() -> None:
    desk = Desk()
    brought(desk, "c a - 10", "w a gegeven 20")
    moment = only_partij(desk).gegeven
    assert moment is not None
    assert (moment.source, moment.contact_id, moment.wijziging) == (PORTAAL, "a", True)


def test_a_change_and_a_contact_with_one_id_are_two() -> None:
    desk = Desk()
    first, second = desk.bring(said("c a gegeven 10")[1]), desk.say(said("w a ingetrokken 20")[1])
    assert isinstance(second.outcome, Decided)
    assert first.besluit.key != second.besluit.key
    ids = [each.body["id"] for each in (*first.sent, *second.sent)]
    assert len(set(ids)) == len(ids)


def test_an_unknown_klant_leaves_no_trace() -> None:
    desk = Desk()
    [one] = brought(desk, "w w-1 gegeven 20")
    assert desk.register.partijen == {}
    assert one.besluit.without_trace
    assert one.besluit.kanttekeningen == ("wijziging_klant_onbekend",)
    assert one.besluit.shortened().kanttekeningen == ("wijziging_klant_onbekend",)


@pytest.mark.parametrize(
    ("toestemming", "notes"),
    [
        ("gegeven", ("wijziging_niet_gekend",)),
        ("ingetrokken", ("wijziging_niet_gekend", "intrekking_zonder_gevolg")),
    ],
)
def test_without_a_means_that_suffices_it_has_no_effect(toestemming: str, notes: tuple[str, ...]) -> None:
    desk = Desk()
    brought(desk, "c a gegeven 10 details")
    before = only_partij(desk)
    one = desk.say(change(toestemming, middel="telefoonnummer"))
    assert (one.sent, one.besluit.kanttekeningen, only_partij(desk)) == ((), notes, before)


def test_repeats_corrections_and_conflicts_are_as_for_contacts() -> None:
    desk = Desk()
    brought(desk, "c a gegeven 10")
    first, again, newer, late, other = brought(
        desk,
        "w w.1 ingetrokken 20",
        "w w.1 ingetrokken 20",
        "w w.2 gegeven 20",
        "w w.1 ingetrokken 20",
        "w w.2 ingetrokken 20",
    )
    assert [type(each.outcome) for each in (first, again, newer, late, other)] == [
        Decided,
        Repeated,
        Decided,
        Overtaken,
        Refused,
    ]
    assert [each.value for each in first.sent] == [each.value for each in again.sent]
    assert other.faults == [Fault("data.revisie", FaultKind.REVISIE_CONFLICT)]


def test_a_correction_to_another_klant_takes_the_statement_back() -> None:
    desk = Desk()
    brought(desk, "c a - 10", "w w.1 gegeven 20")
    other = known(number=nth_bsn(1), toestemming="geweigerd")
    desk.bring(contact("b", op="2026-03-11T09:50:00Z", betrokkenen=[other]))
    one = desk.say(
        change("gegeven", wijziging_id="w", revisie=2, identificatoren=[bsn(nth_bsn(1))]),
        source=PORTAAL,
    )
    assert told(one) == [("partij.withdrawn", "leeg"), ("partij.changed", "gegeven")]
    assert [each.has_consent for each in desk.register.partijen.values()] == [False, True]


def test_a_source_that_the_policy_does_not_name_is_refused() -> None:
    beleid = Beleid(bronnen={SOURCE: Bron(), PORTAAL: Bron(middelen=frozenset({"eherkenning"}))})
    desk = Desk(beleid)
    brought(desk, "c a gegeven 10")
    one = desk.say(change(), source=PORTAAL)
    assert isinstance(one.outcome, Refused)
    assert one.outcome.refusal.kind is RefusalKind.BRON_NIET_TOEGESTAAN
    assert one.faults == [Fault("data.klant.authenticatie.middel", FaultKind.BRON_NIET_TOEGESTAAN)]


# The municipality itself


def opdracht(desk: Desk, name: str, day: int, **asked: object) -> Opdracht:
    return Opdracht(name, only_partij(desk).partij_id, MARCH + timedelta(days=day - 1), **asked)  # type: ignore[arg-type] # one of two


def test_an_employee_withdraws_for_a_klant_without_any_identificator_at_hand() -> None:
    desk = Desk(Beleid(bronnen={SOURCE: Bron()}))
    brought(desk, "c a gegeven 10 details")
    one = desk.instruct(opdracht(desk, "w-1", 20, toestemming=Toestemming.INGETROKKEN))
    assert told(one) == LEEG
    assert one.sent[0].data["herkomst"] == {
        "source": "urn:nld:oin:00000000000000000000:systeem:klantcontact:opdracht",
        "eventId": "w-1",
        "wijzigingId": "w-1",
        "revisie": 1,
    }
    assert only_partij(desk).stand.leeg


def restricted() -> Desk:
    desk = Desk()
    brought(desk, "c a gegeven 10 details")
    one = desk.instruct(opdracht(desk, "b-1", 12, beperking=True))
    [changed] = one.sent
    assert (changed.kind, changed.data["toestemming"], changed.data["beperking"]) == ("partij.changed", "gegeven", True)
    assert changed.data["besluit"]["regel"] == "B"
    return desk


def test_while_restricted_nothing_is_filled_and_nothing_is_emptied() -> None:
    desk = restricted()
    before = only_partij(desk)
    [one] = brought(desk, "c b gegeven 20 details")
    assert one.partij | {"resultaat": "bestaand", "beperking": True, "digitaleAdressen": []} == one.partij
    assert one.registered[0]["besluit"]["regel"] == "V3"
    after = only_partij(desk)
    assert (after.gevuld, after.geleegd_bij, after.beperkt) == (before.gevuld, before.geleegd_bij, before.beperkt)
    assert one.besluit.kanttekeningen == ("partij_beperkt",)


def test_details_for_a_taak_stay_with_the_contact_while_restricted() -> None:
    desk = restricted()
    klant = known(toestemming="gegeven", adressen=[phone("0612345678", gebruik="standaard")])
    called = onderwerp(
        opvolging={
            "soort": "interne_taak",
            "gevraagdeHandeling": "Bel",
            "toegewezenAan": {"soortActor": "medewerker", "naam": "KCC"},
        }
    )
    one = desk.bring(contact("b", op="2026-03-20T09:50:00Z", betrokkenen=[klant], onderwerpen=[called]))
    assert one.betrokkene["digitaleAdressen"] != []
    assert one.partij["digitaleAdressen"] == []


def test_the_klant_may_still_withdraw() -> None:
    desk = restricted()
    [one] = brought(desk, "w w-1 ingetrokken 20")
    assert told(one) == LEEG
    assert only_partij(desk).stand.leeg


def test_once_it_ends_all_is_as_before() -> None:
    desk = restricted()
    one = desk.instruct(opdracht(desk, "b-2", 15, beperking=False))
    assert [(each.kind, each.data["beperking"]) for each in one.sent] == [("partij.changed", False)]
    [later] = brought(desk, "c b - 20 details")
    assert later.partij["resultaat"] == "aangevuld"
    assert "beperking" not in later.partij


def test_a_restriction_outlives_a_correction_and_the_documents_carry_it() -> None:
    desk = Desk()
    events = [each for one in brought(desk, "c a gegeven 10 details", "c b - 11") for each in one.sent]
    events += desk.instruct(opdracht(desk, "b-1", 12, beperking=True)).sent
    events += brought(desk, "c b.2 - 11 details")[0].sent
    register = FakeRegister()
    register.merge([read(each.value, OWN_SOURCES).fact for each in events])
    [document] = register.contents()[Collection.PARTIJEN].values()
    assert (document["beperking"], document["toestemming"], len(document["digitaleAdressen"])) == (True, "gegeven", 1)
    assert only_partij(desk).beperkt is not None
