"""What is recorded of a letter, and what an operator hears when it can't be."""

import pytest
from pymongo.errors import AutoReconnect, BulkWriteError, OperationFailure, PyMongoError

from services.operations.dead_letters.selection import State
from services.operations.dead_letters.states import Change, History, _told
from services.runtime.errors import InvalidSettings, KlantcontactError, TransientFailure
from services.runtime.settings import Settings
from tests.contacts import NOW


def _change(state: State) -> Change:
    return Change(state=state, by="ada@desk", at=NOW, attempt=1)


def test_a_letter_is_what_was_last_made_of_it() -> None:
    assert History().state is State.OPEN
    assert History((_change(State.DISCARDED), _change(State.REDRIVEN))).state is State.REDRIVEN


@pytest.mark.parametrize(
    ("error", "expected", "told"),
    [
        (
            OperationFailure("zqcanaryqz", 13),
            InvalidSettings,
            r"refuses this user \(code 13\)\. Ask for the right to read",
        ),
        (OperationFailure("zqcanaryqz", 96), TransientFailure, r"can't do it \(code 96\)"),
        (BulkWriteError({"writeErrors": [{"op": "zqcanaryqz"}]}), TransientFailure, r"can't do it \(code 65\)"),
        (AutoReconnect("zqcanaryqz"), TransientFailure, "does not answer"),
    ],
)
def test_what_mongodb_answers_is_told_without_its_text(
    error: PyMongoError, expected: type[KlantcontactError], told: str
) -> None:
    with pytest.raises(expected, match=told) as raised, _told(Settings()):
        raise error
    assert "zqcanaryqz" not in str(raised.value)
