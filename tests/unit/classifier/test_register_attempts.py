"""How often the register tries to record a batch, and what it makes of an error that stays."""

from collections.abc import Callable, Sequence

import pytest
from pymongo import AsyncMongoClient
from pymongo.errors import (
    AutoReconnect,
    BulkWriteError,
    ConfigurationError,
    DuplicateKeyError,
    InvalidOperation,
    OperationFailure,
    PyMongoError,
)

from services.classifier.mongo import register
from services.classifier.mongo.key_versions import KeyState
from services.classifier.mongo.register import MAX_CONFLICTS, MongoRegister
from services.domain.case import Case
from services.domain.outcome import Outcome
from services.domain.policy import DEFAULT
from services.domain.register import Register
from services.runtime.errors import TransientFailure

DOUBLED = DuplicateKeyError("taken", 11000)
DOUBLED_IN_BULK = BulkWriteError({"writeErrors": [{"code": 11000}]})
COLLISION = OperationFailure("write conflict", 112, {"errorLabels": ["TransientTransactionError"]})


class _Failing(MongoRegister):
    """Fails with these errors, one an attempt and the last one for ever."""

    def __init__(self, *errors: PyMongoError) -> None:
        super().__init__(AsyncMongoClient(connect=False), "none", DEFAULT)
        self._errors = errors
        self.attempts = 0

    async def _attempt(
        self,
        batch: Sequence[Case],  # noqa: ARG002 - as the real one
        judge: Callable[[Register], Sequence[Outcome]],  # noqa: ARG002
        state: KeyState | None,  # noqa: ARG002
    ) -> Sequence[Outcome]:
        self.attempts += 1
        raise self._errors[min(self.attempts, len(self._errors)) - 1]


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(register, "LONGEST_PAUSE_SECONDS", 0)


@pytest.mark.parametrize(
    ("errors", "raised", "attempts", "why"),
    [
        ([DOUBLED], DuplicateKeyError, MAX_CONFLICTS, "nobody got there first: to wait would be for ever"),
        ([DOUBLED_IN_BULK], BulkWriteError, MAX_CONFLICTS, "the same from several writes at once"),
        ([COLLISION], TransientFailure, MAX_CONFLICTS, "others get on each time, and some day they are done"),
        ([COLLISION, DOUBLED], TransientFailure, MAX_CONFLICTS, "the next round tells which of the two it is"),
        ([DOUBLED, AutoReconnect("lost")], TransientFailure, 2, "MongoDB went away"),
        ([OperationFailure("disk", 14031)], TransientFailure, 1, "a full disk is no fault of the contacts"),
        ([ConfigurationError("no sessions")], TransientFailure, 1, "nor is a server that is still starting"),
        ([OperationFailure("hosted", 8000)], TransientFailure, 1, "nor is what a hosted MongoDB has"),
        ([OperationFailure("large", 10334)], OperationFailure, 1, "no second attempt makes a document smaller"),
        ([InvalidOperation("closed")], InvalidOperation, 1, "the driver refuses what we ask"),
    ],
)
async def test_an_error_that_stays_is_waited_for_unless_the_contacts_are_to_blame(
    errors: list[PyMongoError], raised: type[Exception], attempts: int, why: str
) -> None:
    register = _Failing(*errors)
    with pytest.raises(raised):
        await register.transact([], lambda _: [])
    assert register.attempts == attempts, why
