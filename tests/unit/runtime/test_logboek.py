"""What goes to the Logboek Dataverwerkingen, and the register of processings."""

from pathlib import Path

import pytest

from schemas.verwerkingen import MUNICIPALITY, REGISTER, verwerkingen
from services.runtime import processings_page
from services.runtime.errors import InvalidSettings
from services.runtime.logboek.logboek import SUBJECT_TYPE, Activity, Logboek, logboek
from services.runtime.settings import Settings

KEY = b"a key of the Logboek, thirty-two bytes"
PARTIJ = "0c8f5a07-1c5f-5b36-8c3e-6f0f2f9f5a11"


class FakeExport:
    def __init__(self) -> None:
        self.records: list[tuple[str, str | None, dict[str, str], int]] = []

    def record(
        self, name: str, traceparent: str | None, attributes: dict[str, str], *, started_ns: int, ended_ns: int
    ) -> None:
        assert started_ns <= ended_ns
        self.records.append((name, traceparent, attributes, started_ns))


def test_each_betrokkene_of_a_processing_has_one_record_under_a_pseudonym() -> None:
    sent = FakeExport()
    book = Logboek(sent, KEY, "https://example.nl/verwerkingen/")

    book.record(Activity.INZAGE, [PARTIJ, PARTIJ, "other"], started_ns=7, traceparent="00-1")

    assert len(sent.records) == 2
    assert sent.records[0] == (
        "inzage",
        "00-1",
        {
            "dpl.core.processing_activity_id": "https://example.nl/verwerkingen/inzage",
            "dpl.core.data_subject_id": book.subject(PARTIJ),
            "dpl.core.data_subject_id_type": SUBJECT_TYPE,
        },
        7,
    )
    assert PARTIJ not in str(sent.records)
    assert book.subject(PARTIJ) != Logboek(sent, KEY + b"2", "urn:x:").subject(PARTIJ)


def test_there_is_no_logboek_without_an_endpoint() -> None:
    with logboek("classifier", Settings()) as book:
        assert book is None


@pytest.mark.parametrize(
    ("key", "says"),
    [("short", "has 5 bytes and needs at least 32"), ("ab" * 32, "it is the register's key")],
)
def test_the_key_of_the_logboek_is_long_and_not_the_registers(tmp_path: Path, key: str, says: str) -> None:
    of_register, of_logboek = tmp_path / "sleutel", tmp_path / "ldv"
    of_register.write_text("ab" * 32)
    of_logboek.write_text(key)
    settings = Settings(
        sleutel_file=of_register, ldv_otlp_endpoint="http://127.0.0.1:1/v1/traces", ldv_sleutel_file=of_logboek
    )

    with pytest.raises(InvalidSettings, match=says), logboek("classifier", settings):
        pass


def test_the_register_of_processings_has_every_activity_and_names_settings_that_exist() -> None:
    known = verwerkingen()

    of_channels = "omzetten"  # the mapper recognises no klant, so the Logboek could name nobody
    assert sorted(each.id for each in known) == sorted([*Activity, of_channels])
    named = {until.lower() for each in known for until in each.bewaren if until not in (MUNICIPALITY, REGISTER)}
    assert named <= set(Settings.model_fields)


def test_the_page_is_what_the_register_of_processings_makes() -> None:
    assert processings_page.main(["--check"]) == 0
