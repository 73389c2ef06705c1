"""A file of corrected letters."""

import io
import json
import os
from pathlib import Path

import pytest

from services.operations.dead_letters import content as module
from services.operations.dead_letters.content import Corrections, opened
from services.operations.dead_letters.letters import Content, InvalidFilter, LetterId, LettersRefused
from services.operations.dead_letters.show import line_of
from tests.support.letters import letter


def _file(*lines: object) -> io.BytesIO:
    return io.BytesIO(
        b"".join((each if isinstance(each, bytes) else json.dumps(each).encode()) + b"\n" for each in lines)
    )


def test_each_line_holds_the_content_to_send_instead_of_its_letter() -> None:
    first, second = letter(offset=1, value=b'{"a":1}'), letter(offset=2, value=b"no json", key=None)
    corrected = {**line_of(first), "event": {"a": 2}}
    corrections = Corrections(_file(line_of(second), b"", corrected))
    assert corrections.instead_of(first) == Content(b"klant-1", b'{"a":2}', [])
    assert corrections.instead_of(second) == Content(None, b"no json", [])
    assert corrections.names == {LetterId(3, 2): "line 1: ", LetterId(3, 1): "line 3: "}


def test_a_line_of_the_export_also_holds_the_reason_of_the_letter() -> None:
    assert line_of(letter()) == {
        "letter": "3-120",
        "kind": "contact_ongeldig",
        "faults": [{"pad": "data.kanaal", "soort": "ontbreekt"}],
        "origin": {"topic": "contact.ended", "partition": 1, "offset": 17},
        "source": "urn:nld:oin:00000001823288444000:systeem:telefonie",
        "deadSince": "2026-11-20T10:00:00+00:00",
        "attempt": 1,
        "key": "klant-1",
        "headers": [],
        "event": {"source": "urn:nld:oin:00000001823288444000:systeem:telefonie", "data": {}},
    }


def test_every_unreadable_line_is_named_by_its_number_without_its_content() -> None:
    with pytest.raises(LettersRefused) as refused:
        Corrections(
            _file(
                {"letter": "3-1", "event": {}},
                b"zqcanaryqz",
                [],
                {"letter": "zqcanaryqz", "event": {}},
                {"event": {}},
                {"letter": "3-1", "event": {}},
                {"letter": "3-2"},
            )
        )
    assert str(refused.value).splitlines() == [
        "Nothing was done:",
        "  line 2: is no JSON",
        "  line 3: is no JSON object",
        "  line 4: a letter's id looks like 3-120: its partition and its offset",
        "  line 5: a letter's id looks like 3-120: its partition and its offset",
        "  line 6: 3-1 stands in line 1 already",
        "  line 7: needs one of event, value and valueBase64: the value to send",
    ]


def test_a_file_that_names_no_letter_means_none_and_not_all() -> None:
    with pytest.raises(LettersRefused, match="names no letter"):
        Corrections(_file(b""))


def test_only_the_first_reasons_are_listed_one_by_one() -> None:
    with pytest.raises(LettersRefused) as refused:
        Corrections(_file(*[b"x"] * 25))
    assert len(str(refused.value).splitlines()) == 22
    assert str(refused.value).endswith("… and 5 more")


def test_a_file_and_a_line_have_a_largest_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_LINE_BYTES", 50)
    with pytest.raises(LettersRefused, match="line 2: the file or the line is too large"):
        Corrections(_file({"letter": "3-1", "event": {}}, {"letter": "3-2", "event": "x" * 100}))
    monkeypatch.setattr(module, "MAX_LINES", 1)
    with pytest.raises(LettersRefused, match="line 2: the file or the line is too large"):
        Corrections(_file({"letter": "3-1", "event": {}}, {"letter": "3-2", "event": {}}))


def test_a_missing_file_is_refused() -> None:
    with pytest.raises(InvalidFilter, match="No such file or directory"):
        opened(Path("/nowhere/corrected.jsonl"))


def test_stdin_and_pipes_are_refused_since_a_file_is_read_twice(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = os.open(pipe, os.O_RDWR)
    try:
        for path in (Path("-"), pipe):
            with pytest.raises(InvalidFilter, match="has to be a file, and neither stdin nor a pipe"):
                opened(path)
    finally:
        os.close(writer)
