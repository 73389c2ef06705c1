"""MongoDB's errors in words for an operator."""

import pytest
from pymongo.errors import (
    AutoReconnect,
    BulkWriteError,
    ConfigurationError,
    InvalidOperation,
    OperationFailure,
    PyMongoError,
)

from services.runtime.errors import InvalidSettings, KlantcontactError, TransientFailure
from services.runtime.mongo.errors import translate_mongo_errors
from services.runtime.settings import Settings


@pytest.mark.parametrize(
    ("error", "expected", "told"),
    [
        (
            OperationFailure("zqcanaryqz", 13),
            InvalidSettings,
            r"refuses this user \(code 13\)\. Ask for the right to write the database klantcontact\.",
        ),
        (OperationFailure("zqcanaryqz", 96), TransientFailure, r"can't do it \(code 96\)"),
        (BulkWriteError({"writeErrors": [{"op": "zqcanaryqz"}]}), TransientFailure, r"can't do it \(code 65\)"),
        (AutoReconnect("zqcanaryqz"), TransientFailure, "does not answer"),
        (ConfigurationError("zqcanaryqz"), TransientFailure, r"can't do it now \(ConfigurationError\)"),
    ],
)
def test_an_error_of_mongodb_is_translated_without_its_text(
    error: PyMongoError, expected: type[KlantcontactError], told: str
) -> None:
    with pytest.raises(expected, match=told) as raised, translate_mongo_errors(Settings(), right="write"):
        raise error
    assert "zqcanaryqz" not in str(raised.value)


def test_a_wrong_call_of_ours_is_not_taken_for_a_fault_of_mongodb() -> None:
    with pytest.raises(InvalidOperation), translate_mongo_errors(Settings()):
        raise InvalidOperation("closed")
