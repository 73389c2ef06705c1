"""The rows and summary of `klantcontact replay`."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from services.cli import replay
from services.cli.progress import progress
from services.cli.replay_screen import ShownContacts, summary_lines
from services.domain.herbeoordeling import Feiten
from services.domain.policy import DEFAULT, Beleid
from services.operations.audit.trail import Note, unnoted
from services.operations.replay.differences import Difference, OnderwerpDifference, OnderwerpOutcome, Standing
from services.operations.replay.judging import Examined, ToPublish
from services.operations.replay.replay import Replayed, Tell
from services.operations.replay.requests import Answer
from services.operations.replay.selection import ContactSelection
from services.operations.topic_reader import Progress
from services.runtime.kafka.records import Record
from services.runtime.settings import Settings

V4 = OnderwerpOutcome("V4", klantcontact=True, interne_taak=False, partij="nieuw", contactgegevens=False)
V1 = OnderwerpOutcome("V1", klantcontact=False, interne_taak=False, partij="geen", contactgegevens=False)


def _examined(standing: Standing, difference: Difference | None = None) -> Examined:
    record = Record("contact.ended", 3, 17, datetime(2026, 11, 24, tzinfo=UTC), None, b"{}", [])
    return Examined(record, "urn:a", "c-1", standing, difference)


SAME = _examined(Standing.SAME)
CHANGES = _examined(
    Standing.CHANGES,
    Difference(
        "urn:a",
        "c-1",
        1,
        1,
        (
            OnderwerpDifference("0", was=V4, wordt=V1, only_besides=False),
            OnderwerpDifference("1", was=V4, wordt=V4, only_besides=True),
        ),
    ),
)


def _shown(
    *contacts: tuple[Examined, Answer | None],
    capsys: pytest.CaptureFixture[str],
    as_json: bool = False,
    diff_only: bool = False,
) -> list[str]:
    with progress("judging again", shown=False) as bar:
        shown = ShownContacts(bar, as_json=as_json, diff_only=diff_only)
        for examined, answer in contacts:
            shown(examined, answer)
    return capsys.readouterr().out.splitlines()


def test_the_heading_comes_once_with_the_first_row(capsys: pytest.CaptureFixture[str]) -> None:
    nothing = _shown((SAME, None), capsys=capsys, diff_only=True)
    rows = _shown((SAME, None), (CHANGES, None), (CHANGES, Answer.AS_SHOWN), capsys=capsys)

    changes = [
        ["c-1", "0", "V4 → V1", "yes → no", "no", "nieuw → geen", "changes"],
        ["c-1", "1", "V4", "yes", "no", "nieuw", "in its events only"],
    ]
    answered = [[*cells[:-1], "judged as shown"] for cells in changes]
    assert nothing == []
    assert [re.split(" {2,}", row) for row in rows] == [
        ["contact", "onderwerp", "rule", "klantcontact", "taak", "partij"],
        ["c-1", "same"],
        *changes,
        *answered,
    ]


def test_a_program_gets_all_that_a_person_gets(capsys: pytest.CaptureFixture[str]) -> None:
    line, same = _shown((CHANGES, Answer.LEFT), (SAME, None), capsys=capsys, as_json=True)

    place = {"source": "urn:a", "contactId": "c-1", "topic": "contact.ended", "partition": 3, "offset": 17}
    assert json.loads(line) == {
        **place,
        "standing": "changes",
        "revisie": 1,
        "besluitversie": 1,
        "onderwerpen": [
            {"onderwerpId": "0", "was": V4.as_json(), "wordt": V1.as_json(), "onlyBesides": False},
            {"onderwerpId": "1", "was": V4.as_json(), "wordt": V4.as_json(), "onlyBesides": True},
        ],
        "answer": "left as it was",
    }
    assert json.loads(same) == {**place, "standing": "same"}


def test_events_that_are_to_go_out_again_are_counted_for_each_contact_and_in_all(
    capsys: pytest.CaptureFixture[str],
) -> None:
    asked = replace(_examined(Standing.TO_PUBLISH), to_publish=ToPublish("key", 1, 1, 3, ()))
    rows = _shown((asked, None), (asked, Answer.PUBLISHED), capsys=capsys, diff_only=True)
    assert [re.split(" {2,}", row)[-1] for row in rows[1:]] == [
        "to publish again: 3 events",
        "published again: 3 events",
    ]
    [line] = _shown((asked, Answer.PUBLISHED), capsys=capsys, as_json=True)
    assert (json.loads(line)["events"], json.loads(line)["answer"]) == (3, "published again")

    replayed = Replayed()
    replayed.add(asked)
    replayed.add(asked)
    assert list(summary_lines(replayed, executed=False)) == [
        "       2  to publish again",
        "       6  events",
        "Nothing was published. --execute has the classifier publish these events again.",
    ]
    replayed.answers = {Answer.PUBLISHED: 1, Answer.NOT_PUBLISHED: 1}
    assert not replayed.is_as_shown
    assert "corrected or judged again meanwhile" in "".join(summary_lines(replayed, executed=True))


def test_a_selection_without_records_is_reported() -> None:
    assert list(summary_lines(Replayed(), executed=False)) == ["No record fits the selection."]


def test_an_interrupted_replay_reports_how_much_it_judged(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def interrupted(
        _settings: Settings,
        _selection: ContactSelection,
        *,
        beleid: Beleid,
        feiten: Feiten,
        execute: bool,
        tell: Tell,
        progress: Progress,
        note: Note,
    ) -> Replayed:
        assert note is not unnoted
        assert (beleid, feiten, execute) == (DEFAULT, Feiten.VASTGELEGD, True)
        progress(2, 9)
        tell(SAME, None)
        tell(CHANGES, Answer.AS_SHOWN)
        raise KeyboardInterrupt

    monkeypatch.setattr(replay, "judge_again", interrupted)

    with pytest.raises(KeyboardInterrupt):
        replay.replay(execute=True)

    assert capsys.readouterr().err == (
        "Interrupted: 1 contact judged again so far. The classifier still judges the requests that are in the topic. "
        "Start this again for the rest.\n"
    )


@pytest.mark.parametrize(("forgotten", "times"), [(0, 0), (200_001, 1)])
def test_a_dry_run_reports_the_contacts_that_it_could_not_carry(forgotten: int, times: int) -> None:
    told = "\n".join(summary_lines(Replayed(forgotten=forgotten), executed=False))
    assert told.count("200,001 were dropped") == times
