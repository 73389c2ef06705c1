"""Partijen after a correction of a contact: `schemas/decision.md`, "Corrections"."""

import pytest

from tests.support.examples import (
    ALICE,
    BOB,
    Wire,
    betrokkene,
    contact,
    email,
    known,
    kvk,
    nth_rsin,
    onderwerp,
    rsin,
    stranger,
)
from tests.unit.domain.desk import Brought, Desk

R1, K1, K2 = rsin(nth_rsin(0)), kvk("99990001"), kvk("99990002")


def organisatie(*identificatoren: Wire, toestemming: str | None = "gegeven") -> Wire:
    return betrokkene(
        middel="eherkenning", soort="organisatie", identificatoren=identificatoren, toestemming=toestemming
    )


class Teller:
    """A desk that numbers the revisies of each contact."""

    def __init__(self) -> None:
        self.desk = Desk()
        self.revisies: dict[str, int] = {}

    def bring(self, contact_id: str, *people: Wire, op: str = "2026-03-02T09:50:00Z") -> Brought:
        """Bring the next revisie of a contact with these betrokkenen."""
        self.revisies[contact_id] = self.revisies.get(contact_id, 0) + 1
        data = contact(contact_id, revisie=self.revisies[contact_id], betrokkenen=people, op=op)
        return self.desk.bring(data)

    def partij(self, contact_id: str, person: Wire) -> tuple[str, str]:
        """Return partijId and outcome for the only betrokkene."""
        partij = self.bring(contact_id, person).partij
        return partij["partijId"], partij["resultaat"]


def withdrawals(brought: Brought) -> list[tuple[str, str]]:
    return [(each.data["partijId"], each.data["resultaat"]) for each in brought.of_kind("partij.withdrawn")]


def test_a_revisie_keeps_partij_and_number() -> None:
    teller = Teller()
    first = teller.bring("a", known(toestemming="gegeven"))
    second = teller.bring("a", known(toestemming="gegeven", adressen=[email()]))
    assert first.partij["partijId"] == second.partij["partijId"]
    assert first.partij["nummer"] == second.partij["nummer"] == "1"
    assert second.partij["resultaat"] == "nieuw"
    assert withdrawals(second) == []


def test_a_betrokkene_without_identificator_keeps_his_partij_over_revisies_by_ref() -> None:
    teller = Teller()
    person = betrokkene("x", middel="digid", toestemming="gegeven")
    first = teller.partij("a", person)
    teller.bring("a")
    assert teller.partij("a", person) == first
    assert teller.partij("a", {**person, "ref": "y"})[0] != first[0]
    assert teller.partij("b", person)[0] != first[0]


def test_another_klant_is_another_partij_and_the_first_is_vervallen() -> None:
    teller = Teller()
    alice, _ = teller.partij("a", known(number=ALICE))
    corrected = teller.bring("a", known(number=BOB))
    assert corrected.partij["partijId"] != alice
    assert withdrawals(corrected) == [(alice, "vervallen")]


def test_a_partij_that_is_vervallen_is_unknown_to_everyone() -> None:
    teller = Teller()
    alice, _ = teller.partij("a", known(number=ALICE, toestemming="gegeven"))
    teller.bring("a", known(number=BOB))
    assert teller.partij("b", known(number=ALICE, toestemming="gegeven")) == (alice, "nieuw")


def test_a_vervallen_partij_keeps_id_and_number_for_the_identificator_that_it_was_made_for() -> None:
    teller = Teller()
    first = teller.bring("a", known(number=ALICE)).partij
    teller.bring("a")
    again = teller.bring("b", known(number=ALICE)).partij
    assert (again["partijId"], again["nummer"], again["versie"]) == (first["partijId"], first["nummer"], 3)
    assert teller.bring("a", known(number=ALICE)).partij["partijId"] == first["partijId"]


def test_consent_is_forgotten_with_the_contact_that_gave_it() -> None:
    teller = Teller()
    teller.bring("a", known(toestemming="gegeven"))
    teller.bring("a")
    assert teller.partij("b", known())[1] == "leeg"


def test_a_partij_that_another_contact_knows_stays() -> None:
    teller = Teller()
    alice, _ = teller.partij("a", known(toestemming="gegeven"))
    teller.bring("b", known())
    assert withdrawals(teller.bring("a")) == [(alice, "leeg")]
    assert teller.partij("c", known(toestemming="gegeven")) == (alice, "aangevuld")


def test_a_partij_with_consent_of_another_contact_stays_bestaand() -> None:
    teller = Teller()
    alice, _ = teller.partij("a", known(adressen=[email()], toestemming="gegeven"))
    teller.bring("b", known(toestemming="gegeven"))
    assert withdrawals(teller.bring("a")) == [(alice, "bestaand")]


def test_a_partij_that_only_a_replaced_revisie_filled_is_empty_for_the_next_contact() -> None:
    teller = Teller()
    alice, _ = teller.partij("a", known(adressen=[email()], toestemming="gegeven"))
    teller.bring("b", known(toestemming="gegeven"))
    teller.bring("a")
    assert teller.partij("c", known()) == (alice, "aangevuld")


def test_a_revisie_under_bestaand_brings_nothing_to_the_partij() -> None:
    teller = Teller()
    teller.bring("a", known(adressen=[email()], toestemming="gegeven"))
    teller.bring("b", known(toestemming="gegeven", adressen=[email("b@example.nl")]))
    second = teller.bring("a", known(toestemming="geweigerd", adressen=[email()]))
    assert second.partij["resultaat"] == "bestaand"
    assert second.partij["digitaleAdressen"] == []
    assert "contactnaam" not in second.partij


# Links


def test_a_link_that_only_replaced_revisies_brought_is_forgotten() -> None:
    teller = Teller()
    first, _ = teller.partij("a", organisatie(R1, K1))
    corrected = teller.bring("a", organisatie(R1))
    assert corrected.partij["partijId"] == first
    assert corrected.partij["vervallenIdentificatoren"] == ["kvk_nummer"]
    assert teller.partij("b", organisatie(K1))[0] != first


def test_every_later_revisie_says_so_of_a_link_that_was_forgotten() -> None:
    """The event that said it first is replaced in a compacted topic, while the one that brought the link may stay."""
    teller = Teller()
    teller.bring("a", organisatie(R1, K1))
    teller.bring("b", organisatie(R1))
    told = [teller.bring("a", organisatie(R1)).partij["vervallenIdentificatoren"] for _ in range(2)]
    [gone] = teller.bring("a").of_kind("partij.withdrawn")
    assert (told, gone.data["vervallenIdentificatoren"]) == ([["kvk_nummer"], ["kvk_nummer"]], ["kvk_nummer"])
    teller.bring("a", organisatie(R1, K2))
    assert teller.bring("a", organisatie(R1, K2)).partij["vervallenIdentificatoren"] == []


def test_a_link_that_another_contact_used_is_kept() -> None:
    for used in ([K1], [R1, K1]):
        teller = Teller()
        first, _ = teller.partij("a", organisatie(R1, K1))
        teller.bring("b", organisatie(*used))
        corrected = teller.bring("a", organisatie(R1))
        assert corrected.partij["vervallenIdentificatoren"] == []
        assert teller.partij("c", organisatie(K1))[0] == first


def test_a_kind_that_gets_another_number_is_not_lost() -> None:
    teller = Teller()
    first, _ = teller.partij("a", organisatie(R1, K1))
    corrected = teller.bring("a", organisatie(R1, K2))
    assert corrected.partij["vervallenIdentificatoren"] == []
    assert corrected.partij["partijIdentificatoren"] == [R1, K2]
    assert teller.partij("b", organisatie(K2))[0] == first
    assert teller.partij("c", organisatie(K1))[0] != first


def test_a_withdrawal_names_the_kinds_that_fall_away_with_it() -> None:
    teller = Teller()
    first, _ = teller.partij("a", organisatie(R1, K1))
    teller.bring("b", organisatie(K1))
    [gone] = teller.bring("a").of_kind("partij.withdrawn")
    assert (gone.data["partijId"], gone.data["resultaat"]) == (first, "bestaand")
    assert gone.data["vervallenIdentificatoren"] == ["rsin"]


def test_the_links_of_a_contactpersoon_are_not_withdrawn_as_identificatoren() -> None:
    teller = Teller()
    person = betrokkene(
        soort="contactpersoon",
        middel="eherkenning",
        pseudoniem="p-1",
        werkte_voor={"partijIdentificatoren": [K1]},
    )
    teller.bring("a", person)
    [gone] = teller.bring("a").of_kind("partij.withdrawn")
    assert gone.data["vervallenIdentificatoren"] == []


def test_an_identificator_given_up_by_one_partij_can_be_linked_to_another() -> None:
    teller = Teller()
    first, _ = teller.partij("a", organisatie(R1, K1))
    second, _ = teller.partij("b", organisatie(rsin(nth_rsin(1))))
    corrected = teller.bring("a", organisatie(R1))
    assert corrected.partij["partijId"] == first
    teller.bring("b", organisatie(rsin(nth_rsin(1)), K1))
    assert teller.partij("c", organisatie(K1))[0] == second


def test_an_identificator_can_go_from_one_betrokkene_to_another() -> None:
    r2 = rsin(nth_rsin(1))
    for people in ([organisatie(r2), organisatie(R1, K1)], [organisatie(R1, K1), organisatie(r2)]):
        desk = Desk()
        named = [{**each, "ref": f"r{index}"} for index, each in enumerate(people)]
        desk.bring(contact("a", betrokkenen=named))
        moved = [organisatie(r2, K1) if r2 in each["partijIdentificatoren"] else organisatie(R1) for each in people]
        named = [{**each, "ref": f"r{index}"} for index, each in enumerate(moved)]
        second = desk.bring(contact("a", revisie=2, betrokkenen=named)).registered[0]["partijen"]
        [holder] = [each for each in second if r2 in each["partijIdentificatoren"]]
        assert desk.bring(contact("b", betrokkenen=[organisatie(K1)])).partij["partijId"] == holder["partijId"]


def test_a_partij_still_known_by_another_identificator_is_not_given_back_to_the_one_it_was_made_for() -> None:
    teller = Teller()
    first, _ = teller.partij("a", organisatie(R1, K1))
    teller.bring("b", organisatie(K1))
    teller.bring("a")
    assert teller.partij("c", organisatie(R1))[0] != first


def test_the_first_of_several_partijen_made_for_one_identificator_comes_back() -> None:
    teller = Teller()
    first, _ = teller.partij("a", organisatie(R1, K1))
    teller.bring("b", organisatie(K1))
    teller.bring("a")
    second, _ = teller.partij("c", organisatie(R1))
    assert second != first
    teller.bring("b")
    teller.bring("c")
    assert teller.partij("d", organisatie(R1))[0] == first


def test_any_identificator_of_a_betrokkene_may_be_the_one_its_partij_was_made_for() -> None:
    teller = Teller()
    first, _ = teller.partij("a", organisatie(K1))
    teller.bring("a")
    assert teller.partij("b", organisatie(R1, K1))[0] == first


# Versies


def test_versie_counts_the_decisions_about_a_partij_and_geleegd_bij_is_the_last_that_emptied_it() -> None:
    teller = Teller()
    steps = [
        ("a", known(toestemming="gegeven"), (1, 0)),
        ("b", known(), (2, 0)),
        ("b", known(toestemming="ingetrokken"), (3, 3)),
        ("c", known(), (4, 4)),
        ("b", known(toestemming="geweigerd"), (5, 4)),
        ("d", known(), (6, 4)),
    ]
    for contact_id, person, expected in steps:
        partij = teller.bring(contact_id, person).partij
        assert (partij["versie"], partij["geleegdBij"]) == expected


@pytest.mark.parametrize(
    ("of_other", "expected"),
    [("gegeven", (3, 0, "bestaand")), (None, (3, 3, "leeg")), ("nobody", (2, 2, "vervallen"))],
)
def test_a_withdrawal_counts_as_a_decision(of_other: str | None, expected: tuple[int, int, str]) -> None:
    teller = Teller()
    teller.bring("a", known(toestemming="gegeven"))
    if of_other != "nobody":
        teller.bring("b", known(toestemming=of_other))
    [gone] = teller.bring("a", stranger()).of_kind("partij.withdrawn")
    assert (gone.data["versie"], gone.data["geleegdBij"], gone.data["resultaat"]) == expected


def test_a_partij_that_a_replaced_revisie_emptied_stays_empty() -> None:
    teller = Teller()
    teller.bring("a", known(toestemming="gegeven", adressen=[email()]))
    teller.bring("b", known(toestemming="ingetrokken"))
    teller.bring("b")
    partij = teller.bring("c", known(), op="2026-01-01T09:00:00Z").partij
    assert (partij["resultaat"], partij["versie"], partij["geleegdBij"]) == ("aangevuld", 4, 2)


def test_a_partij_that_a_withdrawal_emptied_no_longer_counts_as_filled() -> None:
    teller = Teller()
    teller.bring("a", known(toestemming="gegeven"), op="2026-03-01T09:00:00Z")
    teller.bring("b", known(adressen=[email()]), op="2026-03-20T09:00:00Z")
    assert withdrawals(teller.bring("a"))[0][1] == "leeg"
    teller.bring("c", known(toestemming="gegeven"), op="2026-03-25T09:00:00Z")
    late = teller.bring("d", known(adressen=[email()]), op="2026-03-10T09:00:00Z")
    assert late.partij["resultaat"] == "aangevuld"


# Within one contact


def test_a_betrokkene_who_drops_out_of_every_onderwerp_leaves_his_partij() -> None:
    desk = Desk()
    people = [known("a", ALICE), known("b", BOB)]
    first = desk.bring(contact(betrokkenen=people))
    second = desk.bring(contact(revisie=2, betrokkenen=people, onderwerpen=[onderwerp(betrokkenen=["b"])]))
    alice = first.registered[0]["partijen"][0]["partijId"]
    assert withdrawals(second) == [(alice, "vervallen")]


def test_two_betrokkenen_may_change_places() -> None:
    desk = Desk()
    first = desk.bring(contact(betrokkenen=[known("a", ALICE), known("b", BOB)]))
    second = desk.bring(contact(revisie=2, betrokkenen=[known("a", BOB), known("b", ALICE)]))
    ids = [[each["partijId"] for each in one.registered[0]["partijen"]] for one in (first, second)]
    assert ids[0] == ids[1][::-1]
    assert withdrawals(second) == []
