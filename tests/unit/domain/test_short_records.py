"""A record without a trace is kept short, and a repeat of its contact brings back what it lacks."""

from dataclasses import replace

from schemas.positions import Position
from services.domain.besluit import BesluitRecord, OnderwerpBesluit
from services.domain.outcome import Rejudged, Repeated
from services.domain.policy import Beleid
from services.domain.toelichting import Kanttekening
from tests.support.examples import Wire, contact, known, onderwerp, stranger
from tests.unit.domain.desk import NOW, Desk

TRACE = {"traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}
HERE = Position("contact.ended", 3, 17)


def nobody() -> Wire:
    """Return a confidential contact of nobody, about two things."""
    return contact("a", betrokkenen=[stranger()], onderwerpen=[onderwerp("o1"), onderwerp("o2")]) | {
        "vertrouwelijk": True
    }


def shorten(desk: Desk, besluit: BesluitRecord) -> BesluitRecord:
    """Put the short form into the register, as MongoDB holds it."""
    short = besluit.shortened()
    desk.register.besluiten[besluit.key] = short
    return short


def test_the_short_form_keeps_what_tells_a_repeat_from_a_conflict() -> None:
    desk = Desk()
    besluit = desk.bring(nobody(), other=TRACE).besluit
    assert besluit.shortened() == BesluitRecord(
        key=besluit.key,
        source=besluit.source,
        revisie=besluit.revisie,
        besluitversie=besluit.besluitversie,
        digest=besluit.digest,
        beleidsversie=besluit.beleidsversie,
        besloten_op=NOW,
        onderwerpen=(OnderwerpBesluit(besluit.onderwerpen[0].regel), OnderwerpBesluit(besluit.onderwerpen[1].regel)),
        position=besluit.position,
    )
    assert shorten(desk, besluit).is_shortened
    assert not besluit.is_shortened


def test_the_short_form_keeps_the_judgements_before_and_the_note_of_a_withdrawal() -> None:
    desk = Desk()
    desk.bring(nobody())
    withdrawn = [{**stranger(), "toestemmingHergebruik": "ingetrokken"}]
    besluit = desk.bring(nobody() | {"revisie": 2, "betrokkenen": withdrawn}).besluit
    assert besluit.shortened().voorgangers == besluit.voorgangers != ()
    noted = replace(besluit, kanttekeningen=(Kanttekening.VERVOLG_ONBEKEND, *besluit.kanttekeningen))
    assert noted.shortened().kanttekeningen == (Kanttekening.INTREKKING_ZONDER_GEVOLG,)


def test_a_repeat_brings_back_what_the_short_form_lacks() -> None:
    desk = Desk()
    besluit = desk.bring(nobody(), other=TRACE).besluit
    shorten(desk, besluit)
    repeated = desk.bring(nobody(), event_id="evt-2", other=TRACE)
    assert isinstance(repeated.outcome, Repeated)
    assert replace(repeated.besluit, taal=besluit.taal) == replace(besluit, event_id="evt-2")


def test_a_new_judgement_of_a_short_record_can_leave_a_trace() -> None:
    desk = Desk(Beleid(versie="strict", voldoende_middelen={}))
    data = contact("a", betrokkenen=[known()], onderwerpen=[onderwerp("o1")])
    shorten(desk, desk.bring(data).besluit)
    desk.change_policy(Beleid(versie="usual"))
    judged = desk.again(data)
    assert isinstance(judged.outcome, Rejudged)
    assert [each["klantcontact"]["klantcontactId"] for each in judged.registered] != []
    assert judged.besluit.contact_id == "a"


# Where the events of a decision go out


def test_the_place_of_the_events_is_noted_for_the_decision_in_force_only() -> None:
    desk = Desk()
    first = desk.bring(nobody()).besluit
    second = desk.bring(nobody() | {"revisie": 2}).besluit
    desk.register.changed_besluiten.clear()

    desk.register.note_sent(first, HERE)
    assert desk.register.besluiten[second.key] == second
    assert desk.register.changed_besluiten == set()

    desk.register.note_sent(second, HERE)
    noted = desk.register.besluiten[second.key]
    assert noted == replace(second, sent_with=HERE)
    assert noted.goes_out_with == HERE
    assert desk.register.changed_besluiten == {second.key}
