"""The klantcontacten that go out again without somebody, made of what the projector stored."""

from typing import Any

import pytest

from services.operations.erase.composing import Composed, NotStored, Stored, without_betrokkene, without_details
from services.projector.events import read
from services.projector.mongo.writes import Collection
from tests.fakes.projector_store import FakeRegister
from tests.support.examples import (
    ALICE,
    BOB,
    CALL_BACK,
    betrokkene,
    bsn,
    contact,
    email,
    known,
    kvk,
    onderwerp,
    phone,
    stranger,
)
from tests.support.projector_examples import OWN_SOURCES
from tests.unit.domain.desk import Brought, Desk


def stored(*brought: Brought, withdraw_missing: bool = False) -> Stored:
    register = FakeRegister()
    register.merge([read(each.value, OWN_SOURCES).fact for one in brought for each in one.sent])
    kept = register.collections
    klantcontacten = {**kept[Collection.KLANTCONTACTEN], **kept[Collection.KLANTCONTACTEN_VERTROUWELIJK]}
    return Stored(klantcontacten, kept[Collection.PARTIJEN], withdraw_missing)


def details(ref: str, number: str) -> dict[str, Any]:
    return known(ref, number, toestemming="gegeven", adressen=[email(f"{ref}@example.nl"), phone()])


def test_what_others_brought_goes_out_as_the_first_event_had_it() -> None:
    both = [details("a", ALICE), details("b", BOB)]
    brought = Desk().bring(contact(betrokkenen=both, onderwerpen=[onderwerp("o", opvolging=CALL_BACK)]))
    alice = brought.besluit.partijen[0].partij_id
    [first] = brought.registered
    [again] = without_betrokkene(brought.besluit, alice, stored(brought)).opnieuw
    assert again == {
        name: value
        for name, value in {**first, "betrokkenen": first["betrokkenen"][1:], "partijen": first["partijen"][1:]}.items()
        if name not in ("besluit", "herkomst")
    }


def test_a_contactpersoon_keeps_its_employer() -> None:
    person = betrokkene(
        "c",
        middel="eherkenning",
        pseudoniem="p-1",
        soort="contactpersoon",
        toestemming="gegeven",
        adressen=[email("c@example.nl")],
        werkte_voor={"naam": "Stichting", "partijIdentificatoren": [kvk("99999001")]},
    )
    brought = Desk().bring(contact(betrokkenen=[details("a", ALICE), person]))
    alice = brought.besluit.partijen[0].partij_id
    [again] = without_betrokkene(brought.besluit, alice, stored(brought)).opnieuw
    assert again["partijen"] == brought.registered[0]["partijen"][1:]
    assert again["partijen"][0]["werkteVoorPartij"]["organisatienaam"] == "Stichting"


def test_a_klant_who_was_alone_leaves_nobody_and_one_beside_a_stranger_does() -> None:
    alone = Desk().bring(contact(betrokkenen=[details("a", ALICE)]))
    alice = alone.besluit.partijen[0].partij_id
    assert not without_betrokkene(alone.besluit, alice, stored(alone)).others_stay
    beside = Desk().bring(contact(betrokkenen=[details("a", ALICE), stranger("s")]))
    assert without_betrokkene(beside.besluit, beside.besluit.partijen[0].partij_id, stored(beside)).others_stay


def test_an_onderwerp_that_concerned_only_the_erased_one_is_withdrawn() -> None:
    brought = Desk().bring(
        contact(
            betrokkenen=[details("a", ALICE), details("b", BOB)],
            onderwerpen=[onderwerp("x", betrokkenen=["a"]), onderwerp("y", betrokkenen=["b"])],
        )
    )
    composed = without_betrokkene(brought.besluit, brought.besluit.partijen[0].partij_id, stored(brought))
    assert composed == Composed([], [brought.besluit.uitgegeven[0].klantcontact_id], others_stay=True)


def test_nothing_is_composed_of_what_is_not_stored_as_it_was_decided() -> None:
    desk = Desk()
    both = [details("a", ALICE), details("b", BOB)]
    first = desk.bring(contact(betrokkenen=both))
    later = desk.bring(contact(revisie=2, betrokkenen=both))
    alice = later.besluit.partijen[0].partij_id
    with pytest.raises(NotStored) as late:
        without_betrokkene(later.besluit, alice, stored(first))
    assert late.value.nummer == later.besluit.uitgegeven[0].klantcontact_nummer
    with pytest.raises(NotStored):
        without_details(later.besluit, alice, stored())
    gone = [later.besluit.uitgegeven[0].klantcontact_id]
    assert without_betrokkene(later.besluit, alice, stored(withdraw_missing=True)).vervallen == gone
    assert without_details(later.besluit, alice, stored(withdraw_missing=True)).vervallen == gone


def test_without_details_the_klant_stays_where_it_was() -> None:
    brought = Desk().bring(
        contact(betrokkenen=[details("a", ALICE)], onderwerpen=[onderwerp("o", opvolging=CALL_BACK)])
    )
    alice = brought.besluit.partijen[0].partij_id
    [again] = without_details(brought.besluit, alice, stored(brought)).opnieuw
    assert [each["wasPartij"]["partijId"] for each in again["betrokkenen"]] == [alice]
    assert again["partijen"][0]["partijIdentificatoren"] == [bsn(ALICE)]
    assert "@" not in str(again)


def test_a_klantcontact_without_details_stays_as_it_is() -> None:
    brought = Desk().bring(contact(betrokkenen=[known("a")]))
    composed = without_details(brought.besluit, brought.besluit.partijen[0].partij_id, stored(brought))
    assert composed.opnieuw == []
