"""The rows and summary of `klantcontact replay` for messages of a channel."""

import json
import re
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from typer.testing import CliRunner

from schemas.faults import RefusalKind
from services.channels.mapping.outcome import MappedContact
from services.cli.progress import progress
from services.cli.replay import app
from services.cli.replay_messages import ShownMessages, message_summary
from services.operations.map_again.comparing import Compared, MadeBefore, MappedStanding
from services.operations.map_again.judging import MappedAnew, OutcomeChange
from services.operations.map_again.run import MappedAgain
from services.operations.replay.requests import Answer
from services.runtime.kafka.records import Record
from tests.unit.cli.test_replay import V1, V4

RECORD = Record("kanaal.klein", 0, 7, datetime(2026, 11, 24, tzinfo=UTC), None, b"a secret message", [])
EVENT = MappedContact("g-1", 101, b"a secret value", "a secret key")
FIELDS = tuple(f"data.veld{number}" for number in range(7))
CHANGES = MappedAnew(
    Compared(RECORD, MappedStanding.CHANGES, "g-1", EVENT, MadeBefore(100, "klein/1", b"a secret value"), FIELDS),
    MappedStanding.CHANGES,
    (OutcomeChange("0", was=V1, wordt=V4), OutcomeChange("1", was=None, wordt=V4)),
)
SAME = MappedAnew(Compared(RECORD, MappedStanding.SAME, "g-2"), MappedStanding.SAME)
GONE = MappedAnew(
    Compared(RECORD, MappedStanding.NO_LONGER, "g-3", reason="skipped: nog_bezig"), MappedStanding.NO_LONGER
)
NOT_YET = MappedAnew(Compared(RECORD, MappedStanding.NOT_MAPPED), MappedStanding.NOT_MAPPED)
REFUSED = replace(SAME, standing=MappedStanding.REFUSED, refusal=RefusalKind.CONTACT_ONGELDIG)


def shown(
    *contacts: tuple[MappedAnew, Answer | None],
    capsys: pytest.CaptureFixture[str],
    as_json: bool = False,
    diff_only: bool = False,
) -> list[str]:
    with progress("judging again", shown=False) as bar:
        show = ShownMessages(bar, as_json=as_json, diff_only=diff_only)
        for mapped, answer in contacts:
            show(mapped, answer)
    out = capsys.readouterr().out
    assert "secret" not in out
    return out.splitlines()


def test_a_row_has_the_decision_and_the_fields_that_differ(capsys: pytest.CaptureFixture[str]) -> None:
    rows = shown((CHANGES, None), (GONE, None), (REFUSED, None), (NOT_YET, None), (SAME, None), capsys=capsys)

    fields = "changes: data.veld0, data.veld1, data.veld2, data.veld3, data.veld4 (+2)"
    assert [re.split(" {2,}", row) for row in rows[1:]] == [
        ["g-1", "0", "V1 → V4", "no → yes", "no", "geen → nieuw", fields],
        ["g-1", "1", "– → V4", "– → yes", "– → no", "– → nieuw", fields],
        ["g-3", "no longer an event: skipped: nog_bezig"],
        ["g-2", "refused: contact_ongeldig"],
        ["kanaal.klein:0:7", "not mapped yet"],
        ["g-2", "same"],
    ]


def test_only_differences_can_be_shown_with_the_answers(capsys: pytest.CaptureFixture[str]) -> None:
    rows = shown((SAME, None), (NOT_YET, None), (CHANGES, Answer.AS_SHOWN), capsys=capsys, diff_only=True)

    assert [re.split(" {2,}", row)[-1].split(":")[0] for row in rows[1:]] == ["judged as shown"] * 2


def test_a_program_gets_all_of_it(capsys: pytest.CaptureFixture[str]) -> None:
    [line] = shown((CHANGES, Answer.AS_SHOWN), capsys=capsys, as_json=True)

    assert json.loads(line) == {
        "topic": "kanaal.klein",
        "partition": 0,
        "offset": 7,
        "contactId": "g-1",
        "standing": "changes",
        "revisie": 101,
        "was": {"mapping": "klein/1", "revisie": 100},
        "fields": list(FIELDS),
        "reason": None,
        "refusal": None,
        "onderwerpen": [
            {"onderwerpId": "0", "was": V1.as_json(), "wordt": V4.as_json()},
            {"onderwerpId": "1", "was": None, "wordt": V4.as_json()},
        ],
        "answer": "judged as shown",
    }


def test_the_summary_says_what_to_do_next() -> None:
    def told(*standings: MappedStanding, executed: bool = False, answers: dict[str, int] | None = None) -> str:
        made = MappedAgain(standings=Counter(standings), answers=Counter(answers or {}))
        return "\n".join(message_summary(made, executed=executed))

    assert told() == "No message fits the selection."
    assert told(MappedStanding.SAME) == "       1  same"
    assert "--execute sends" in told(MappedStanding.CHANGES)
    assert "--execute sends" not in told(MappedStanding.CHANGES, executed=True, answers={Answer.AS_SHOWN: 1})
    assert "Raise `herziening`" in told(MappedStanding.CONFLICT)
    assert "stays as it was decided" in told(MappedStanding.NO_LONGER)
    assert "policy" in told(MappedStanding.CHANGES, executed=True, answers={Answer.LEFT: 1})


def test_a_conflict_and_another_answer_are_faults() -> None:
    assert MappedAgain(standings=Counter([MappedStanding.CHANGES])).is_as_meant
    assert not MappedAgain(standings=Counter([MappedStanding.CONFLICT])).is_as_meant
    assert not MappedAgain(answers=Counter([Answer.OTHERWISE])).is_as_meant


@pytest.mark.parametrize("option", [["--source", "urn:a"], ["--publish-again"], ["--with-current-register"]])
def test_options_of_another_replay_are_refused(
    option: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    file = tmp_path_factory.mktemp("channels") / "kanalen.toml"
    file.write_text('[kanaal.klein]\nmapping = "open-forms"\n', "utf-8")
    monkeypatch.setenv("KLANTCONTACT_KANALEN_FILE", str(file))

    done = CliRunner().invoke(app, ["--topic", "kanaal.klein", *option])

    assert done.exit_code == 2
    assert "mapped again" in done.output
