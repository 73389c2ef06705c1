"""What is recorded of a letter."""

from services.operations.dead_letters.selection import State
from services.operations.dead_letters.states import Change, History
from tests.contacts import NOW


def _change(state: State) -> Change:
    return Change(state=state, by="ada@desk", at=NOW, attempt=1)


def test_a_letter_is_what_was_last_made_of_it() -> None:
    assert History().state is State.OPEN
    assert History((_change(State.DISCARDED), _change(State.REDRIVEN))).state is State.REDRIVEN
