"""A record of the dead letter topic as a letter."""

from datetime import UTC, datetime

import pytest

from schemas.faults import Fault, FaultKind, RefusalKind, generalised
from schemas.positions import Position
from services.operations.dead_letters.letters import Content, InvalidFilter, Letter, LetterId, letter_of
from tests.support.contacts import SOURCE
from tests.support.letters import MISSING, VALUE, letter, record


def test_a_letter_has_its_reason_and_its_place_in_the_input() -> None:
    assert letter(headers=[("content-type", b"application/json")]) == Letter(
        id=LetterId(3, 120),
        written_at=datetime(2026, 11, 20, 10, tzinfo=UTC),
        kind=RefusalKind.CONTACT_ONGELDIG,
        faults=(MISSING,),
        origin=Position("contact.ended", 1, 17),
        source=SOURCE,
        attempt=1,
        earlier=(),
        is_cut=False,
        content=Content(b"klant-1", VALUE, [("content-type", b"application/json")]),
    )


def test_a_record_of_another_producer_is_a_letter_of_unknown_kind() -> None:
    headers = [("dlq_kind", b"strange"), ("dlq_faults", b"{"), ("dlq_topic", b"a b"), ("dlq_letter", b"x,9-9999999999")]
    found = letter_of(record(value=None, headers=headers))
    assert (found.kind, found.faults, found.origin, found.source) == (None, (), None, "-")
    assert found.earlier == (LetterId(9, 9999999999),)


def test_a_truncated_letter_is_recognised() -> None:
    assert letter(value=b"x" * 3_000_000).is_cut


def test_a_letter_that_stands_for_a_batch_knows_its_last_offset() -> None:
    found = letter(value=None, last_offset=21)
    assert (found.origin, found.last_offset) == (Position("contact.ended", 1, 17), 21)
    assert found.content.headers == []


def test_the_text_of_a_letter_holds_nothing_of_its_content() -> None:
    found = letter(key=b"zqkeyqz", value=b"zqvalueqz", headers=[("x", b"zqheaderqz")])
    assert "zq" not in repr(found)


def test_a_field_name_can_not_control_the_screen() -> None:
    found = letter(faults=[Fault("data.\x1b[2J", FaultKind.VERKEERD_TEKEN)])
    assert found.paths == ("data.\ufffd[2J",)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("data.kanaal", "data.kanaal"),
        ("data.onderwerpen.0.inhoud", "data.onderwerpen.*.inhoud"),
        ("data.betrokkenen.12.digitaleAdressen.3", "data.betrokkenen.*.digitaleAdressen.*"),
        ("data.onderwerpen.*.inhoud", "data.onderwerpen.*.inhoud"),
        ("data.adres2", "data.adres2"),
        ("", ""),
    ],
)
def test_a_path_is_shown_without_its_list_positions(path: str, expected: str) -> None:
    assert generalised(path) == expected


def test_a_path_that_is_wrong_in_several_places_of_a_list_is_shown_once() -> None:
    faults = [Fault(f"data.onderwerpen.{number}.inhoud", FaultKind.TE_LANG) for number in range(3)]
    assert letter(faults=[*faults, MISSING]).paths == ("data.kanaal", "data.onderwerpen.*.inhoud")


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (b'{"source":"urn:nld:oin:00000001823288444000:systeem:telefonie"}', SOURCE),
        (b'{"source":"https://kcc.example.nl/telefonie"}', "https://kcc.example.nl/telefonie"),
        (b'{"source":"mailto:sam.jansen@example.nl"}', "-"),
        (b'{"source":"tel:0612345678"}', "-"),
        (b'{"source":"https://example.nl/?naam=Jansen"}', "-"),
        (b'{"source":"urn:Sam Jansen"}', "-"),
        (b'{"source":"urn:\\u001b[2J"}', "-"),
        (b'{"source":"urn:' + b"x" * 200 + b'"}', "-"),
        (b'{"source":17}', "-"),
        (b'["urn:a"]', "-"),
        (b"no json", "-"),
        (None, "-"),
    ],
)
def test_a_source_is_shown_only_when_it_looks_like_the_name_of_a_system(value: bytes | None, shown: str) -> None:
    assert letter(value=value).source == shown


def test_in_binary_mode_the_source_is_read_from_a_header() -> None:
    headers = [("ce_id", b"1"), ("ce_source", SOURCE.encode())]
    assert letter(value=b'{"source":"urn:other"}', headers=headers).source == SOURCE


def test_an_id_is_read_as_it_is_written() -> None:
    assert str(LetterId.parse("3-120")) == "3-120"


@pytest.mark.parametrize("text", ["", "3", "3-", "-3-1", "3-1-2", "a-b", "3:120", "٣-1", "1234567890-1"])
def test_text_that_is_not_an_id_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(InvalidFilter, match="looks like 3-120"):
        LetterId.parse(text)
