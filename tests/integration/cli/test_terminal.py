"""`klantcontact …` on a terminal: the output that a file does not get."""

import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

from services.runtime.settings import Settings
from tests.support.commands import environment, run_command
from tests.support.contacts import contact_ended, encoded
from tests.support.kafka_tools import make_topics
from tests.support.letters import publish_letters

SECONDS = 60

COLOUR = re.compile(r"\x1b\[[0-9;]*m")
OTHER = re.compile(r"\x1b\[\?25[lh]")
"""The codes that hide and show the cursor."""

FOUND = [
    "line 2",
    "  the event: onleesbaar",
    "    Send one JSON object a record: UTF-8, no byte order mark, nothing before or after it.",
    "    schemas/json/contact.ended.1.event.json:6  type: object",
    "",
]
SUMMED_UP = ["2 events: 1 valid, 1 invalid", "      1  the event: onleesbaar"]


@pytest.fixture
def events(tmp_path: Path) -> Path:
    """A file with one event and one line that is not an event."""
    file = tmp_path / "events.jsonl"
    file.write_bytes(encoded(contact_ended("c-1")) + b"\nnone\n")
    return file


@pytest.fixture
def settings(kafka_bootstrap: str, mongo_uri: str, topics: str, database: str) -> Settings:
    made = Settings(
        kafka_bootstrap=kafka_bootstrap,
        mongo_uri=mongo_uri,
        mongo_database=database,
        contact_topics=(f"{topics}.contact.ended",),
        consent_topics=(f"{topics}.toestemming.gewijzigd",),
        dead_letter_topic=f"{topics}.contact.ended.dlq",
        audit_topic=f"{topics}.klantcontact.audit",
    )
    make_topics(kafka_bootstrap, *made.input_topics, made.dead_letter_topic, partitions=2)
    make_topics(kafka_bootstrap, made.audit_topic)
    return made


def _seen(
    *arguments: str,
    stdout: Path | None = None,
    variables: dict[str, str] | None = None,
    program: str = "services.cli",
) -> str:
    """Return everything that a command sends to a terminal; `stdout` goes to a file when one is named."""
    plain = environment()
    ours, theirs = pty.openpty()
    out = os.open(stdout, os.O_WRONLY | os.O_CREAT) if stdout else theirs
    child = subprocess.Popen(
        [sys.executable, "-m", program, *arguments],
        env=plain | {"TERM": "xterm", "COLUMNS": "100"} | (variables or {}),
        stdin=subprocess.DEVNULL,
        stdout=out,
        stderr=theirs,
    )
    os.close(theirs)
    seen = b""
    try:
        while some := os.read(ours, 65_536):
            seen += some
    except OSError:  # Linux raises this once the other end is closed
        pass
    os.close(ours)
    child.wait(SECONDS)
    return seen.decode()


def _screen(seen: str) -> list[str]:
    """Return the lines on the screen at the end, after the terminal has carried out its control codes."""
    lines, row = [""], 0
    for part in re.findall(r"\x1b\[2K|\x1b\[1A|\r|\n|[^\x1b\r\n]+", OTHER.sub("", COLOUR.sub("", seen))):
        match part:
            case "\n":
                row += 1
                lines += [""] * (row == len(lines))
            case "\x1b[1A":
                row -= 1
            case "\x1b[2K":
                lines[row] = ""
            case "\r":
                pass
            case text:
                lines[row] += text
    return lines


def test_findings_are_shown_above_the_bar_and_not_in_it(events: Path) -> None:
    lines = _screen(_seen("validate", str(events)))

    assert lines[:5] == FOUND
    assert re.fullmatch(r"validating ━+ 2/2 .*", lines[5])
    assert lines[6:] == [*SUMMED_UP, ""]


def test_a_file_gets_the_findings_and_the_terminal_gets_the_bar(events: Path, tmp_path: Path) -> None:
    found = tmp_path / "found"

    lines = _screen(_seen("validate", str(events), stdout=found))

    assert found.read_text().splitlines() == [*FOUND, *SUMMED_UP]
    assert [bool(re.fullmatch(r"validating ━+ 2/2 .*", line)) for line in lines] == [True, False]


def test_colours_show_unless_the_person_wants_none(events: Path) -> None:
    colours = {"\x1b[31m", "\x1b[36m"}  # red and cyan

    assert colours <= set(COLOUR.findall(_seen("validate", str(events))))
    assert not colours & set(COLOUR.findall(_seen("validate", str(events), variables={"NO_COLOR": "1"})))


@pytest.mark.parametrize(
    ("arguments", "bar"), [(["classify", "{events}"], r"judging ━+ 2/2 .*"), (["sample", "3"], r"making up ━+ 3/3 .*")]
)
def test_lines_that_go_to_a_file_are_counted_on_the_terminal(
    arguments: list[str], bar: str, events: Path, tmp_path: Path
) -> None:
    lines = _screen(_seen(*(each.format(events=events) for each in arguments), stdout=tmp_path / "lines"))

    assert [bool(re.fullmatch(bar, line)) for line in lines] == [True, False]


@pytest.mark.parametrize(
    "arguments", [["doctor"], ["topics", "create"], ["stats"], ["rebuild", "--drop-old"]], ids=lambda each: each[0]
)
def test_a_command_that_waits_for_a_server_shows_that_it_works(arguments: list[str]) -> None:
    away = {
        "KLANTCONTACT_KAFKA_BOOTSTRAP": "127.0.0.1:1",
        "KLANTCONTACT_MONGO_URI": "mongodb://127.0.0.1:1/?directConnection=true",
    }

    seen = _seen(*arguments, variables=away, program="tests.support.impatient")

    assert re.match(r"⠋ (asking|dropping)", COLOUR.sub("", OTHER.sub("", seen)))
    assert not [line for line in _screen(seen) if "⠋" in line]


@pytest.mark.parametrize(
    ("arguments", "number", "last"),
    [
        (
            ["export", "{file}"],
            3,
            "3 letters written with their content, which is recorded. Remove the file when you are done.",
        ),
        (["show", "0-0", "--content"], 1, "That you have seen the content of 1 letter stands in the audit trail."),
    ],
    ids=["export", "show"],
)
def test_an_access_to_content_is_told_in_one_line_and_recorded_for_each_letter(
    settings: Settings, tmp_path: Path, arguments: list[str], number: int, last: str
) -> None:
    publish_letters(settings, [b"1", b"2"])
    publish_letters(settings, [b"3"], partition=1)

    command = [each.format(file=tmp_path / "letters.jsonl") for each in arguments]
    seen = _screen(_seen("dlq", *command, variables=environment(settings, ["dlq", *command])))

    assert seen[-2:] == [last, ""]
    shown = run_command(settings, "audit", "show", "--json", "--command", "dlq")
    noted = [each for line in shown.stdout.splitlines() for each in json.loads(line)["ids"]]
    assert (len(noted), len(set(noted))) == (number, number)
