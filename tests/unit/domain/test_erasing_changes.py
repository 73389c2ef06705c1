"""A change of consent outside a contact goes with the last contact of its partij: nothing of an unknown klant stays."""

from random import Random
from typing import Final

import pytest

from schemas.outputs import Reden
from services.domain.besluit import BesluitRecord
from services.domain.ids import change_key, contact_key
from services.domain.outcome import Erased, Executed
from services.domain.wissen import execute
from services.domain.wissing import Gewist, SoortWissing, Wissing
from services.projector.events import read
from services.projector.mongo.writes import Collection
from tests.fakes.projector_store import FakeRegister
from tests.support.examples import ALICE, BOB, SOURCE, bsn, change, contact, email, known, nth_bsn
from tests.support.projector_examples import OWN_SOURCES
from tests.unit.domain.desk import CLASSIFIER, Desk

VERZOEK: Final = "Z-2026-0001"
CHANGE: Final = change_key(SOURCE, "w-1")


def wissing_of(besluit: BesluitRecord, soort: SoortWissing = SoortWissing.CONTACT) -> Wissing:
    return Wissing(
        opdracht="0001",
        soort=soort,
        verzoek=VERZOEK,
        reden=Reden.GEWIST,
        contact_key=besluit.key,
        revisie=besluit.revisie,
        besluitversie=besluit.besluitversie,
    )


def desk_with_change(*contacts: str) -> Desk:
    """Return a desk to which a klant came, and said something outside those contacts."""
    desk = Desk()
    for each in contacts:
        desk.bring(contact(each, betrokkenen=[known(toestemming="gegeven")]))
    desk.say(change("ingetrokken", wijziging_id="w-1"))
    assert desk.register.besluiten[CHANGE].partijen
    return desk


def erase(desk: Desk, contact_id: str) -> None:
    besluit = desk.register.besluiten[contact_key(SOURCE, contact_id)]
    answer = execute(desk.register, wissing_of(besluit), desk.now, CLASSIFIER)
    assert isinstance(answer, Executed), answer


def test_a_change_goes_with_the_last_contact() -> None:
    desk = desk_with_change("a", "b")
    erase(desk, "a")
    assert CHANGE in desk.register.besluiten, "the other contact knows the klant still"
    erase(desk, "b")
    assert (desk.register.besluiten, desk.register.partijen) == ({}, {})
    assert desk.register.gewist[CHANGE] == Gewist(desk.now, VERZOEK)


@pytest.mark.parametrize("revisie", [None, 2])
def test_a_change_that_went_is_closed(revisie: int | None) -> None:
    desk = desk_with_change("a")
    erase(desk, "a")
    again = desk.say(change("gegeven" if revisie else "ingetrokken", wijziging_id="w-1", revisie=revisie))
    assert isinstance(again.outcome, Erased)
    assert again.sent == ()


def test_a_change_goes_with_the_entry_of_a_klant_that_a_correction_left_without_a_contact() -> None:
    desk = desk_with_change("a")
    [partij_id] = desk.register.partijen
    desk.bring(contact("a", revisie=2, betrokkenen=[known(number=nth_bsn(7))]))
    gone = Wissing(
        opdracht="0002", soort=SoortWissing.PARTIJ, verzoek=VERZOEK, reden=Reden.BEWAARTERMIJN, partij_id=partij_id
    )
    assert isinstance(execute(desk.register, gone, desk.now, CLASSIFIER), Executed)
    assert partij_id not in desk.register.partijen
    assert CHANGE not in desk.register.besluiten


def test_a_change_stays_with_a_klant_who_stays_when_another_goes() -> None:
    desk = Desk()
    both = [known("k", ALICE, toestemming="gegeven"), known("b", BOB, toestemming="gegeven")]
    desk.bring(contact("both", betrokkenen=both))
    desk.bring(contact("bob", betrokkenen=[known("k", BOB)]))
    desk.say(change("ingetrokken", wijziging_id="w-1", identificatoren=[bsn(BOB)]))
    erase(desk, "both")
    assert CHANGE in desk.register.besluiten
    assert [each.bekend for each in desk.register.partijen.values()] == [True]


@pytest.mark.parametrize("later", ["nothing", "the change is corrected", "the klant says more"])
@pytest.mark.parametrize("seed", range(6))
def test_a_correction_that_takes_the_last_contact_back_leaves_no_partij_that_no_klantcontact_names(
    later: str, seed: int
) -> None:
    desk = Desk()
    brought = [
        desk.bring(contact("a", betrokkenen=[known(toestemming="gegeven", adressen=[email()])])),
        desk.say(change("ingetrokken", wijziging_id="w-1")),
        desk.bring(contact("a", revisie=2, betrokkenen=[known(number=nth_bsn(7), toestemming="gegeven")])),
    ]
    if later == "the change is corrected":
        brought.append(desk.say(change("gegeven", wijziging_id="w-1", revisie=2)))
    elif later == "the klant says more":
        brought.append(desk.say(change("gegeven", wijziging_id="w-2", op="2026-03-21T09:50:00Z")))
    events = [read(each.value, OWN_SOURCES).fact for one in brought for each in one.sent]
    Random(seed).shuffle(events)
    store = FakeRegister()
    store.merge(events)
    documents = store.contents()
    named = {
        each["wasPartij"]["partijId"]
        for klantcontact in documents[Collection.KLANTCONTACTEN].values()
        for each in klantcontact["betrokkenen"]
        if "wasPartij" in each
    }
    assert documents[Collection.PARTIJEN].keys() == named
    assert {each for each, partij in desk.register.partijen.items() if partij.bekend} == named
