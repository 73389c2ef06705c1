"""The bound of a record counts each field, text, place and aanleiding.

`tests/unit/classifier/test_register_documents.py` compares it with BSON.
"""

from dataclasses import replace

import pytest

from services.domain import record_size
from services.domain.besluit import BesluitRecord, OnderwerpBesluit, TaakIntrekking
from services.domain.record_size import is_too_large, most_bytes
from services.domain.toelichting import Kanttekening
from tests.support.examples import contact, known
from tests.unit.domain.desk import Desk

FIELD, PART, PLACE, TEXT, NUMBER, MOMENT = 2, 48, 8, 5, 8, 40
"""As the module has them, for the sums below."""


@pytest.fixture
def besluit() -> BesluitRecord:
    return replace(Desk().bring(contact(betrokkenen=[known()])).besluit, kanttekeningen=(), intrekkingen=())


def named(*names: str) -> int:
    return sum(FIELD + len(name) for name in names)


def text(value: str) -> int:
    return TEXT + len(value.encode())


def test_a_text_counts_its_bytes(besluit: BesluitRecord) -> None:
    plain, accented = (most_bytes(replace(besluit, taal=each)) for each in ("eee", "ééé"))
    assert accented - plain == 3


def test_an_absent_text_counts_as_a_number(besluit: BesluitRecord) -> None:
    absent, empty = (most_bytes(replace(besluit, traceparent=each)) for each in (None, ""))
    assert absent - empty == NUMBER - TEXT


def test_an_entry_of_a_list_counts_its_place(besluit: BesluitRecord) -> None:
    note = Kanttekening.VERVOLG_ONBEKEND
    noted = most_bytes(replace(besluit, kanttekeningen=(note,)))
    assert noted - most_bytes(besluit) == PLACE + FIELD + text(note)


def test_a_part_counts_the_names_of_its_fields(besluit: BesluitRecord) -> None:
    [onderwerp] = besluit.onderwerpen
    one_more = replace(besluit, onderwerpen=(onderwerp, OnderwerpBesluit(onderwerp.regel)))
    fields = named("onderwerp_id", "regel", "klantcontact", "interne_taak", "partij", "contactgegevens", "sinds")
    values = text("") + text(onderwerp.regel) + 5 * NUMBER
    assert most_bytes(one_more) - most_bytes(besluit) == PLACE + FIELD + PART + fields + values


def test_an_aanleiding_counts_once_however_often_it_is_given(besluit: BesluitRecord) -> None:
    why = besluit.aanleiding(besluit.onderwerpen[0].regel)
    another = replace(why, revisie=why.revisie + 1)
    one, twice, two = (
        most_bytes(replace(besluit, intrekkingen=tuple(TaakIntrekking(each, "a") for each in aanleidingen)))
        for aanleidingen in ([why], [why, why], [why, another])
    )
    fields = named("revisie", "besluitversie", "besloten_op", "event_id", "beleidsversie", "regel")
    values = 2 * NUMBER + MOMENT + text(why.event_id) + text(why.beleidsversie) + text(why.regel)
    assert two - twice == PLACE + FIELD + PART + fields + values
    assert one < twice


@pytest.mark.interpreted
def test_a_record_of_just_the_bound_is_not_too_large(besluit: BesluitRecord, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record_size, "MAX_RECORD_BYTES", most_bytes(besluit))
    assert not is_too_large(besluit)
    assert is_too_large(replace(besluit, kanttekeningen=(Kanttekening.VERVOLG_ONBEKEND,)))
