"""A dead letter is the record as it came, and headers that say where it lay and what was wrong with it."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from schemas.cloudevents import Header
from schemas.dead_letters import (
    MAX_ATTEMPT,
    MAX_FAULTS,
    MAX_PAD_CHARACTERS,
    MAX_PART_BYTES,
    DeadLetter,
    attempt,
    dead_letter,
    earlier_letters,
)
from schemas.faults import Fault, FaultKind
from schemas.positions import Position

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
MISSING = Fault("data.kanaal", FaultKind.ONTBREEKT)


def _made(
    *,
    key: bytes | None = b"klant-1",
    value: bytes | None = b"{}",
    headers: Sequence[Header] = (),
    faults: Sequence[Fault] = (MISSING,),
) -> DeadLetter:
    return dead_letter(
        key=key,
        value=value,
        headers=headers,
        position=Position("contact.ended", 3, 17),
        kind="contact_ongeldig",
        faults=faults,
        time=NOW,
    )


def test_headers_say_where_it_lay_and_what_was_wrong() -> None:
    assert _made().headers == [
        ("dlq_topic", b"contact.ended"),
        ("dlq_partition", b"3"),
        ("dlq_offset", b"17"),
        ("dlq_kind", b"contact_ongeldig"),
        ("dlq_faults", b'[{"pad":"data.kanaal","soort":"ontbreekt"}]'),
        ("dlq_time", b"2026-11-20T10:00:00+00:00"),
        ("dlq_attempt", b"1"),
    ]


@pytest.mark.parametrize("value", [None, b"", b"\xff\x00", b"x" * 65_536])
@pytest.mark.parametrize("key", [None, b"", b"\xff"])
def test_key_value_and_headers_stay_as_they_were(key: bytes | None, value: bytes | None) -> None:
    headers: list[Header] = [("ce_id", b"\xff"), ("ce_id", b"again"), ("empty", None)]
    letter = _made(key=key, value=value, headers=headers)
    assert (letter.key, letter.value) == (key, value)
    assert list(letter.headers[:3]) == headers


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (b"1", 2),
        (b"41", 42),
        (b"", 1),
        (None, 1),
        (b"-3", 1),
        (b"1e3", 1),
        (b"\xff", 1),
        ("٣".encode(), 1),  # a digit, but not one of ours
        (b"9" * 400, 1),
        (b"9999999", MAX_ATTEMPT + 1),
    ],
)
def test_the_attempt_counts_on_from_the_header_unless_that_is_nonsense(header: bytes | None, expected: int) -> None:
    letter = _made(headers=[("dlq_attempt", header)])
    assert dict(letter.headers)["dlq_attempt"] == str(expected).encode()


def test_what_an_earlier_time_put_under_our_names_is_replaced() -> None:
    again = _made(headers=_made(headers=[("traceparent", b"00-1")]).headers)
    assert [name for name, _ in again.headers] == [
        "traceparent",
        "dlq_topic",
        "dlq_partition",
        "dlq_offset",
        "dlq_kind",
        "dlq_faults",
        "dlq_time",
        "dlq_attempt",
    ]
    assert attempt(again.headers) == 2


def test_the_letters_that_a_record_comes_from_are_carried_over() -> None:
    letter = _made(headers=[("dlq_letter", b"0-1,3-120"), ("x", b"1")])
    assert [header for header in letter.headers if header[0] in {"dlq_letter", "x"}] == [
        ("x", b"1"),
        ("dlq_letter", b"0-1,3-120"),
    ]


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, ()),
        (b"", ()),
        (b"Jansen", ()),
        (b"3-120,Jansen,3-121", ("3-120", "3-121")),
        (b"3-120" + b"0" * 30, ()),
        (b",".join(b"0-%d" % number for number in range(12)), tuple(f"0-{number}" for number in range(2, 12))),
    ],
)
def test_of_the_letters_before_only_ids_are_kept_and_the_newest_ten(
    header: bytes | None, expected: tuple[str, ...]
) -> None:
    assert earlier_letters([("dlq_letter", header)]) == expected


def test_faults_are_bounded_in_number_and_length() -> None:
    faults = [Fault("p" * 10_000, FaultKind.TE_LANG)] * 10_000
    told = json.loads(dict(_made(faults=faults).headers)["dlq_faults"] or b"")
    assert len(told) == MAX_FAULTS
    assert {len(fault["pad"]) for fault in told} == {MAX_PAD_CHARACTERS}


def test_of_a_value_over_64_kib_the_beginning_is_kept_and_marked() -> None:
    letter = _made(value=b"v" * 65_536 + b"w", headers=[("ce_id", b"1")])
    assert letter.value == b"v" * 65_536
    assert letter.headers[0] == ("ce_id", b"1")
    assert letter.headers[-1] == ("dlq_cut", b'{"value": 65537}')


def test_of_headers_over_64_kib_the_first_are_kept_and_marked() -> None:
    headers: list[Header] = [("first", b"1"), ("huge", b"h" * 70_000), ("last", b"2")]
    letter = _made(headers=headers)
    assert letter.value == b"{}"
    assert [name for name, _ in letter.headers if not name.startswith("dlq_")] == ["first"]
    assert json.loads(dict(letter.headers)["dlq_cut"] or b"") == {"headers": 70_045}


def test_of_a_key_over_64_kib_the_beginning_is_kept_and_marked() -> None:
    letter = _made(key=b"k" * 3_000_000)
    assert letter.key == b"k" * MAX_PART_BYTES
    assert letter.value == b"{}"
    assert json.loads(dict(letter.headers)["dlq_cut"] or b"") == {"key": 3_000_000}


def test_no_added_header_holds_anything_of_the_record() -> None:
    secret = b"Jansen"
    letter = _made(key=secret, value=secret, headers=[("x", secret), ("dlq_attempt", secret), ("dlq_letter", secret)])
    added = [value for name, value in letter.headers if name.startswith("dlq_")]
    assert not any(secret in (value or b"") for value in added)
