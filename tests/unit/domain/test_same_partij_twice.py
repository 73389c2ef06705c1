"""A contact in which two betrokkenen turn out to be one partij: `schemas/decision.md`, "Finding a partij"."""

from services.domain.outcome import Refused
from tests.support.examples import (
    betrokkene,
    contact,
    stranger,
)
from tests.unit.domain.desk import Desk
from tests.unit.domain.organisaties import K1, K2, R1, Counter, employee, employer, organisatie


def test_two_betrokkenen_who_are_one_partij_in_the_register_are_refused() -> None:
    counter = Counter()
    counter.bring(organisatie(R1, K1))
    brought = counter.bring(organisatie(R1), organisatie(K1, ref="p"))
    assert brought.faults == [("data.betrokkenen.1.partijIdentificatoren.0", "dubbele_partij")]


def test_the_refusal_names_the_identificator_that_shows_it() -> None:
    counter = Counter()
    counter.bring(organisatie(R1, K1))
    brought = counter.bring(organisatie(K1), organisatie(K2, R1, ref="p"), stranger("s"))
    assert brought.faults == [("data.betrokkenen.1.partijIdentificatoren.1", "dubbele_partij")]


def test_two_betrokkenen_that_are_one_partij_are_refused_whether_gekend_or_not() -> None:
    counter = Counter()
    counter.bring(organisatie(R1, K1))
    people = [organisatie(R1), organisatie(K1, ref="p")]
    for each in people:
        del each["authenticatie"]
    assert counter.bring(*people).faults == [("data.betrokkenen.1.partijIdentificatoren.0", "dubbele_partij")]


def test_other_betrokkenen_between_the_two_do_not_matter() -> None:
    counter = Counter()
    counter.bring(organisatie(R1, K1))
    brought = counter.bring(stranger("s"), organisatie(R1), stranger("t"), organisatie(K1, ref="p"))
    assert brought.faults == [("data.betrokkenen.3.partijIdentificatoren.0", "dubbele_partij")]
    assert isinstance(brought.outcome, Refused)
    assert brought.outcome.refusal.kind == "contact_ongeldig"


def test_a_betrokkene_with_rol_overig_does_not_count_as_the_same_partij() -> None:
    counter = Counter()
    counter.bring(organisatie(R1, K1))
    supplier = {**organisatie(K1, ref="p"), "rol": "overig"}
    assert len(counter.bring(organisatie(R1), supplier).registered[0]["partijen"]) == 1


def test_a_contactpersoon_is_named_by_its_employer() -> None:
    counter = Counter()
    counter.bring(employee("p-1", employer(R1, K1)))
    brought = counter.bring(employee("p-1", employer(R1)), employee("p-1", employer(K1), ref="f"))
    assert brought.faults == [("data.betrokkenen.1.werkteVoor", "dubbele_partij")]


def test_a_refused_contact_leaves_the_register_as_it_was() -> None:
    counter = Counter()
    counter.bring(organisatie(R1, K1))
    before = counter.desk.register.partijen.copy(), counter.desk.register.besluiten.copy()
    counter.bring(organisatie(R1, toestemming="gegeven"), organisatie(K1, ref="p"))
    assert (counter.desk.register.partijen, counter.desk.register.besluiten) == before


def test_a_repeat_is_not_refused_when_the_register_has_learnt_since() -> None:
    desk = Desk()
    both = contact("c-1", betrokkenen=[organisatie(R1), betrokkene("s", soort="organisatie", identificatoren=[K1])])
    first = desk.bring(both)
    desk.bring(contact("c-2", betrokkenen=[organisatie(R1, K1)]))
    assert desk.bring(both).sent == first.sent
    assert desk.bring({**both, "revisie": 2}).faults == [
        ("data.betrokkenen.1.partijIdentificatoren.0", "dubbele_partij")
    ]


def test_a_link_of_its_own_earlier_revisie_does_not_count_against_a_contact() -> None:
    desk = Desk()
    desk.bring(contact("c-1", betrokkenen=[organisatie(R1, K1)]))
    people = [organisatie(R1), organisatie(K1, ref="p")]
    partijen = desk.bring(contact("c-1", revisie=2, betrokkenen=people)).registered[0]["partijen"]
    assert len({each["partijId"] for each in partijen}) == 2


def test_under_g2_nobody_is_looked_up() -> None:
    desk = Desk()
    desk.bring(contact("c-1", betrokkenen=[organisatie(R1, K1)]))
    people = [organisatie(R1), organisatie(K1, ref="p")]
    unanswered = contact("c-2", betrokkenen=people, other={"totStandGekomen": False})
    assert [each.regel.value for each in desk.bring(unanswered).besluit.onderwerpen] == ["G2"]
