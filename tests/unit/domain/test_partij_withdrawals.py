"""`partij.withdrawn`: `schemas/decision.md`, "Taking back"."""

from tests.support.examples import NEW_ZAAK, contact, email, known, onderwerp
from tests.unit.domain.desk import Brought, Desk


def partijen_gone(brought: Brought) -> list[tuple[str, str]]:
    return [(each.stream, each.data["resultaat"]) for each in brought.of_kind("partij.withdrawn")]


def test_a_vertrouwelijk_contact_that_empties_a_partij_withdraws_it_in_public() -> None:
    desk = Desk()
    filled = desk.bring(contact("c-1", betrokkenen=[known(toestemming="gegeven", adressen=[email()])])).partij
    emptied = desk.bring(contact("c-2", vertrouwelijk=True, betrokkenen=[known(toestemming="ingetrokken")]))
    [gone] = emptied.of_kind("partij.withdrawn")
    assert (gone.stream, gone.data["partijId"]) == ("registered", filled["partijId"])
    assert gone.key == gone.body["id"], "no later event may replace it in a compacted topic"
    assert gone.data["nummer"] == filled["nummer"]
    assert gone.data["herkomst"]["contactId"] == "c-2"
    assert (gone.data["versie"], gone.data["geleegdBij"], gone.data["resultaat"]) == (2, 2, "leeg")
    assert gone.data["versie"] == emptied.partij["versie"]


def test_a_vertrouwelijk_contact_withdraws_nothing_of_a_partij_that_held_nothing() -> None:
    desk = Desk()
    assert partijen_gone(desk.bring(contact("c-1", vertrouwelijk=True, betrokkenen=[known()]))) == []
    assert partijen_gone(desk.bring(contact("c-2", vertrouwelijk=True, betrokkenen=[known()]))) == []


def test_the_end_of_reuse_is_published_even_when_no_details_were_left() -> None:
    desk = Desk()
    desk.bring(contact("c-1", betrokkenen=[known(toestemming="gegeven")]))
    desk.bring(contact("c-2", betrokkenen=[known(toestemming="ingetrokken")]))
    corrected = desk.bring(contact("c-2", revisie=2, betrokkenen=[known(toestemming="geweigerd")]))
    assert corrected.partij["toestemming"] == "gegeven"
    assert partijen_gone(
        desk.bring(contact("c-3", vertrouwelijk=True, betrokkenen=[known(toestemming="ingetrokken")]))
    ) == [("registered", "leeg")]


def test_a_vertrouwelijk_contact_that_does_not_empty_the_partij_withdraws_nothing() -> None:
    desk = Desk()
    desk.bring(contact("c-1", betrokkenen=[known(toestemming="gegeven")]))
    assert partijen_gone(desk.bring(contact("c-2", vertrouwelijk=True, betrokkenen=[known()]))) == []


def test_an_open_contact_that_empties_a_partij_says_so_in_its_own_event() -> None:
    desk = Desk()
    desk.bring(contact("c-1", betrokkenen=[known(toestemming="gegeven")]))
    assert partijen_gone(desk.bring(contact("c-2", betrokkenen=[known(toestemming="ingetrokken")]))) == []


def test_a_revisie_that_becomes_vertrouwelijk_and_withdraws_consent_withdraws_in_public_too() -> None:
    desk = Desk()
    desk.bring(contact(betrokkenen=[known(toestemming="gegeven")]))
    second = desk.bring(contact(revisie=2, vertrouwelijk=True, betrokkenen=[known(toestemming="ingetrokken")]))
    assert partijen_gone(second) == [("registered", "leeg")]
    third = desk.bring(contact(revisie=3, vertrouwelijk=True, betrokkenen=[known()]))
    assert [each.body["id"] for each in third.of_kind("partij.withdrawn")] == [
        each.body["id"] for each in second.of_kind("partij.withdrawn")
    ]


def test_a_partij_that_an_open_event_touches_again_is_no_longer_taken_back() -> None:
    desk = Desk()
    desk.bring(contact(betrokkenen=[known()]))
    assert len(desk.bring(contact(revisie=2)).of_kind("partij.withdrawn")) == 1
    assert desk.bring(contact(revisie=3, betrokkenen=[known()])).of_kind("partij.withdrawn") == []


def test_a_partij_touched_again_on_the_confidential_topic_only_is_still_taken_back() -> None:
    desk = Desk()
    desk.bring(contact(betrokkenen=[known(toestemming="gegeven")]))
    second = desk.bring(contact(revisie=2))
    third = desk.bring(contact(revisie=3, vertrouwelijk=True, betrokkenen=[known(toestemming="gegeven")]))
    assert third.of_kind("partij.withdrawn") == second.of_kind("partij.withdrawn")


def test_a_withdrawal_of_a_partij_is_on_the_open_topic_also_when_the_contact_was_vertrouwelijk() -> None:
    desk = Desk()
    desk.bring(contact(vertrouwelijk=True, betrokkenen=[known(toestemming="gegeven")]))
    second = desk.bring(contact(revisie=2, vertrouwelijk=True))
    assert partijen_gone(second) == [("registered", "vervallen")]


def test_a_decision_without_a_trace_differs_from_one_that_left_something() -> None:
    desk = Desk()
    assert desk.bring(contact("c-1")).besluit.without_trace
    assert not desk.bring(contact("c-2", betrokkenen=[known()])).besluit.without_trace
    assert not desk.bring(contact("c-3", onderwerpen=[onderwerp(opvolging=NEW_ZAAK)])).besluit.without_trace
    assert not desk.bring(contact("c-2", revisie=2)).besluit.without_trace
    assert desk.bring(contact("c-1", revisie=2)).besluit.without_trace
