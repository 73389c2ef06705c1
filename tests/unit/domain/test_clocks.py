"""A withdrawal and a consent within five minutes of each other: `schemas/decision.md`, "Effective consent"."""

import pytest

from schemas.contact_ended_v1 import Toestemming
from services.domain.policy import Beleid
from services.domain.toelichting import Kanttekening
from tests.support.examples import Wire, contact, known, onderwerp, stranger
from tests.unit.domain.desk import Desk

POLICY = Beleid(versie="another")


def said(name: str, toestemming: str, at: str, *, revisie: int | None = None) -> Wire:
    """Return a contact of always the same klant on one day, with a statement of consent."""
    return contact(
        name,
        revisie=revisie,
        op=f"2026-03-10T{at}Z",
        betrokkenen=[known(toestemming=toestemming)],
        onderwerpen=[onderwerp()],
    )


def last_rule(*history: Wire) -> str:
    """Return the rule of a later contact of the klant, which says nothing of consent: V4 with consent, V3 without."""
    desk = Desk()
    for each in history:
        desk.bring(each)
    later = desk.bring(contact("later", op="2026-03-20T09:00:00Z", betrokkenen=[known()], onderwerpen=[onderwerp()]))
    return later.besluit.onderwerpen[0].regel.value


@pytest.mark.parametrize(
    ("history", "rule"),
    [
        pytest.param([("a", "gegeven", "10:05:00"), ("b", "ingetrokken", "10:00:00")], "V3", id="five minutes ahead"),
        pytest.param([("a", "gegeven", "10:05:00.000001"), ("b", "ingetrokken", "10:00:00")], "V4", id="further ahead"),
        pytest.param([("b", "ingetrokken", "10:00:00"), ("a", "gegeven", "10:03:00")], "V4", id="given afterwards"),
        pytest.param(
            [("a", "gegeven", "10:03:00"), ("b", "ingetrokken", "10:00:00"), ("c", "gegeven", "10:04:00")],
            "V4",
            id="given once more",
        ),
        pytest.param(
            [("b", "ingetrokken", "10:00:00"), ("a", "gegeven", "10:03:00"), ("c", "ingetrokken", "09:59:00")],
            "V3",
            id="an older withdrawal that comes last",
        ),
    ],
)
def test_a_withdrawal_holds_against_a_clock_that_runs_ahead(history: list[tuple[str, str, str]], rule: str) -> None:
    assert last_rule(*(said(*each) for each in history)) == rule


def test_a_correction_of_the_consent_does_not_bring_it_back() -> None:
    given, again = said("a", "gegeven", "10:03:00"), said("a", "gegeven", "10:03:00", revisie=2)
    assert last_rule(given, said("b", "ingetrokken", "10:00:00"), again) == "V3"


def test_a_withdrawal_that_is_corrected_away_holds_no_more() -> None:
    gone = said("b", "niet_gevraagd", "10:00:00", revisie=2)
    assert last_rule(said("a", "gegeven", "10:03:00"), said("b", "ingetrokken", "10:00:00"), gone) == "V4"


def test_a_new_judgement_does_not_bring_the_consent_back() -> None:
    desk = Desk()
    given = said("a", "gegeven", "10:03:00")
    desk.bring(given)
    desk.bring(said("b", "ingetrokken", "10:00:00"))
    desk.change_policy(POLICY)
    assert all(not each.has_consent for each in desk.register.partijen.values())
    desk.again(given)
    assert all(not each.has_consent for each in desk.register.partijen.values())


# A withdrawal that can have no effect


@pytest.mark.parametrize(
    ("data", "rule"),
    [
        pytest.param({"betrokkenen": [{**stranger(), "toestemmingHergebruik": "ingetrokken"}]}, "V1", id="not gekend"),
        pytest.param(
            {"betrokkenen": [known(toestemming="ingetrokken")], "totStandGekomen": False}, "G2", id="no contact arose"
        ),
    ],
)
def test_a_withdrawal_without_effect_is_noted_and_kept(data: Wire, rule: str) -> None:
    besluit = Desk().bring({**contact("a", onderwerpen=[onderwerp()]), **data}).besluit
    assert besluit.onderwerpen[0].regel == rule
    assert besluit.kanttekeningen == (Kanttekening.INTREKKING_ZONDER_GEVOLG,)
    assert besluit.shortened().kanttekeningen == (Kanttekening.INTREKKING_ZONDER_GEVOLG,)


@pytest.mark.parametrize("toestemming", [each.value for each in Toestemming if each is not Toestemming.INGETROKKEN])
def test_no_other_answer_is_noted(toestemming: str) -> None:
    besluit = Desk().bring(contact("a", betrokkenen=[{**stranger(), "toestemmingHergebruik": toestemming}])).besluit
    assert besluit.kanttekeningen == ()


def test_a_withdrawal_with_effect_is_not_noted() -> None:
    assert Desk().bring(said("a", "ingetrokken", "10:00:00")).besluit.kanttekeningen == ()
