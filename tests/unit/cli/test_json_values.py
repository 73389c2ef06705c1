"""JSON as `klantcontact …` prints it for a program: one style for an answer and for lines."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

import pytest

from services.cli.json_values import print_json, write_json_line


class _Kind(StrEnum):
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class _Inner:
    first_offset: int
    kinds: tuple[_Kind, ...]


@dataclass(frozen=True, slots=True)
class _Answer:
    written_at: datetime
    where_to: _Inner
    counts: Counter[str]
    note: str | None = None


ANSWER = _Answer(datetime(2026, 11, 20, 9, tzinfo=UTC), _Inner(7, (_Kind.OPEN,)), Counter({_Kind.OPEN: 2}), "één")

LINE = (
    '{"writtenAt":"2026-11-20T09:00:00+00:00","whereTo":{"firstOffset":7,"kinds":["open"]},"counts":{"open":2},'
    '"note":"één"}\n'
)


def test_an_answer_is_one_compact_line_in_utf_8_with_names_in_camel_case(
    capfdbinary: pytest.CaptureFixture[bytes],
) -> None:
    print_json(ANSWER)

    assert capfdbinary.readouterr().out == LINE.encode()


def test_a_line_of_many_looks_the_same(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    write_json_line(ANSWER)
    print_json({"groups": [ANSWER]})

    assert capfdbinary.readouterr().out == LINE.encode() + b'{"groups":[' + LINE.encode().rstrip() + b"]}\n"


def test_an_answer_on_a_terminal_is_spread_over_lines(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    print_json({"event": {"note": "één"}}, spread=True)

    assert capfdbinary.readouterr().out.decode() == '{\n  "event": {\n    "note": "één"\n  }\n}\n'


@pytest.mark.parametrize("spread", [False, True])
def test_half_of_a_surrogate_pair_is_printed_as_its_escape(
    capfdbinary: pytest.CaptureFixture[bytes], *, spread: bool
) -> None:
    print_json({"note": "\ud800"}, spread=spread)

    printed = capfdbinary.readouterr().out
    assert b'"\\ud800"' in printed
    assert json.loads(printed) == {"note": "\ud800"}


def test_any_series_is_a_list(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    def numbers() -> Iterator[int]:
        yield from (1, 2)

    print_json({"numbers": numbers(), "names": frozenset({"a"})})

    assert json.loads(capfdbinary.readouterr().out) == {"numbers": [1, 2], "names": ["a"]}
