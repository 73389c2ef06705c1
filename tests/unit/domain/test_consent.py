"""Effective consent over a history of one klant: `schemas/decision.md`, "Effective consent", "Outcome for a partij"."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from schemas.contact_ended_v1 import Toestemming
from services.domain.consent import Moment, Statement, Statements, newest
from tests.support.examples import CALL_BACK, EMAIL, MOBILE, SOURCE, Wire, contact, email, known, onderwerp, phone
from tests.unit.domain.desk import Desk, outcome

NIEUW = "V4 klantcontact, partij nieuw"
AANGEVULD = "V4 klantcontact, partij aangevuld"
BESTAAND = "V4 klantcontact, partij bestaand"
LEEG = "V3 klantcontact, partij leeg"


def said(step: str) -> Wire:
    """Make a contact of always the same klant, as in "a.2 gegeven 10 details taak".

    That is: contact and revisie, what was said about consent ("-": nothing), on which day of March, and what more there
    was: an address as default for later contacts, an interne taak.
    """
    name, toestemming, day, *more = step.split()
    contact_id, _, revisie = name.partition(".")
    return contact(
        contact_id,
        revisie=int(revisie) if revisie else None,
        op=f"2026-03-{int(day):02}T09:50:00Z",
        betrokkenen=[
            known(
                toestemming=None if toestemming == "-" else toestemming, adressen=[email()] if "details" in more else []
            )
        ],
        onderwerpen=[onderwerp(opvolging=CALL_BACK if "taak" in more else None)],
    )


def after(*history: str) -> str:
    """Return the outcome for the partij of the last contact of a history."""
    return outcome(*map(said, history))


def row(reason: str, expected: str, *history: str) -> object:
    return pytest.param(expected, history, id=reason)


@pytest.mark.parametrize(
    ("expected", "history"),
    [
        row("given: a new partij", NIEUW, "a gegeven 10"),
        row("given without any details: a new partij too", NIEUW, "a gegeven 10"),
        row("not asked", LEEG, "a - 10"),
        row("consent lasts: not asked again", BESTAAND, "a gegeven 10", "b - 20"),
        row("said explicitly", BESTAAND, "a gegeven 10", "b niet_gevraagd 20"),
        row("given again, nothing new", BESTAAND, "a gegeven 10", "b gegeven 20"),
        row("new default details under consent that lasts", AANGEVULD, "a gegeven 10", "b - 20 details"),
        row("an address offered again counts as new", AANGEVULD, "a gegeven 10 details", "b gegeven 20 details"),
        row("a refusal is no statement", BESTAAND, "a gegeven 10", "b geweigerd 20", "c - 21"),
        row("refused now with earlier consent", BESTAAND, "a gegeven 10", "b geweigerd 20 details"),
        row("refused now, nothing given before", LEEG, "a - 10", "b geweigerd 20"),
        row("not asked is no consent, however often", LEEG, "a - 10", "b - 20 details"),
        row("an empty partij gets consent, without details", AANGEVULD, "a - 10", "b gegeven 20"),
        row("and with", AANGEVULD, "a - 10", "b gegeven 20 details"),
        row("withdrawn", LEEG, "a gegeven 10 details", "b ingetrokken 20"),
        row("stays withdrawn", LEEG, "a gegeven 10", "b ingetrokken 20", "c - 21"),
        row("even when a refusal follows", LEEG, "a gegeven 10", "b ingetrokken 20", "c geweigerd 21"),
        row("given again: the partij was emptied", AANGEVULD, "a gegeven 10", "b ingetrokken 20", "c gegeven 21"),
        row("then it is filled again", BESTAAND, "a gegeven 10", "b ingetrokken 20", "c gegeven 21", "d - 22"),
        row("withdrawn for a partij not known", LEEG, "a ingetrokken 10"),
        row("is remembered against an older consent", LEEG, "a ingetrokken 20", "b gegeven 10"),
        row("and not against a newer one", AANGEVULD, "a ingetrokken 20", "b gegeven 21"),
        row("a late consent can't undo a newer withdrawal", LEEG, "a gegeven 10", "b ingetrokken 20", "c gegeven 15"),
        row("a late withdrawal ends nothing", BESTAAND, "a gegeven 10", "b ingetrokken 5", "c - 20"),
        row("and counts as refused in its own contact", BESTAAND, "a gegeven 10", "b ingetrokken 5 details"),
        row(
            "but it counts when the newer consent is taken back",
            LEEG,
            "a gegeven 10",
            "b gegeven 30",
            "c ingetrokken 20",
            "b.2 - 30",
        ),
        row(
            "a late consent does not make the newest older", BESTAAND, "a gegeven 10", "b gegeven 5", "c ingetrokken 7"
        ),
        row("nor a late withdrawal the newest of those", LEEG, "a ingetrokken 10", "b ingetrokken 5", "c gegeven 7"),
        row("an older withdrawal again", LEEG, "a gegeven 6", "b ingetrokken 10", "c ingetrokken 5"),
        row("at one moment the withdrawal is the newer", LEEG, "a gegeven 10", "b ingetrokken 10"),
        row("whichever came first", LEEG, "a ingetrokken 10", "b gegeven 10"),
        row("consent of the future counts now", AANGEVULD, "a - 10", "b gegeven 30", "c - 5", "d - 6 details"),
    ],
)
def test_each_history_has_its_outcome(expected: str, history: tuple[str, ...]) -> None:
    assert after(*history) == expected


def test_equal_moments_are_compared_as_instants() -> None:
    given = contact("c-1", op="2026-03-10T11:00:00+01:00", betrokkenen=[known(toestemming="gegeven")])
    withdrawn = contact("c-2", op="2026-03-10T10:00:00Z", betrokkenen=[known(toestemming="ingetrokken")])
    assert outcome(given, withdrawn) == LEEG


def test_a_microsecond_makes_one_statement_the_newer() -> None:
    withdrawn = contact("c-1", op="2026-03-10T10:00:00Z", betrokkenen=[known(toestemming="ingetrokken")])
    given = contact("c-2", op="2026-03-10T10:00:00.000001Z", betrokkenen=[known(toestemming="gegeven")])
    assert outcome(withdrawn, given) == AANGEVULD


def test_the_later_of_two_moments_is_kept_and_the_first_of_equal_ones() -> None:
    early, late = (Moment(datetime(2026, 3, day, tzinfo=UTC), SOURCE, "a") for day in (1, 2))
    same = Moment(early.op, SOURCE, "b")
    assert newest(early, late) is newest(late, early) is late
    assert newest(early, same) is early
    assert newest(None, early) is newest(early, None) is early
    assert newest(None, None) is None


# The statement that counts


@pytest.mark.parametrize(
    ("expected", "consent", "history"),
    [
        (None, False, ("a - 10",)),
        (None, False, ("a geweigerd 10",)),
        ("gegeven in a", True, ("a gegeven 10",)),
        ("ingetrokken in a", False, ("a ingetrokken 10",)),
        ("gegeven in a", True, ("a gegeven 10", "b - 20")),
        ("gegeven in a", True, ("a gegeven 10", "b geweigerd 20")),
        ("gegeven in b", True, ("a gegeven 10", "b gegeven 20")),
        ("ingetrokken in b", False, ("a gegeven 10", "b ingetrokken 20")),
        ("gegeven in a", True, ("a gegeven 10", "b ingetrokken 5")),
        ("ingetrokken in b", False, ("a gegeven 10", "b ingetrokken 10")),
        ("ingetrokken in a", False, ("a ingetrokken 10", "b gegeven 10")),
        ("ingetrokken in b", False, ("a gegeven 10", "b ingetrokken 20", "c - 30")),
        ("ingetrokken in a", False, ("a ingetrokken 10", "b - 20")),
        ("gegeven in b", True, ("a ingetrokken 10", "b gegeven 20")),
        ("ingetrokken in a", False, ("a ingetrokken 10", "b ingetrokken 5")),
        ("gegeven in a", True, ("a gegeven 10", "b gegeven 5")),
    ],
)
def test_a_decision_names_the_statement_of_consent_that_counted(
    expected: str | None,
    consent: bool,  # noqa: FBT001 - a column of the table
    history: tuple[str, ...],
) -> None:
    desk = Desk()
    besluit = [desk.bring(said(step)).besluit for step in history][-1]
    [partij] = besluit.partijen

    counted = partij.statement_that_counted(besluit.moment)
    assert (counted and f"{counted.toestemming} in {counted.contact.contact_id}", partij.consent) == (expected, consent)


def test_an_answer_without_a_statement_leaves_earlier_statements_unchanged() -> None:
    now = Moment(datetime(2026, 3, 1, tzinfo=UTC), SOURCE, "a")
    known_before = Statements(now, None)
    for answer in (None, Toestemming.GEWEIGERD, Toestemming.NIET_GEVRAAGD):
        assert known_before.including(answer, Moment(datetime(2026, 4, 1, tzinfo=UTC), SOURCE, "b")) is known_before


def test_without_a_statement_none_counts_and_consent_is_not_in_force() -> None:
    assert Statements().counting is None
    assert not Statements().give_consent
    withdrawn = Moment(datetime(2026, 3, 1, tzinfo=UTC), SOURCE, "a")
    assert Statements(None, withdrawn).counting == Statement(Toestemming.INGETROKKEN, withdrawn)


# Which details are too old


@pytest.mark.parametrize(
    ("expected", "history"),
    [
        row("older than the contact that last filled it", BESTAAND, "a gegeven 10 details", "b - 9 details"),
        row("equal is not older", AANGEVULD, "a gegeven 10 details", "b - 10 details"),
        row("newer", AANGEVULD, "a gegeven 10 details", "b - 11 details"),
        row("the last that filled it counts", BESTAAND, "a gegeven 10 details", "b - 20 details", "c - 15 details"),
        row(
            "a contact without default details did not fill it",
            AANGEVULD,
            "a gegeven 10 details",
            "b gegeven 20",
            "c - 15 details",
        ),
        row("a name alone did not either", AANGEVULD, "a gegeven 10", "b - 5 details"),
        row(
            "nor did one whose details were refused",
            AANGEVULD,
            "a gegeven 10 details",
            "b geweigerd 20 details",
            "c - 15 details",
        ),
        row(
            "what was emptied since is not filled",
            AANGEVULD,
            "a gegeven 10 details",
            "b ingetrokken 11",
            "c gegeven 30",
            "d - 2 details",
        ),
        row(
            "also an address that is older than the emptying goes to an empty partij",
            AANGEVULD,
            "a gegeven 10 details",
            "b ingetrokken 11",
            "c gegeven 30",
            "d - 9 details",
        ),
    ],
)
def test_default_details_older_than_those_of_the_partij_do_not_go_to_the_partij(
    expected: str, history: tuple[str, ...]
) -> None:
    assert after(*history) == expected


def test_details_that_are_too_old_serve_the_taak() -> None:
    assert (
        after("a gegeven 10 details", "b - 5 details taak") == "V4 klantcontact, taak, partij bestaand, contactgegevens"
    )


# Revisies


@pytest.mark.parametrize(
    ("expected", "history"),
    [
        row("what an earlier revisie stated is gone", LEEG, "a gegeven 10", "a.2 - 10"),
        row("for later contacts too", LEEG, "a gegeven 10", "a.2 - 10", "b - 20"),
        row("a partij that only the contact itself knows stays nieuw", NIEUW, "a gegeven 10", "a.2 gegeven 10"),
        row("known by another it is aangevuld", AANGEVULD, "a gegeven 10", "b - 20", "a.2 gegeven 10"),
        row("filled by another it is bestaand", BESTAAND, "a gegeven 10", "b gegeven 20 details", "a.2 gegeven 10"),
        row(
            "the later revisie that filled it does not make itself too old",
            AANGEVULD,
            "a gegeven 10",
            "b gegeven 20 details",
            "b.2 gegeven 15 details",
        ),
        row("a withdrawal taken back never was", BESTAAND, "a gegeven 10", "b ingetrokken 20", "b.2 geweigerd 20"),
        row(
            "but what it emptied stays empty",
            AANGEVULD,
            "a gegeven 10 details",
            "b ingetrokken 20",
            "b.2 geweigerd 20",
            "c - 21",
        ),
        row(
            "and the emptied details are not there to be older than",
            AANGEVULD,
            "a gegeven 10 details",
            "b ingetrokken 20",
            "b.2 geweigerd 20",
            "c - 5 details",
        ),
        row("a revision moves a statement in time", LEEG, "a gegeven 10", "b ingetrokken 5", "a.2 gegeven 4"),
        row(
            "details of the others stand for what they are",
            BESTAAND,
            "a gegeven 10 details",
            "b - 20 details",
            "a.2 gegeven 15 details",
        ),
        row(
            "the filling of a replaced revisie is gone",
            AANGEVULD,
            "a gegeven 5 details",
            "b - 20 details",
            "b.2 - 20",
            "c - 10 details",
        ),
    ],
)
def test_a_revisie_replaces_earlier_statements_of_its_contact(expected: str, history: tuple[str, ...]) -> None:
    assert after(*history) == expected


# Within a contact


def test_all_onderwerpen_show_the_same_outcome_for_the_same_betrokkene() -> None:
    data = contact(betrokkenen=[known(toestemming="gegeven")], onderwerpen=[onderwerp("a"), onderwerp("b")])
    brought = Desk().bring(data)
    assert [each["partijen"][0]["resultaat"] for each in brought.registered] == ["nieuw", "nieuw"]
    assert len({each["partijen"][0]["partijId"] for each in brought.registered}) == 1


def test_a_betrokkene_whom_no_onderwerp_concerns_leaves_no_statement() -> None:
    bystander = contact("a", betrokkenen=[known(toestemming="gegeven")], onderwerpen=[onderwerp(betrokkenen=[])])
    assert outcome(bystander, said("b - 10")) == LEEG


def test_under_g2_nothing_counts() -> None:
    unanswered = {**said("a gegeven 10"), "totStandGekomen": False}
    assert outcome(unanswered, said("b - 10")) == LEEG
    unanswered = {**said("b ingetrokken 20"), "totStandGekomen": False}
    assert outcome(said("a gegeven 10"), unanswered, said("c - 21")) == BESTAAND


def test_a_betrokkene_who_is_not_gekend_states_nothing() -> None:
    stranger = known(toestemming="gegeven")
    del stranger["authenticatie"]
    assert outcome(contact("a", betrokkenen=[stranger]), said("b - 10")) == LEEG


def test_the_event_says_whether_consent_is_in_force() -> None:
    desk = Desk()
    steps = ["a gegeven 10", "b geweigerd 20", "c ingetrokken 30"]
    assert [desk.bring(said(step)).partij["toestemming"] for step in steps] == ["gegeven", "gegeven", "geen"]


def test_data_of_a_partij_never_counts_as_consent() -> None:
    # The consent under which both filled it was a mistake of the publisher.
    filled_by_two = ("a gegeven 10 details", "b - 20 details", "a.2 - 10")
    assert after(*filled_by_two) == LEEG
    assert after(*filled_by_two, "c - 21") == LEEG


def test_each_address_that_goes_to_the_partij_makes_details_new() -> None:
    for field in ("bezoekadres", "correspondentieadres"):
        for gebruik, expected in (("standaard", AANGEVULD), ("opvolging", BESTAAND)):
            person = known()
            person[field] = {"straatnaam": "Dorpsstraat", "gebruik": gebruik}
            assert outcome(said("a gegeven 10"), contact("b", betrokkenen=[person])) == expected
    for adres, expected in (
        (phone(MOBILE, "opvolging"), BESTAAND),
        (email(EMAIL, None), BESTAAND),
        (email(), AANGEVULD),
    ):
        assert outcome(said("a gegeven 10"), contact("b", betrokkenen=[known(adressen=[adres])])) == expected


def test_two_moments_are_of_one_contact_when_source_and_contact_id_are_the_same() -> None:
    moment = Moment(datetime(2026, 3, 2, 9, tzinfo=UTC), "urn:x:a", "c-1")

    assert moment.is_of(replace(moment, op=datetime(2026, 3, 3, 9, tzinfo=UTC)))
    assert not moment.is_of(replace(moment, source="urn:x:b"))
    assert not moment.is_of(replace(moment, contact_id="c-2"))
