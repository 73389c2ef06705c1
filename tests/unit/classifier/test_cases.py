"""A record as it is judged, by the classifier and by a replay."""

from dataclasses import replace

from schemas.faults import Fault, FaultKind, Refusal, RefusalKind
from schemas.positions import Position
from services.classifier.cases import read
from services.classifier.instructions import with_herbeoordeling
from services.domain.case import Case
from services.domain.herbeoordeling import Feiten, Herbeoordeling
from services.domain.policy import DEFAULT, Beleid, Bron
from services.domain.sleutels import Sleutels
from services.runtime.kafka.records import OversizedBatch, Record
from tests.support.contacts import SOURCE, contact_ended, record

SLEUTELS = Sleutels(b"a key of the tests, thirty-two bytes")
BY_HEADER = Herbeoordeling(2, Feiten.HUIDIG)
BY_CALLER = Herbeoordeling(1, Feiten.VASTGELEGD)


def _case(of: Record, *, asked: Herbeoordeling | None = None) -> Case:
    case = read(of, SLEUTELS, DEFAULT, asked=asked)
    assert isinstance(case, Case)
    return case


def test_a_case_knows_where_its_record_lay() -> None:
    assert _case(record(contact_ended(), offset=41, partition=3)).position == Position("contact.ended", 3, 41)


def test_whether_a_source_may_is_judged_by_the_topic_of_the_record() -> None:
    beleid = Beleid(bronnen={SOURCE: Bron(topics=frozenset({"contact.ended"}))})
    here = read(record(contact_ended()), SLEUTELS, beleid)
    elsewhere = read(replace(record(contact_ended()), topic="contact.mail"), SLEUTELS, beleid)
    assert isinstance(here, Case)
    assert isinstance(elsewhere, Case)
    assert (here.not_allowed, elsewhere.not_allowed) == ((), (Fault("", FaultKind.BRON_NIET_TOEGESTAAN),))


def test_a_record_asks_for_a_new_judgement_by_its_header() -> None:
    assert _case(record(contact_ended())).herbeoordeling is None
    assert _case(record(contact_ended(), headers=with_herbeoordeling((), BY_HEADER))).herbeoordeling == BY_HEADER


def test_a_caller_asks_in_the_place_of_the_header() -> None:
    asking = record(contact_ended(), headers=with_herbeoordeling((), BY_HEADER))
    assert _case(asking, asked=BY_CALLER).herbeoordeling == BY_CALLER


def test_a_header_without_a_value_is_no_obstacle() -> None:
    assert _case(record(contact_ended(), headers=[("trace", None)])).received.contact.contact_id == "c-1"


def test_a_record_that_can_not_be_read_is_refused() -> None:
    refusal = read(record(b"{"), SLEUTELS, DEFAULT)
    assert isinstance(refusal, Refusal)
    assert refusal.kind is RefusalKind.ONLEESBAAR


def test_a_batch_that_is_too_large_to_unpack_is_refused_as_too_large() -> None:
    standing_for_it = replace(record(None, offset=16), oversized=OversizedBatch.of(12, 16))
    assert read(standing_for_it, SLEUTELS, DEFAULT) == Refusal(RefusalKind.TE_GROOT, (Fault("", FaultKind.TE_GROOT),))
