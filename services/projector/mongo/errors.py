"""Translates an error of MongoDB for a batch: retry, wait, or stop. Only codes and paths are taken from the error."""

from collections.abc import Iterator, Mapping
from typing import Any

from pymongo.errors import BulkWriteError, OperationFailure, PyMongoError

from services.projector.errors import DocumentRefused
from services.runtime.errors import TransientFailure
from services.runtime.mongo.errors import DUPLICATE_KEY, VALIDATION_FAILED, Meaning, meaning_of, mongo_is_away

MAX_REASONS = 10


class Again(Exception):
    """Another instance changed the same documents at the same time. The batch is retried."""


def failure_of(error: PyMongoError) -> Again | TransientFailure | DocumentRefused:
    """Return what to raise after a batch failed. The batch was not written, or it may be written again."""
    match meaning_of(error):
        case Meaning.AWAY:
            return mongo_is_away(error)
        case Meaning.COLLIDED:
            return Again()
        case Meaning.DOUBLED | Meaning.OURS:
            if isinstance(error, BulkWriteError):
                return _of_writes(error.details["writeErrors"])
            code = error.code if isinstance(error, OperationFailure) else None
            return DocumentRefused([f"{type(error).__name__}, code {code}"])


def _of_writes(failures: list[Mapping[str, Any]]) -> Again | DocumentRefused:
    if all(_is_same_document(failure) for failure in failures):
        return Again()
    return DocumentRefused(
        [reason for failure in failures if not _is_same_document(failure) for reason in _reasons(failure)]
    )


def _is_same_document(failure: Mapping[str, Any]) -> bool:
    """Whether another instance has inserted the same document since. Any other duplicate key is a bug."""
    return failure["code"] == DUPLICATE_KEY and failure.get("keyPattern") == {"_id": 1}


def _reasons(failure: Mapping[str, Any]) -> list[str]:
    if failure["code"] == DUPLICATE_KEY:
        return [f"{path}: another document has it" for path in failure.get("keyPattern", {})]
    if failure["code"] == VALIDATION_FAILED:
        rules = list(_broken_rules(failure.get("errInfo", {}).get("details", {}), ()))
        return [f"refused by the validator at {rule}" for rule in rules[:MAX_REASONS]] or ["refused by the validator"]
    return [f"refused with code {failure['code']}"]


def _broken_rules(node: object, path: tuple[str, ...]) -> Iterator[str]:
    """Yield the fields and rules that MongoDB's explanation names. It holds the values too, which are left out."""
    if isinstance(node, list):
        for each in node:
            yield from _broken_rules(each, path)
    elif isinstance(node, Mapping):
        if "propertyName" in node:
            path = (*path, str(node["propertyName"]))
        if "missingProperties" in node:
            yield from (f"{'.'.join((*path, name))}: required" for name in node["missingProperties"])
        elif "consideredValue" in node or "reason" in node:
            yield f"{'.'.join(path)}: {node.get('operatorName')}"
        for name, each in node.items():
            if isinstance(each, list | Mapping) and not name.startswith(("specifiedAs", "considered")):
                yield from _broken_rules(each, path)
