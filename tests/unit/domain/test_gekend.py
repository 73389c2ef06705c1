"""The betrokkenen who are gekend: `schemas/decision.md`, "Gekend"."""

import pytest

from services.domain.policy import DEFAULT, Beleid, ZonderIdentificator
from tests.support.examples import (
    ALICE,
    BOB,
    CALL_BACK,
    CAROL,
    Wire,
    betrokkene,
    bsn,
    contact,
    known,
    kvk,
    onderwerp,
    stranger,
)
from tests.unit.domain.desk import Desk, outcome

GEKEND = "V3 klantcontact, partij leeg"
NOT_GEKEND = "V1 niets"


def authenticated_by(middel: str, number: str | None = ALICE) -> Wire:
    return betrokkene(middel=middel, identificatoren=[bsn(number)] if number else None)


# By one's own means


@pytest.mark.parametrize(
    "middel",
    ["digid", "eherkenning", "eidas", "identiteitsbewijs", "telefonische_authenticatie", "dossier"],
)
def test_these_means_suffice(middel: str) -> None:
    assert outcome(contact(betrokkenen=[authenticated_by(middel)])) == GEKEND


@pytest.mark.parametrize("middel", ["controlevragen", "nummerherkenning", "emailadres", "something else", "DigiD"])
def test_no_other_means_suffices(middel: str) -> None:
    assert outcome(contact(betrokkenen=[authenticated_by(middel)])) == NOT_GEKEND


def test_an_identificator_alone_makes_nobody_gekend() -> None:
    assert outcome(contact(betrokkenen=[betrokkene(identificatoren=[bsn()], toestemming="gegeven")])) == NOT_GEKEND


def test_authentication_in_an_earlier_contact_makes_nobody_gekend() -> None:
    earlier = contact("c-1", betrokkenen=[known(toestemming="gegeven")])
    assert outcome(earlier, contact("c-2", betrokkenen=[betrokkene(identificatoren=[bsn()])])) == NOT_GEKEND


def test_a_betrokkene_with_rol_overig_is_never_gekend() -> None:
    supplier = betrokkene("s", "overig", middel="eherkenning", soort="organisatie", identificatoren=[kvk("99990001")])
    assert outcome(contact(betrokkenen=[stranger(), supplier])) == NOT_GEKEND


def test_a_policy_sets_which_means_suffice() -> None:
    beleid = Beleid(versie="ours", voldoende_middelen={"controlevragen": "*"})
    assert outcome(contact(betrokkenen=[authenticated_by("controlevragen")]), beleid=beleid) == GEKEND
    assert outcome(contact(betrokkenen=[authenticated_by("digid")]), beleid=beleid) == NOT_GEKEND


def test_a_policy_may_let_a_means_suffice_on_some_kanalen_only() -> None:
    beleid = Beleid(versie="ours", voldoende_middelen={"controlevragen": frozenset({"telefoon", "balie"})})
    person = authenticated_by("controlevragen")
    assert outcome(contact(betrokkenen=[person], kanaal="telefoon"), beleid=beleid) == GEKEND
    assert outcome(contact(betrokkenen=[person], kanaal="chat"), beleid=beleid) == NOT_GEKEND


def test_by_default_the_kanaal_does_not_matter() -> None:
    assert {outcome(contact(betrokkenen=[known()], kanaal=kanaal)) for kanaal in ("balie", "chat", "*")} == {GEKEND}


# By representation


def pair(representative: Wire, represented: Wire) -> Wire:
    """A contact that concerns only the represented betrokkene."""
    only = onderwerp(betrokkenen=[represented["ref"]])
    return contact(betrokkenen=[representative, represented], onderwerpen=[only])


def representing(*refs: str, rol: str = "vertegenwoordiger", middel: str | None = "digid") -> Wire:
    return betrokkene("v", rol, middel=middel, identificatoren=[bsn(BOB)], vertegenwoordigt=refs)


REPRESENTED = betrokkene("k", identificatoren=[bsn(ALICE)])


def test_a_betrokkene_with_an_authenticated_representative_is_gekend() -> None:
    assert outcome(pair(representing("k"), REPRESENTED)) == GEKEND


def test_the_rol_of_the_representative_does_not_matter_unless_it_is_overig() -> None:
    assert outcome(pair(representing("k", rol="klant"), REPRESENTED)) == GEKEND
    assert outcome(pair(representing("k", rol="overig"), REPRESENTED)) == NOT_GEKEND


def test_a_representative_makes_nobody_gekend_whom_he_does_not_represent() -> None:
    assert outcome(pair(representing(), REPRESENTED)) == NOT_GEKEND


def test_a_representative_whose_means_does_not_suffice_makes_nobody_gekend() -> None:
    assert outcome(pair(representing("k", middel="controlevragen"), REPRESENTED)) == NOT_GEKEND
    assert outcome(pair(representing("k", middel=None), REPRESENTED)) == NOT_GEKEND


def test_representation_makes_only_a_betrokkene_with_an_identificator_gekend() -> None:
    assert outcome(pair(representing("k"), betrokkene("k"))) == NOT_GEKEND
    employee = betrokkene(
        "k",
        soort="contactpersoon",
        middel="controlevragen",
        pseudoniem="p-1",
        werkte_voor={"partijIdentificatoren": [kvk("99990001")]},
    )
    assert outcome(pair(representing("k"), employee)) == NOT_GEKEND


def test_representation_does_not_make_a_betrokkene_with_rol_overig_gekend() -> None:
    assert outcome(pair(representing("k"), {**REPRESENTED, "rol": "overig"})) == NOT_GEKEND


def test_representation_also_helps_a_betrokkene_whose_own_means_does_not_suffice() -> None:
    insufficient = betrokkene("k", middel="controlevragen", identificatoren=[bsn(ALICE)])
    assert outcome(pair(representing("k"), insufficient)) == GEKEND


def test_representation_makes_gekend_one_step_only() -> None:
    middle = betrokkene("k", identificatoren=[bsn(ALICE)], vertegenwoordigt=["c"])
    data = contact(
        betrokkenen=[representing("k"), middle, betrokkene("c", identificatoren=[bsn(CAROL)])],
        onderwerpen=[onderwerp(betrokkenen=["c"])],
    )
    assert outcome(data) == NOT_GEKEND


def test_one_representative_makes_everyone_he_represents_gekend() -> None:
    data = contact(
        betrokkenen=[representing("c", "k"), REPRESENTED, betrokkene("c", identificatoren=[bsn(CAROL)])],
        onderwerpen=[onderwerp("a", betrokkenen=["c"]), onderwerp("b", betrokkenen=["k"])],
    )
    besluit = Desk().bring(data).besluit
    assert [each.regel.value for each in besluit.onderwerpen] == ["V3", "V3"]


def test_a_representative_outside_every_onderwerp_still_makes_gekend_but_gets_no_partij() -> None:
    brought = Desk().bring(pair(representing("k"), REPRESENTED))
    assert [each.positie for each in brought.besluit.partijen] == [1]


def test_the_record_names_the_means_by_which_a_betrokkene_is_gekend() -> None:
    own = betrokkene("own", middel="dossier", identificatoren=[bsn(CAROL)])
    data = contact(betrokkenen=[own, representing("k", "own", middel="eidas"), REPRESENTED])
    besluit = Desk().bring(data).besluit
    assert [(each.positie, each.middel) for each in besluit.partijen] == [(0, "dossier"), (1, "eidas"), (2, "eidas")]


# Without an identificator


def test_an_authenticated_betrokkene_without_identificator_gets_a_new_partij_each_time() -> None:
    desk = Desk()
    toestemming = "gegeven"
    partijen = [
        desk.bring(contact(name, betrokkenen=[betrokkene(middel="digid", toestemming=toestemming)])).partij
        for name in ("c-1", "c-2")
    ]
    assert [each["resultaat"] for each in partijen] == ["nieuw", "nieuw"]
    assert {each["identificatie"] for each in partijen} == {"zonder_externe_identificator"}
    assert len({each["partijId"] for each in partijen}) == 2
    assert len({each["nummer"] for each in partijen}) == 2


def test_two_betrokkenen_without_identificator_in_one_contact_get_a_partij_each() -> None:
    people = [betrokkene("a", middel="digid"), betrokkene("b", middel="digid")]
    [registered] = Desk().bring(contact(betrokkenen=people)).registered
    assert len({each["partijId"] for each in registered["partijen"]}) == 2
    assert len({each["nummer"] for each in registered["partijen"]}) == 2


NIET_GEKEND = Beleid(versie="ours", zonder_externe_identificator=ZonderIdentificator.NIET_GEKEND)


@pytest.mark.parametrize(
    ("beleid", "expected"),
    [(DEFAULT, "V3 klantcontact, taak, partij leeg"), (NIET_GEKEND, "V2 klantcontact, taak")],
    ids=["by default", "when so configured"],
)
def test_a_policy_sets_whether_betrokkenen_without_identificator_are_gekend(beleid: Beleid, expected: str) -> None:
    data = contact(betrokkenen=[authenticated_by("digid", None)], onderwerpen=[onderwerp(opvolging=CALL_BACK)])
    assert outcome(data, beleid=beleid) == expected


def test_the_policy_on_missing_identificatoren_does_not_affect_a_betrokkene_with_one() -> None:
    assert outcome(contact(betrokkenen=[known()]), beleid=NIET_GEKEND) == GEKEND


def test_a_representative_without_identificator_still_makes_the_represented_gekend() -> None:
    representative = betrokkene("v", "vertegenwoordiger", middel="digid", vertegenwoordigt=["k"])
    assert outcome(pair(representative, REPRESENTED), beleid=NIET_GEKEND) == GEKEND
