"""A new judgement of the revisie in force: under another policy, or by today's facts of the register."""

import random
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.outputs import PartijResultaat, Regel
from schemas.positions import Position
from services.domain import record_size
from services.domain.herbeoordeling import Feiten, same_outcome
from services.domain.ids import contact_key, identifier
from services.domain.outcome import Decided, Overtaken, Refused, Rejudged, Repeated, Unchanged
from services.domain.policy import DEFAULT, Beleid
from services.domain.register import Register
from services.domain.toelichting import Kanttekening
from tests.support.examples import (
    ALICE,
    BOB,
    CALL_BACK,
    SOURCE,
    Wire,
    betrokkene,
    bsn,
    contact,
    email,
    known,
    kvk,
    nth_rsin,
    onderwerp,
    rsin,
    stranger,
)
from tests.support.thoroughness import EXAMPLES, MORE_EXAMPLES
from tests.unit.domain.desk import NOW, Brought, Desk
from tests.unit.domain.policies import LOOSE, OWN_WORDS, POLICIES, STRICT
from tests.unit.domain.strategies import History, histories

TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
R1, K1 = rsin(nth_rsin(0)), kvk("99990001")

ONLY_DIGID = Beleid(versie="alleen digid", voldoende_middelen={"digid": "*"})

KLANT = known(toestemming="gegeven", adressen=[email()])


def outcomes(brought: Brought) -> list[tuple[str, bool, bool, PartijResultaat | None]]:
    return [
        (each.regel.value, each.klantcontact, each.interne_taak, each.partij) for each in brought.besluit.onderwerpen
    ]


def kinds(brought: Brought) -> list[str]:
    return [each.kind for each in brought.sent]


def test_under_the_same_policy_nothing_changes_and_nothing_goes_out() -> None:
    desk = Desk()
    data = contact(betrokkenen=[KLANT])
    first = desk.bring(data)
    before = dict(desk.register.partijen)
    again = desk.again(data)
    assert isinstance(again.outcome, Unchanged)
    assert again.sent == ()
    assert again.besluit is first.besluit
    assert again.outcome.received.event_id == "evt-copy"
    assert desk.register.partijen == before


def test_a_new_name_of_the_policy_alone_is_no_difference() -> None:
    desk = Desk()
    data = contact(betrokkenen=[KLANT])
    desk.bring(data)
    desk.change_policy(DEFAULT.model_copy(update={"versie": "hernoemd"}))
    assert isinstance(desk.again(data).outcome, Unchanged)


def test_outputs_that_a_new_policy_no_longer_allows_are_taken_back() -> None:
    desk = Desk()
    data = contact(betrokkenen=[KLANT])
    first = desk.bring(data)
    desk.change_policy(STRICT)
    again = desk.again(data)
    assert outcomes(first) == [("V4", True, False, PartijResultaat.NIEUW)]
    assert outcomes(again) == [("V1", False, False, None)]
    assert kinds(again) == ["klantcontact.withdrawn", "partij.withdrawn"]
    assert again.besluit.besloten_op == NOW + timedelta(minutes=1)
    gone, partij = again.sent
    assert gone.data["klantcontactId"] == first.registered[0]["klantcontact"]["klantcontactId"]
    assert gone.data["besluit"] == {
        "regel": "V1",
        "beleidsversie": "zonder digid",
        "besluitversie": 2,
        "toelichting": "Niemand is geauthenticeerd en er is geen opvolging nodig: niets wordt bewaard.",
    }
    assert partij.data["partijId"] == first.partij["partijId"]
    assert partij.data["resultaat"] == "vervallen"


def test_a_contact_under_the_old_policy_again_has_its_old_ids_and_numbers() -> None:
    desk = Desk()
    data = contact(betrokkenen=[KLANT])
    first = desk.bring(data)
    desk.change_policy(STRICT)
    desk.again(data)
    desk.change_policy(DEFAULT)
    back = desk.again(data, besluitversie=2)
    assert outcomes(back) == outcomes(first)
    assert back.besluit.besluitversie == 3
    assert back.registered[0]["klantcontact"] == first.registered[0]["klantcontact"]
    assert (back.partij["partijId"], back.partij["nummer"]) == (first.partij["partijId"], first.partij["nummer"])
    assert back.sent[-1].body["id"] != first.sent[0].body["id"]


def test_a_betrokkene_who_becomes_gekend_is_judged_by_todays_register() -> None:
    desk = Desk()
    asked = contact("a", betrokkenen=[betrokkene(middel="controlevragen", identificatoren=[bsn()])])
    desk.bring(asked)
    desk.bring(contact("b", betrokkenen=[KLANT]))
    desk.change_policy(LOOSE)
    again = desk.again(asked)
    assert outcomes(again) == [("V4", True, False, PartijResultaat.BESTAAND)]


def test_the_facts_of_the_record_count_unless_those_of_today_are_asked_for() -> None:
    desk = Desk()
    silent = contact("a", betrokkenen=[known(toestemming=None)])
    desk.bring(silent)
    desk.bring(contact("b", betrokkenen=[KLANT]))
    assert isinstance(desk.again(silent, feiten=Feiten.VASTGELEGD).outcome, Unchanged)
    today = desk.again(silent, feiten=Feiten.HUIDIG)
    assert outcomes(today) == [("V4", True, False, PartijResultaat.BESTAAND)]


def test_consent_that_was_withdrawn_since_is_never_revived() -> None:
    desk = Desk()
    data = contact("a", betrokkenen=[KLANT])
    first = desk.bring(data)
    desk.bring(contact("b", op="2026-03-03T09:00:00Z", betrokkenen=[known(toestemming="ingetrokken")]))
    _as_an_older_release_decided(desk, first)
    again = desk.again(data)
    assert outcomes(again) == [("V3", True, False, PartijResultaat.LEEG)]
    assert again.besluit.besloten_op == NOW + timedelta(minutes=2)
    # The judgement by the old facts had taken 3; a gap is fine.
    assert again.registered[0]["klantcontact"]["nummer"] == "4"


def test_the_facts_of_the_record_count_as_well_where_an_older_release_decided_otherwise() -> None:
    desk = Desk()
    data = contact("a", betrokkenen=[KLANT])
    first = desk.bring(data)
    desk.bring(contact("b", op="2026-03-03T09:00:00Z", betrokkenen=[KLANT]))
    _as_an_older_release_decided(desk, first)
    assert outcomes(desk.again(data)) == [("V4", True, False, PartijResultaat.NIEUW)]


def test_consent_that_the_contact_itself_gives_does_not_count_as_revival() -> None:
    desk = Desk()
    data = contact("a", betrokkenen=[KLANT])
    first = desk.bring(data)
    desk.bring(contact("b", op="2026-03-03T09:00:00Z", betrokkenen=[known(toestemming=None)]))
    _as_an_older_release_decided(desk, first)
    # By the facts of today the partij would be aangevuld: b knows it.
    assert outcomes(desk.again(data)) == [("V4", True, False, PartijResultaat.NIEUW)]


def _as_an_older_release_decided(desk: Desk, brought: Brought) -> None:
    """Put a record in the place of one, as if the partij had been left empty by mistake then, and no number given."""
    [partij], [outcome] = brought.besluit.partijen, brought.besluit.onderwerpen
    empty = replace(partij, resultaat=PartijResultaat.LEEG, consent=False, vult=False, carries_name=False)
    mistaken = replace(outcome, partij=PartijResultaat.LEEG)
    desk.register.add_besluit(replace(brought.besluit, partijen=(empty,), onderwerpen=(mistaken,), uitgegeven=()))


def test_a_new_betrokkene_who_becomes_gekend_may_have_given_consent() -> None:
    desk = Desk()
    klant = betrokkene(middel="controlevragen", identificatoren=[bsn()], toestemming="gegeven")
    data = contact(betrokkenen=[klant])
    desk.bring(data)
    desk.change_policy(LOOSE)
    assert outcomes(desk.again(data)) == [("V4", True, False, PartijResultaat.NIEUW)]


def test_other_means_of_authentication_or_other_facts_with_the_same_outcome_are_no_difference() -> None:
    desk = Desk()
    data = contact(
        betrokkenen=[
            betrokkene("k", middel="digid", identificatoren=[bsn(ALICE)]),
            betrokkene("v", "vertegenwoordiger", middel="dossier", identificatoren=[bsn(BOB)], vertegenwoordigt=["k"]),
        ]
    )
    desk.bring(data)
    desk.bring(contact("later", betrokkenen=[known(number=ALICE)]))
    desk.change_policy(STRICT)
    assert isinstance(desk.again(data, feiten=Feiten.VASTGELEGD).outcome, Unchanged)
    assert isinstance(desk.again(data, feiten=Feiten.HUIDIG).outcome, Unchanged)


def test_a_second_betrokkene_who_is_no_longer_gekend_is_a_difference() -> None:
    desk = Desk()
    data = contact(
        betrokkenen=[
            betrokkene("k", middel="dossier", identificatoren=[bsn(ALICE)]),
            betrokkene("l", middel="digid", identificatoren=[bsn(BOB)]),
        ]
    )
    first = desk.bring(data)
    desk.change_policy(STRICT)
    again = desk.again(data)
    assert outcomes(again) == outcomes(first)
    assert kinds(again) == ["partij.withdrawn", "klantcontact.registered"]
    assert [each["partijId"] for each in again.registered[0]["partijen"]] == [first.besluit.partijen[0].partij_id]


def test_a_contact_that_no_longer_knows_a_partij_is_forgotten_by_the_next() -> None:
    desk = Desk()
    a, b = contact("a", betrokkenen=[KLANT]), contact("b", betrokkenen=[KLANT])
    desk.bring(a)
    desk.bring(b)
    desk.change_policy(STRICT)
    results = [desk.again(each).of_kind("partij.withdrawn")[0].data["resultaat"] for each in (a, b)]
    assert results == ["bestaand", "vervallen"]


def _organisatie(*identificatoren: Wire) -> Wire:
    return betrokkene(middel="eherkenning", soort="organisatie", identificatoren=identificatoren)


def test_a_partij_stays_that_of_the_record_when_only_this_contact_links_it_now() -> None:
    desk = Desk()
    desk.bring(contact("x", betrokkenen=[_organisatie(R1)]))
    desk.bring(contact("z", betrokkenen=[_organisatie(K1)]))
    data = contact("a", betrokkenen=[_organisatie(R1, K1)])
    desk.bring(data)
    desk.bring(contact("x", revisie=2))
    assert isinstance(desk.again(data).outcome, Unchanged)


def test_links_stay_those_of_the_record_when_more_could_be_linked_now() -> None:
    desk = Desk()
    desk.bring(contact("x", betrokkenen=[_organisatie(R1)]))
    desk.bring(contact("z", betrokkenen=[_organisatie(K1)]))
    data = contact("a", betrokkenen=[_organisatie(R1, K1)])
    desk.bring(data)
    desk.bring(contact("z", revisie=2))
    assert isinstance(desk.again(data, feiten=Feiten.VASTGELEGD).outcome, Unchanged)
    assert isinstance(desk.again(data, feiten=Feiten.HUIDIG).outcome, Rejudged)


def _two_subjects() -> Wire:
    """Return a contact with the question of a stranger, and that of a betrokkene who is gekend under the policy."""
    return contact(
        betrokkenen=[stranger("s"), betrokkene("k", middel="digid", identificatoren=[bsn()], toestemming="gegeven")],
        onderwerpen=[
            onderwerp("vreemde", opvolging=CALL_BACK, betrokkenen=["s"]),
            onderwerp("bekende", opvolging=CALL_BACK, betrokkenen=["k"]),
        ],
    )


def test_only_changed_onderwerpen_go_out() -> None:
    desk = Desk()
    data = _two_subjects()
    first = desk.bring(data)
    desk.change_policy(STRICT)
    again = desk.again(data)
    assert [each.data["herkomst"].get("onderwerpId") for each in again.sent] == [None, "bekende", "bekende"]
    assert kinds(again) == ["partij.withdrawn", "klantcontact.registered", "taak.created"]
    assert {each.data["besluit"]["besluitversie"] for each in again.sent} == {2}
    assert again.sent[1].data["klantcontact"] == first.registered[1]["klantcontact"]
    assert again.besluit.onderwerpen[0].sinds == first.besluit.aanleiding(Regel.V2)


def test_a_redelivery_repeats_the_newest_judgement_and_the_valid_parts_of_the_former() -> None:
    desk = Desk()
    data = _two_subjects()
    first = desk.bring(data)
    desk.change_policy(STRICT)
    again = desk.again(data)
    repeat = desk.bring(data)
    assert isinstance(repeat.outcome, Repeated)
    unchanged = [each for each in first.sent if each.data["herkomst"].get("onderwerpId") == "vreemde"]
    assert sorted(each.value for each in repeat.sent) == sorted(each.value for each in (*unchanged, *again.sent))


def test_the_record_that_asked_for_it_repeats_only_what_it_brought_when_it_is_handled_again() -> None:
    desk = Desk()
    data = _two_subjects()
    desk.bring(data)
    desk.change_policy(STRICT)
    again = desk.again(data)
    desk.brought -= 1
    after_a_crash = desk.again(data)
    assert isinstance(after_a_crash.outcome, Repeated)
    assert after_a_crash.sent == again.sent
    assert len(desk.again(data).sent) > len(again.sent), "another record repeats all that is in force"


def test_another_default_language_is_a_difference() -> None:
    desk = Desk()
    data = contact(betrokkenen=[KLANT])
    desk.bring(data)
    desk.change_policy(OWN_WORDS)
    again = desk.again(data)
    assert [each["klantcontact"]["taal"] for each in again.registered] == ["eng"]
    assert again.partij["versie"] == 1
    assert again.besluit.voorgangers[0].position == again.besluit.position == Position("contact.ended", 0, 0)


def test_its_events_go_out_with_the_copy_that_asked_for_it() -> None:
    desk = Desk()
    data = contact(betrokkenen=[KLANT])
    assert desk.bring(data).besluit.goes_out_with == Position("contact.ended", 0, 0)
    desk.change_policy(STRICT)
    assert desk.again(data).besluit.goes_out_with == Position("contact.ended", 0, 1)


def test_a_new_judgement_that_is_asked_twice_is_made_once() -> None:
    desk = Desk()
    data = contact(betrokkenen=[KLANT])
    desk.bring(data)
    desk.change_policy(STRICT)
    once = desk.again(data)
    twice = desk.again(data)
    assert isinstance(twice.outcome, Repeated)
    assert twice.besluit == once.besluit
    assert isinstance(desk.again(data, besluitversie=2).outcome, Unchanged)


def test_earlier_judgements_are_remembered() -> None:
    desk = Desk()
    data = contact(betrokkenen=[KLANT])
    first = desk.bring(data)
    desk.change_policy(STRICT)
    desk.again(data)
    third = desk.bring(contact(betrokkenen=[KLANT], revisie=2))
    assert [
        (each.revisie, each.besluitversie, each.beleidsversie, [regel.value for regel in each.regels])
        for each in third.besluit.voorgangers
    ] == [(1, 1, DEFAULT.versie, ["V4"]), (1, 2, "zonder digid", ["V1"])]
    assert third.besluit.voorgangers[0].besloten_op == first.besluit.besloten_op
    assert (third.besluit.revisie, third.besluit.besluitversie) == (2, 1)


def test_herkomst_stays_that_of_the_first_event() -> None:
    desk = Desk()
    data = contact(betrokkenen=[KLANT])
    desk.bring(data, event_id="evt-first", other={"traceparent": TRACEPARENT})
    desk.change_policy(OWN_WORDS)
    [again] = desk.again(data).sent
    assert again.data["herkomst"]["eventId"] == "evt-first"
    assert again.body["traceparent"] == TRACEPARENT


def test_a_contact_that_was_never_judged_is_judged_as_a_new_one() -> None:
    assert isinstance(Desk().again(contact(betrokkenen=[KLANT])).outcome, Decided)


def test_another_revisie_and_other_contents_have_their_usual_outcome() -> None:
    desk = Desk()
    desk.bring(contact(revisie=2, betrokkenen=[KLANT]))
    assert isinstance(desk.again(contact(betrokkenen=[KLANT])).outcome, Overtaken)
    assert isinstance(desk.again(contact(revisie=2, betrokkenen=[stranger()])).outcome, Refused)
    assert isinstance(desk.again(contact(revisie=3, betrokkenen=[KLANT])).outcome, Decided)


def test_two_betrokkenen_who_have_become_one_partij_leave_the_judgement_unchanged() -> None:
    desk = Desk()
    k = betrokkene("k", middel="eherkenning", soort="organisatie", identificatoren=[R1])
    l_ = betrokkene("l", middel="controlevragen", soort="organisatie", identificatoren=[K1])
    data = contact("a", betrokkenen=[k, l_])
    desk.bring(data)
    desk.bring(contact("c", betrokkenen=[_organisatie(R1, K1)]))
    desk.change_policy(LOOSE)
    assert isinstance(desk.again(data).outcome, Unchanged)
    assert isinstance(desk.bring(contact("a", revisie=2)).outcome, Decided)


def test_an_onderwerp_without_an_event_does_not_differ_under_another_language() -> None:
    desk = Desk()
    data = contact()
    desk.bring(data)
    desk.change_policy(OWN_WORDS)
    assert isinstance(desk.again(data).outcome, Unchanged)


def test_notes_about_identificatoren_stay_with_their_links() -> None:
    desk = Desk()
    desk.bring(contact("x", betrokkenen=[_organisatie(R1)]))
    desk.bring(contact("z", betrokkenen=[_organisatie(K1)]))
    data = contact("a", betrokkenen=[_organisatie(R1, K1)])
    first = desk.bring(data)
    desk.change_policy(OWN_WORDS)
    assert first.besluit.kanttekeningen == desk.again(data).besluit.kanttekeningen == ("identificator_elders",)


def test_a_vertrouwelijk_contact_takes_back_nothing_twice() -> None:
    desk = Desk()
    withdrawing = betrokkene("k", middel="dossier", identificatoren=[bsn(ALICE)], toestemming="ingetrokken")
    other = betrokkene("l", middel="digid", identificatoren=[bsn(BOB)])
    data = contact("a", vertrouwelijk=True, betrokkenen=[withdrawing, other])
    desk.bring(data)
    later = known(number=ALICE, toestemming="gegeven")
    desk.bring(contact("b", op="2026-03-03T09:00:00Z", betrokkenen=[later]))
    desk.change_policy(STRICT)
    again = desk.again(data)
    assert [each.data["resultaat"] for each in again.of_kind("partij.withdrawn")] == ["vervallen"]


def test_a_correction_does_not_carry_notes_of_its_earlier_revisie() -> None:
    desk = Desk()
    desk.bring(contact("x", betrokkenen=[_organisatie(R1)]))
    desk.bring(contact("z", betrokkenen=[_organisatie(K1)]))
    desk.bring(contact("a", betrokkenen=[_organisatie(R1, K1)]))
    assert desk.bring(contact("a", revisie=2, betrokkenen=[_organisatie(R1)])).besluit.kanttekeningen == ()


def test_notes_about_a_betrokkene_who_becomes_gekend_join_the_earlier_notes() -> None:
    desk = Desk()
    desk.bring(contact("x", betrokkenen=[_organisatie(R1)]))
    desk.bring(contact("z", betrokkenen=[_organisatie(K1)]))
    desk.bring(contact("y", betrokkenen=[_organisatie(rsin(nth_rsin(1)), kvk("99990002"))]))
    k = betrokkene("k", middel="eherkenning", soort="organisatie", identificatoren=[R1, K1])
    other = [rsin(nth_rsin(2)), kvk("99990002")]
    l_ = betrokkene("l", middel="controlevragen", soort="organisatie", identificatoren=other)
    data = contact("a", betrokkenen=[k, l_])
    desk.bring(data)
    desk.change_policy(LOOSE)
    assert set(desk.again(data).besluit.kanttekeningen) == {"identificator_elders", "tweede_van_soort"}


def test_a_vertrouwelijk_contact_empties_a_partij_also_beside_a_new_one() -> None:
    desk = Desk()
    desk.bring(contact("b", betrokkenen=[known(number=ALICE, toestemming="gegeven", adressen=[email()])]))
    new = known("l", number=BOB)
    withdrawing = known("k", number=ALICE, toestemming="ingetrokken")
    data = contact("a", op="2026-03-03T09:00:00Z", vertrouwelijk=True, betrokkenen=[new, withdrawing])
    assert [each.data["resultaat"] for each in desk.bring(data).of_kind("partij.withdrawn")] == ["leeg"]


def _klant(*identificatoren: Wire, middel: str = "eherkenning") -> list[Wire]:
    return [betrokkene(middel=middel, soort="organisatie", identificatoren=identificatoren, toestemming="gegeven")]


def test_a_partij_that_others_know_by_another_identificator_stays_theirs() -> None:
    desk = Desk()
    made_it = contact("c-1", betrokkenen=_klant(K1))
    linked = desk.bring(made_it).besluit.partijen[0].partij_id
    desk.bring(contact("c-2", betrokkenen=_klant(R1, K1)))
    desk.bring(contact("c-3", betrokkenen=_klant(R1)))
    desk.bring(contact("c-2", revisie=2, betrokkenen=_klant(R1)))
    again = desk.again(made_it, feiten=Feiten.HUIDIG).besluit.partijen[0]
    theirs = desk.register.partijen[linked]
    made_by_the_second_judgement = identifier(SOURCE, "partij", "c-1", "1", made_it["betrokkenen"][0]["ref"], "2")
    assert again.partij_id == made_by_the_second_judgement
    assert (theirs.nummer, theirs.contacten) == ("1", 2)
    assert desk.bring(contact("c-4", betrokkenen=_klant(R1))).besluit.partijen[0].partij_id == linked


def test_a_return_to_the_first_policy_gives_nobody_the_partij_of_another() -> None:
    desk = Desk()
    first, second = contact("c-1", betrokkenen=_klant(K1)), contact("c-2", betrokkenen=_klant(R1, K1))
    made = desk.bring(first).besluit.partijen[0].partij_id
    desk.bring(second)
    desk.bring(contact("c-3", betrokkenen=_klant(R1, middel="digid")))
    desk.change_policy(ONLY_DIGID)
    desk.again(first)
    desk.again(second)
    desk.change_policy(DEFAULT)
    assert desk.again(first, besluitversie=2).besluit.partijen[0].partij_id != made
    assert desk.register.partijen[made].contacten == 1


# For any history


def _in_force(desk: Desk, history: History) -> list[tuple[str, Wire]]:
    """Return the revisie in force of each contact, as it was sent first."""
    found: dict[tuple[str, str], tuple[str, Wire]] = {}
    for source, data in history:
        brought = desk.bring(data, source=source)
        if isinstance(brought.outcome, Decided):
            found[source, data["contactId"]] = (source, data)
    return list(found.values())


@EXAMPLES
@given(histories())
def test_a_contact_judged_by_the_facts_of_its_record_has_the_same_outcome(history: History) -> None:
    desk = Desk()
    for source, data in _in_force(desk, history):
        assert isinstance(desk.again(data, source=source).outcome, Unchanged)


@EXAMPLES
@given(histories(), st.sampled_from(POLICIES), st.sampled_from(list(Feiten)), st.integers())
def test_a_new_judgement_keeps_ids_and_numbers_and_a_second_one_changes_nothing(
    history: History, beleid: Beleid, feiten: Feiten, seed: int
) -> None:
    desk = Desk()
    standing = _in_force(desk, history)
    random.Random(seed).shuffle(standing)
    before = {key: besluit.uitgegeven for key, besluit in desk.register.besluiten.items()}
    desk.change_policy(beleid)
    for source, data in standing:
        again = desk.again(data, source=source, feiten=feiten)
        had = {each.onderwerp_id: each for each in before[again.besluit.key]}
        for each in again.besluit.uitgegeven:
            former = had.get(each.onderwerp_id)
            assert former is None or former.klantcontact_nummer == each.klantcontact_nummer
            assert former is None or former.taak_nummer in (None, each.taak_nummer)
        twice = desk.again(data, source=source, feiten=feiten, besluitversie=again.besluit.besluitversie)
        assert isinstance(twice.outcome, Unchanged)
        assert isinstance(again.outcome, Rejudged | Unchanged)


STEPS = st.lists(
    st.tuples(
        st.sampled_from("abc"),
        st.sampled_from([(K1,), (R1,), (R1, K1)]),
        st.sampled_from(["digid", "eherkenning"]),
        st.sampled_from([None, *Feiten]),
        st.sampled_from([DEFAULT, ONLY_DIGID]),
    ),
    min_size=10,
    max_size=16,
)
"""A contact, its klant, and whether it is judged again under a policy instead of corrected."""


@MORE_EXAMPLES
@given(STEPS)
def test_a_partij_keeps_its_number_its_links_and_those_who_know_it(
    steps: list[tuple[str, tuple[Wire, ...], str, Feiten | None, Beleid]],
) -> None:
    desk = Desk()
    newest: dict[str, Wire] = {}
    numbers: dict[str, str] = {}
    for contact_id, identificatoren, middel, feiten, beleid in steps:
        before = newest.get(contact_id)
        if before is not None and feiten is not None:
            desk.change_policy(beleid)
            besluitversie = desk.register.besluiten[contact_key(SOURCE, contact_id)].besluitversie
            desk.again(before, besluitversie=besluitversie, feiten=feiten)
        else:
            revisie = before["revisie"] + 1 if before else 1
            newest[contact_id] = contact(
                contact_id, revisie=revisie, betrokkenen=_klant(*identificatoren, middel=middel)
            )
            desk.bring(newest[contact_id])
        _assert_sound(desk.register, numbers)


def _assert_sound(register: Register, numbers: dict[str, str]) -> None:
    """Compare the register with its decision records, and with the numbers that it gave before."""
    knowing = Counter(each.partij_id for besluit in register.besluiten.values() for each in besluit.partijen)
    linked = Counter(sleutel for partij in register.partijen.values() for sleutel in partij.sleutels)
    assert all(times == 1 for times in linked.values())
    for partij_id, partij in register.partijen.items():
        assert numbers.setdefault(partij_id, partij.nummer) == partij.nummer
        assert partij.contacten == knowing[partij_id]


def test_a_follow_up_keeps_the_klantcontact_or_the_note_of_its_record() -> None:
    first = contact("first", betrokkenen=[known()])
    follow_up = {**contact("second", betrokkenen=[stranger()]), "vervolgOp": {"contactId": "first"}}
    known_then, unknown_then = Desk(), Desk()
    known_then.bring(first)
    before = [desk.bring(follow_up).besluit for desk in (known_then, unknown_then)]
    known_then.bring({**first, "revisie": 2, "betrokkenen": [stranger()]})  # which takes its klantcontact back
    unknown_then.bring(first)
    for desk, besluit in zip((known_then, unknown_then), before, strict=True):
        desk.change_policy(LOOSE)
        again = desk.again(follow_up)
        assert isinstance(again.outcome, Unchanged), again.outcome
        assert (again.besluit.vervolg, again.besluit.kanttekeningen) == (besluit.vervolg, besluit.kanttekeningen)
    assert [each.vervolg is None for each in before] == [False, True]
    assert isinstance(unknown_then.again(follow_up, feiten=Feiten.HUIDIG).outcome, Rejudged)


@pytest.mark.interpreted
def test_a_new_judgement_whose_record_would_be_too_large_leaves_everything_as_it_was(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    desk = Desk()
    data = contact(betrokkenen=[KLANT])
    desk.bring(data)
    desk.change_policy(STRICT)
    before = dict(desk.register.besluiten)
    monkeypatch.setattr(record_size, "MAX_RECORD_BYTES", 100)
    assert isinstance(desk.again(data).outcome, Unchanged)
    assert desk.register.besluiten == before
    monkeypatch.undo()
    assert isinstance(desk.again(data).outcome, Rejudged)


def test_the_note_of_an_unknown_vervolg_op_stays_while_the_facts_of_the_record_count() -> None:
    desk = Desk()
    follow_up = {**contact("second", betrokkenen=[KLANT]), "vervolgOp": {"contactId": "first"}}
    assert desk.bring(follow_up).besluit.kanttekeningen == (Kanttekening.VERVOLG_ONBEKEND,)
    desk.bring(contact("first", betrokkenen=[known(number=BOB)]))
    desk.change_policy(STRICT)
    again = desk.again(follow_up)
    assert isinstance(again.outcome, Rejudged)
    assert (again.besluit.vervolg, again.besluit.kanttekeningen) == (None, (Kanttekening.VERVOLG_ONBEKEND,))


def test_identificatoren_that_went_then_make_no_other_outcome() -> None:
    [partij] = Desk().bring(contact(betrokkenen=[KLANT])).besluit.partijen
    assert same_outcome(replace(partij, vervallen_soorten=("rsin",)), partij)
    assert not same_outcome(replace(partij, resultaat=PartijResultaat.LEEG), partij)
