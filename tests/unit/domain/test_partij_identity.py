"""The partij of a betrokkene: `schemas/decision.md`, "Finding a partij"."""

import pytest

from tests.support.examples import (
    ALICE,
    BOB,
    Wire,
    betrokkene,
    bsn,
    contact,
    known,
    nth_rsin,
    onderwerp,
    stranger,
)
from tests.unit.domain.desk import Desk
from tests.unit.domain.organisaties import K1, K2, R1, R2, V1, V2, Counter, employee, employer, organisatie


def row(reason: str, first: list[Wire], second: list[Wire], *, same: bool) -> object:
    return pytest.param(first, second, same, id=reason)


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        row("the same rsin", [R1], [R1], same=True),
        row("another rsin", [R1], [R2], same=False),
        row("the same kvk_nummer", [K1], [K1], same=True),
        row("another kvk_nummer", [K1], [K2], same=False),
        row("an rsin that came with a kvk_nummer", [R1, K1], [R1], same=True),
        row("a kvk_nummer that came with an rsin", [R1, K1], [K1], same=True),
        row("in any order", [K1, R1], [R1, K1], same=True),
        row("rsin goes before kvk_nummer", [R1, K1], [R1, K2], same=True),
        row("a kvk_nummer helps when the rsin is not known", [K1], [R1, K1], same=True),
        row("the same vestiging", [V1, K1], [V1, K1], same=True),
        row("several vestigingen of one kvk_nummer are several partijen", [V1, K1], [V2, K1], same=False),
        row("a vestigingsnummer counts with its kvk_nummer", [V1, K1], [V1, K2], same=False),
        row("the vestiging is not its parent", [V1, K1], [K1], same=False),
        row("nor is the parent the vestiging", [K1], [V1, K1], same=False),
        row("beside a vestigingsnummer an rsin only names the parent", [V1, K1, R1], [R1], same=False),
        row("also the other way round", [R1], [V1, K1, R1], same=False),
        row("whatever the order in which they are written", [K1, V1], [V1, R1, K1], same=True),
    ],
)
def test_an_organisatie_is_found_by_its_identificatoren(first: list[Wire], second: list[Wire], *, same: bool) -> None:
    counter = Counter()
    assert (counter.partij(organisatie(*first)) == counter.partij(organisatie(*second))) is same


def test_a_persoon_is_found_by_bsn() -> None:
    counter = Counter()
    alice, bob = counter.partij(known(number=ALICE)), counter.partij(known(number=BOB))
    assert alice != bob
    assert counter.partij(known(number=ALICE)) == alice


def test_an_rsin_and_a_bsn_with_the_same_digits_are_two() -> None:
    counter = Counter()
    assert counter.partij(known(number=nth_rsin(0))) != counter.partij(organisatie(R1))


def test_a_persoon_is_never_found_by_pseudoniem() -> None:
    counter = Counter()
    person = betrokkene(middel="digid", pseudoniem="p-1")
    assert counter.partij(person) != counter.partij(person)


# Links


def test_an_unknown_identificator_is_linked_to_the_partij_found() -> None:
    counter = Counter()
    first = counter.partij(organisatie(R1))
    assert counter.partij(organisatie(R1, K1)) == first
    assert counter.partij(organisatie(K1)) == first


def test_a_linked_identificator_finds_the_partij_too() -> None:
    counter = Counter()
    first = counter.partij(organisatie(K1))
    counter.partij(organisatie(K1, R1))
    counter.partij(organisatie(R1))
    assert counter.partij(organisatie(R1, K2)) == first


def test_a_second_identificator_of_a_kind_is_noted_and_not_linked() -> None:
    counter = Counter()
    first = counter.partij(organisatie(R1, K1))
    brought = counter.bring(organisatie(R1, K2))
    assert brought.partij["partijId"] == first
    assert brought.partij["partijIdentificatoren"] == [R1]
    assert brought.besluit.kanttekeningen == ("tweede_van_soort",)
    assert counter.partij(organisatie(K2)) != first


def test_partijen_are_never_merged_and_a_link_to_another_partij_stays_and_is_noted() -> None:
    counter = Counter()
    by_rsin, by_kvk = counter.partij(organisatie(R1)), counter.partij(organisatie(K1))
    brought = counter.bring(organisatie(R1, K1))
    assert brought.partij["partijId"] == by_rsin
    assert brought.partij["partijIdentificatoren"] == [R1]
    assert brought.besluit.kanttekeningen == ("identificator_elders",)
    assert counter.partij(organisatie(K1)) == by_kvk


def test_each_note_is_made_once() -> None:
    counter = Counter()
    for each in ([R1, K1], [R2], [K2]):
        counter.partij(organisatie(*each))
    people = [organisatie(R1, K2), organisatie(R2, K1, ref="p")]
    assert counter.bring(*people).besluit.kanttekeningen == ("identificator_elders",)


def test_the_event_shows_the_identificatoren_that_find_the_partij_as_they_were_given() -> None:
    assert Counter().bring(organisatie(K1, R1)).partij["partijIdentificatoren"] == [K1, R1]


def test_with_a_vestigingsnummer_its_kvk_nummer_is_shown_and_the_rsin_is_not() -> None:
    assert Counter().bring(organisatie(R1, K1, V1)).partij["partijIdentificatoren"] == [K1, V1]


# A contactpersoon


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        row("pseudoniem and employer", [K1], [K1], same=True),
        row("another employer", [K1], [K2], same=False),
        row("an employer with several identificatoren is found as an organisatie is", [R1, K1], [K1], same=True),
        row("rsin before kvk_nummer", [R1, K1], [R1, K2], same=True),
        row("several vestigingen are several employers", [V1, K1], [V2, K1], same=False),
        row("the vestiging is not the employer's parent", [V1, K1], [K1], same=False),
        row("without identificator of the employer nobody is found", [], [], same=False),
    ],
)
def test_a_contactpersoon_is_found_by_pseudoniem_and_employer(
    first: list[Wire], second: list[Wire], *, same: bool
) -> None:
    counter = Counter()
    people = [employee("p-1", employer(*each)) for each in (first, second)]
    assert (counter.partij(people[0]) == counter.partij(people[1])) is same


def test_another_pseudoniem_is_another_contactpersoon() -> None:
    counter = Counter()
    assert counter.partij(employee("p-1", employer(K1))) != counter.partij(employee("p-2", employer(K1)))


def test_pseudoniem_alone_or_the_employer_alone_finds_nobody() -> None:
    for person in (employee("p-1", None), employee(None, employer(K1)), employee("p-1", {"naam": "Bakkerij Bloem"})):
        counter = Counter()
        assert counter.partij(person) != counter.partij(person)
        assert counter.bring(person).partij["identificatie"] == "zonder_externe_identificator"


def test_the_employer_may_be_a_betrokkene_too() -> None:
    counter = Counter()
    alone = counter.bring(employee("p-1", employer(K1)))
    both = counter.bring(organisatie(K1), employee("p-1", "o"))
    [company, person] = both.registered[0]["partijen"]
    assert person["partijId"] == alone.partij["partijId"]
    assert company["partijId"] != person["partijId"]


def test_working_for_an_organisatie_makes_no_partij_for_it() -> None:
    counter = Counter()
    assert len(counter.bring(employee("p-1", employer(K1))).registered[0]["partijen"]) == 1
    assert counter.bring(organisatie(K1, toestemming="gegeven")).partij["resultaat"] == "nieuw"


def test_a_found_contactpersoon_is_identified_and_shows_no_identificator_of_its_own() -> None:
    partij = Counter().bring(employee("p-1", employer(K1))).partij
    assert partij["identificatie"] == "extern"
    assert partij["partijIdentificatoren"] == []
    assert partij["soortPartij"] == "contactpersoon"
    assert partij["werkteVoorPartij"] == {"partijIdentificatoren": [K1]}


def test_the_same_person_as_klant_and_as_contactpersoon_is_two_partijen() -> None:
    henk = betrokkene("k", middel="digid", pseudoniem="p-1", identificatoren=[bsn()])
    [private, at_work] = Counter().bring(henk, employee("p-1", employer(K1))).registered[0]["partijen"]
    assert private["partijId"] != at_work["partijId"]


# Nobody else gets a partij


def test_a_betrokkene_who_is_not_gekend_gets_no_partij_even_when_known() -> None:
    counter = Counter()
    counter.bring(known(number=BOB))
    anonymous = betrokkene("b", identificatoren=[bsn(BOB)])
    registered = counter.bring(known(), anonymous).registered[0]
    assert [("wasPartij" in each) for each in registered["betrokkenen"]] == [True, False]
    assert len(registered["partijen"]) == 1


def test_each_gekende_gets_a_partij_by_his_own_facts() -> None:
    counter = Counter()
    people = [known("a", ALICE, toestemming="gegeven"), stranger("s"), known("b", BOB)]
    partijen = counter.bring(*people).registered[0]["partijen"]
    assert [(each["resultaat"], each["toestemming"]) for each in partijen] == [("nieuw", "gegeven"), ("leeg", "geen")]


def test_a_betrokkene_outside_every_onderwerp_gets_no_partij() -> None:
    desk = Desk()
    people = [known("a", ALICE, toestemming="gegeven"), known("b", BOB, toestemming="gegeven")]
    first = desk.bring(contact("c-1", betrokkenen=people, onderwerpen=[onderwerp(betrokkenen=["b"])]))
    assert len(first.besluit.partijen) == 1
    assert desk.bring(contact("c-2", betrokkenen=[known("a", ALICE)])).partij["versie"] == 1


def test_a_note_about_one_betrokkene_is_not_shown_with_an_onderwerp_of_another() -> None:
    counter = Counter()
    counter.partij(organisatie(R1, K1))
    brought = counter.bring(organisatie(R1, K2))
    assert brought.besluit.kanttekeningen == ("tweede_van_soort",)
    assert brought.registered[0]["besluit"]["toelichting"] == (
        "Geauthenticeerd, zonder geldende toestemming voor hergebruik: een lege partij."
    )


def test_a_partij_without_an_identity_that_a_later_revisie_brings_back_is_the_same_one() -> None:
    desk = Desk()
    nobody = betrokkene(middel="digid")
    first = desk.bring(contact(betrokkenen=[nobody])).partij
    desk.bring(contact(revisie=2, betrokkenen=[stranger()]))
    again = desk.bring(contact(revisie=3, betrokkenen=[nobody])).partij
    assert (again["partijId"], again["nummer"]) == (first["partijId"], first["nummer"])
    assert again["versie"] > first["versie"]
