"""Whom the records of the Logboek Dataverwerkingen concern."""

from schemas.contact_ended_v1 import Toestemming
from schemas.outputs import Reden
from services.classifier.changes import Opdracht
from services.classifier.instrumentation import Handled, tell_logboek
from services.domain.wissing import SoortWissing
from services.runtime.logboek.logboek import Logboek
from tests.support.contacts import record
from tests.support.examples import contact, known, stranger
from tests.unit.domain.test_erasing import Eraser, partij_id
from tests.unit.runtime.test_logboek import KEY, FakeExport


def test_a_decision_and_an_erasure_have_a_record_for_each_klant_and_a_stranger_has_none() -> None:
    eraser, sent = Eraser(), FakeExport()
    book = Logboek(sent, KEY, "urn:x:")
    decided = eraser.desk.bring(contact("c-1", betrokkenen=[known(toestemming="gegeven")])).outcome
    nobody = eraser.desk.bring(contact("c-2", betrokkenen=[stranger()])).outcome
    klant = partij_id(eraser)
    erased = eraser.erase(SoortWissing.CONTACT)

    tell_logboek(book, [Handled(record(b""), each, ()) for each in (decided, nobody, erased)], started_ns=1)

    assert [(name, attributes["dpl.core.data_subject_id"]) for name, _, attributes, _ in sent.records] == [
        ("registreren", book.subject(klant)),
        ("wissen", book.subject(klant)),
    ]


def test_what_goes_since_its_term_has_ended_is_another_processing() -> None:
    eraser, sent = Eraser(), FakeExport()
    eraser.desk.bring(contact("c-1", betrokkenen=[known()]))
    erased = eraser.erase(SoortWissing.CONTACT, reden=Reden.BEWAARTERMIJN)

    tell_logboek(Logboek(sent, KEY, "urn:x:"), [Handled(record(b""), erased, ())], started_ns=1)

    assert [name for name, *_ in sent.records] == ["opschonen"]


def test_a_change_outside_a_contact_has_a_record_of_its_own_kind() -> None:
    eraser, sent = Eraser(), FakeExport()
    eraser.desk.bring(contact("c-1", betrokkenen=[known(toestemming="gegeven")]))
    klant = partij_id(eraser)
    changes = [
        eraser.desk.instruct(Opdracht("w-1", klant, eraser.desk.now, Toestemming.INGETROKKEN)),
        eraser.desk.instruct(Opdracht("w-2", klant, eraser.desk.now, beperking=True)),
        eraser.desk.instruct(Opdracht("w-3", "nobody", eraser.desk.now, beperking=True)),
    ]
    handled = [Handled(record(b""), each.outcome, ()) for each in changes]
    tell_logboek(Logboek(sent, KEY, "urn:x:"), handled, started_ns=1)

    assert [name for name, *_ in sent.records] == ["toestemming", "beperken"]
