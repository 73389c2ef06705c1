"""The meaning of MongoDB's errors for a batch. The replies are those of mongod 6.0."""

from collections.abc import Mapping
from typing import Any

import pytest
from pymongo.errors import (
    AutoReconnect,
    BulkWriteError,
    InvalidOperation,
    OperationFailure,
    PyMongoError,
    ServerSelectionTimeoutError,
)

from services.projector.errors import DocumentRefused
from services.projector.mongo.errors import Again, failure_of
from services.runtime.errors import TransientFailure


def labelled(error: PyMongoError, label: str) -> PyMongoError:
    error._add_error_label(label)
    return error


def bulk(*failures: Mapping[str, Any]) -> BulkWriteError:
    return BulkWriteError({"writeErrors": list(failures)})


SAME_DOCUMENT = {"code": 11000, "keyPattern": {"_id": 1}, "keyValue": {"_id": "x"}}
SAME_NUMBER = {"code": 11000, "keyPattern": {"nummer": 1}, "keyValue": {"nummer": "Jansen"}}


@pytest.mark.parametrize(
    ("error", "meaning", "why"),
    [
        (AutoReconnect("lost"), TransientFailure, "the connection was lost"),
        (ServerSelectionTimeoutError("none"), TransientFailure, "there is no primary"),
        (labelled(AutoReconnect("x"), "TransientTransactionError"), TransientFailure, "lost within a transaction"),
        (labelled(OperationFailure("x", 112), "TransientTransactionError"), Again, "two transactions collided"),
        (labelled(OperationFailure("x", 6), "UnknownTransactionCommitResult"), TransientFailure, "perhaps committed"),
        (bulk(SAME_DOCUMENT), Again, "another instance put in the same document"),
        (bulk(SAME_DOCUMENT, SAME_NUMBER), DocumentRefused, "a number that is taken is a mistake of ours"),
        (OperationFailure("x", 13), TransientFailure, "the user has no right, which the operator mends"),
        (OperationFailure("x", 14031), TransientFailure, "the disk is full, which the operator mends"),
        (bulk({"code": 14031}), TransientFailure, "the same, found by a write"),
        (OperationFailure("x", 8000), TransientFailure, "what a hosted MongoDB says of anything"),
        (OperationFailure("x"), TransientFailure, "a server that gives no code"),
        (OperationFailure("x", 10334), DocumentRefused, "a document that is too large"),
        (bulk({"code": 121}), DocumentRefused, "a document that breaks the validator"),
        (InvalidOperation("x"), DocumentRefused, "the driver refuses what we ask"),
    ],
)
def test_errors_are_told_apart(error: PyMongoError, meaning: type, why: str) -> None:
    assert isinstance(failure_of(error), meaning), why


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (AutoReconnect("zqcanaryqz"), "MongoDB does not answer."),
        (OperationFailure("zqcanaryqz", 50), "MongoDB does not answer."),
        (OperationFailure("zqcanaryqz", 13), "MongoDB refuses this user (code 13)."),
        (bulk({"code": 14031, "errmsg": "zqcanaryqz"}), "MongoDB can't write or read (code 14031)."),
        (bulk(SAME_DOCUMENT, {"code": 14031}), "MongoDB can't write or read (code 14031)."),
    ],
)
def test_a_transient_failure_is_reported_with_its_code(error: PyMongoError, told: str) -> None:
    assert str(failure_of(error)) == told


def test_a_doubled_number_is_reported_by_its_field() -> None:
    assert str(failure_of(bulk(SAME_NUMBER))) == "nummer: another document has it"


def test_a_refusal_of_the_validator_is_reported_by_field_and_rule_without_values() -> None:
    details = {
        "operatorName": "$jsonSchema",
        "schemaRulesNotSatisfied": [
            {
                "operatorName": "properties",
                "propertiesNotSatisfied": [
                    {
                        "propertyName": "nummer",
                        "details": [
                            {
                                "operatorName": "pattern",
                                "specifiedAs": {"pattern": "^[0-9]{1,10}$"},
                                "reason": "regular expression did not match",
                                "consideredValue": "Jansen",
                            }
                        ],
                    }
                ],
            },
            {"operatorName": "required", "specifiedAs": {"required": ["versie"]}, "missingProperties": ["versie"]},
        ],
    }

    refused = failure_of(bulk({"code": 121, "errInfo": {"failingDocumentId": "x", "details": details}}))

    assert str(refused) == "refused by the validator at nummer: pattern; refused by the validator at versie: required"
