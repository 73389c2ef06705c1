"""The recorded state of a letter."""

from dataclasses import replace

from services.operations.dead_letters.selection import LetterState
from services.operations.dead_letters.states import Aim, Change, History
from tests.support.contacts import NOW


def _change(state: LetterState) -> Change:
    return Change(state=state, by="ada@desk", at=NOW, attempt=1)


def test_a_letter_has_its_last_recorded_state() -> None:
    assert History().state is LetterState.OPEN
    assert History((_change(LetterState.DISCARDED), _change(LetterState.REDRIVEN))).state is LetterState.REDRIVEN


def test_a_corrected_redrive_differs_from_a_redrive_as_it_came() -> None:
    as_it_came = History((_change(LetterState.REDRIVEN),))
    corrected = History((replace(_change(LetterState.REDRIVEN), corrected=True),))
    assert [each.has_come_to(Aim(LetterState.REDRIVEN)) for each in (as_it_came, corrected, History())] == [
        True,
        False,
        False,
    ]
    assert corrected.has_come_to(Aim(LetterState.REDRIVEN, corrected=True))
    assert [each.told for each in (as_it_came, corrected, History())] == [
        "redriven as it came",
        "redriven corrected",
        "open",
    ]
