"""Nobody speaks for another: `schemas/decision.md`, "Sources"."""

import pytest

from schemas.faults import FaultKind, RefusalKind
from services.domain.bronnen import not_allowed
from services.domain.herbeoordeling import Feiten
from services.domain.outcome import Decided, Refused, Rejudged, Repeated, Unchanged
from services.domain.policy import DEFAULT, Beleid, Bron
from tests.support.examples import OTHER_SOURCE, SOURCE, Wire, betrokkene, bsn, contact, known, nth_bsn, received
from tests.unit.domain.desk import Desk
from tests.unit.domain.policies import STRICT

ANYTHING = Bron()
TELEFONIE = Bron(
    topics=frozenset({"contact.telefonie", "contact.ended"}),
    kanalen=frozenset({"telefoon", "terugbelverzoek"}),
    middelen=frozenset({"telefonische_authenticatie"}),
)
MIDDEL = "data.betrokkenen.{}.authenticatie.middel"


def _beleid(bron: Bron, source: str = SOURCE, beleid: Beleid = DEFAULT) -> Beleid:
    return beleid.model_copy(update={"bronnen": {source: bron}})


def _places(data: Wire, bron: Bron, topic: str | None = "contact.ended") -> list[str]:
    faults = not_allowed(received(data), topic, _beleid(bron))
    assert {fault.soort for fault in faults} <= {FaultKind.BRON_NIET_TOEGESTAAN}
    return [fault.pad for fault in faults]


def _claiming(*middelen: str) -> Wire:
    people = [
        betrokkene(f"b{at}", middel=middel, identificatoren=[bsn(nth_bsn(at))]) for at, middel in enumerate(middelen)
    ]
    return contact(betrokkenen=people)


def test_a_policy_without_sources_allows_all() -> None:
    assert not_allowed(received(_claiming("digid"), source="urn:made-up"), "anywhere", DEFAULT) == ()


def test_a_source_that_the_policy_does_not_name_is_not_allowed_and_nothing_else_is_judged() -> None:
    beleid = _beleid(TELEFONIE, OTHER_SOURCE)
    [fault] = not_allowed(received(_claiming("digid")), "elsewhere", beleid)
    assert (fault.pad, fault.soort) == ("source", "bron_niet_toegestaan")


@pytest.mark.parametrize("source", [SOURCE.upper(), f"{SOURCE}:", SOURCE[:-1]])
def test_a_source_counts_exactly_as_it_is_written(source: str) -> None:
    assert [fault.pad for fault in not_allowed(received(contact(), source=source), None, _beleid(ANYTHING))] == [
        "source"
    ]


def test_what_is_left_out_is_not_bounded() -> None:
    assert _places(_claiming("digid", "anything"), ANYTHING, "elsewhere") == []


@pytest.mark.parametrize(
    ("topic", "places"), [("contact.telefonie", []), ("contact.ended", []), ("contact.mail", [""]), (None, [])]
)
def test_the_topic_is_that_of_the_record(topic: str | None, places: list[str]) -> None:
    assert _places(contact(), Bron(topics=TELEFONIE.topics), topic) == places


@pytest.mark.parametrize(
    ("kanaal", "places"), [("telefoon", []), ("Telefoon", ["data.kanaal"]), ("mail", ["data.kanaal"])]
)
def test_the_kanaal_is_one_of_those_that_are_listed(kanaal: str, places: list[str]) -> None:
    assert _places(contact(kanaal=kanaal), Bron(kanalen=TELEFONIE.kanalen)) == places


def test_each_middel_that_is_claimed_and_not_listed_is_a_fault_of_its_own() -> None:
    claiming = _claiming("digid", "telefonische_authenticatie", "dossier")
    assert _places(claiming, Bron(middelen=TELEFONIE.middelen)) == [MIDDEL.format(0), MIDDEL.format(2)]


def test_a_middel_counts_whatever_the_rol_and_whether_it_suffices_or_not() -> None:
    data = contact(betrokkenen=[betrokkene("x", "overig", middel="made-up")])
    assert _places(data, Bron(middelen=TELEFONIE.middelen)) == [MIDDEL.format(0)]


@pytest.mark.parametrize("middelen", [frozenset[str](), TELEFONIE.middelen])
def test_who_claims_nothing_is_within_any_list(middelen: frozenset[str]) -> None:
    assert _places(contact(), Bron(middelen=middelen)) == []


def test_an_empty_list_of_middelen_lets_a_source_claim_none() -> None:
    assert _places(_claiming("digid"), Bron(middelen=frozenset())) == [MIDDEL.format(0)]


def test_everything_that_is_not_allowed_is_told_at_once() -> None:
    data = {**_claiming("digid"), "kanaal": "balie"}
    assert _places(data, TELEFONIE, "contact.mail") == ["", "data.kanaal", MIDDEL.format(0)]


# In the register


def test_what_is_not_allowed_is_refused_and_leaves_nothing() -> None:
    desk = Desk(_beleid(ANYTHING, OTHER_SOURCE))
    refused = desk.bring(contact(betrokkenen=[known(toestemming="gegeven")]))
    assert isinstance(refused.outcome, Refused)
    assert refused.outcome.refusal.kind is RefusalKind.BRON_NIET_TOEGESTAAN
    assert refused.faults == [("source", "bron_niet_toegestaan")]
    assert refused.outcome.refusal.contact_id == "c-1"
    assert (desk.register.besluiten, desk.register.partijen) == ({}, {})
    own = desk.bring(contact(betrokkenen=[known(toestemming="gegeven")]), source=OTHER_SOURCE)
    assert [each.partij for each in own.besluit.onderwerpen] == ["nieuw"]


def test_a_forged_revisie_on_the_topic_of_another_takes_nothing_back_and_the_true_one_is_not_overtaken() -> None:
    desk = Desk(_beleid(Bron(topics=frozenset({"contact.telefonie"}))), topic="contact.telefonie")
    data = contact(betrokkenen=[known()])
    assert isinstance(desk.bring(data).outcome, Decided)
    desk.topic = "contact.mail"
    forged = desk.bring(contact(revisie=2**53 - 1, betrokkenen=[]))
    assert forged.faults == [("", "bron_niet_toegestaan")]
    for revisie in (1, 2):
        assert desk.bring({**data, "kanaal": "x", "revisie": revisie}).faults == [("", "bron_niet_toegestaan")]
    desk.topic = "contact.telefonie"
    assert isinstance(desk.bring({**data, "revisie": 2}).outcome, Decided)


def test_what_was_accepted_before_the_policy_named_sources_stays_so_and_a_correction_of_it_is_refused() -> None:
    desk = Desk()
    data = contact(betrokkenen=[known()])
    first = desk.bring(data)
    desk.change_policy(_beleid(ANYTHING, OTHER_SOURCE))
    again = desk.bring(data)
    assert isinstance(again.outcome, Repeated)
    assert again.sent == first.sent
    assert desk.bring({**data, "kanaal": "balie"}).faults == [("source", "bron_niet_toegestaan")]
    assert desk.bring({**data, "revisie": 2}).faults == [("source", "bron_niet_toegestaan")]


@pytest.mark.parametrize("feiten", Feiten)
def test_a_new_judgement_of_what_was_accepted_is_made_under_a_policy_that_does_not_allow_its_source(
    feiten: Feiten,
) -> None:
    desk = Desk()
    data = contact(betrokkenen=[known()])
    desk.bring(data)
    desk.change_policy(_beleid(ANYTHING, OTHER_SOURCE))
    assert isinstance(desk.again(data, feiten=feiten).outcome, Unchanged)
    desk.change_policy(_beleid(ANYTHING, OTHER_SOURCE, STRICT))
    judged = desk.again(data, feiten=feiten)
    assert isinstance(judged.outcome, Rejudged)
    assert judged.outcome.rules == ["V1"]


def test_a_request_for_a_new_judgement_opens_no_door_to_what_was_never_accepted() -> None:
    desk = Desk(_beleid(ANYTHING, OTHER_SOURCE))
    assert desk.again(contact()).faults == [("source", "bron_niet_toegestaan")]
