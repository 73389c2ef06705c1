"""What an error of MongoDB means: for a batch that is one transaction, and in words, for a service and for an operator.

A failure of the infrastructure leads to no dead letter, and stops no service for good. MongoDB has hundreds of codes
for faults of a server, and more with every release; the codes for faults of a document are few. So those few are
listed, and on every other error a service waits.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum, auto
from typing import Final

from pymongo.errors import (
    BulkWriteError,
    ConfigurationError,
    ConnectionFailure,
    OperationFailure,
    ProtocolError,
    PyMongoError,
)

from services.runtime.errors import InvalidSettings, TransientFailure
from services.runtime.mongo.client import address, uri_variable
from services.runtime.observe.health import Part
from services.runtime.settings import Settings

REFUSED_USER: Final = frozenset({13, 18})
"""Unauthorized, AuthenticationFailed."""

DUPLICATE_KEY: Final = 11000
VALIDATION_FAILED: Final = 121

OF_THE_SERVER: Final = (ConfigurationError, ProtocolError)
"""The driver's own errors about a server that is starting or recovering ("sessions are not supported"). `connect` has
checked before that the settings are right."""

OF_THE_DOCUMENT: Final = frozenset({DUPLICATE_KEY, VALIDATION_FAILED, 22, 10334, 17280, 17419, 17420})
"""Besides those two: InvalidBSON; too large to be sent, to be indexed, after an update, and to be inserted."""


class Meaning(Enum):
    """What to do about an error."""

    COLLIDED = auto()
    """A conflict with another transaction: retry. Nothing was written."""
    DOUBLED = auto()
    """A unique key is taken. Another instance may have written it just before; then a retry succeeds."""
    AWAY = auto()
    """MongoDB does not answer, or can't do it: wait, also after a commit whose outcome is unknown. The batch is
    idempotent, so a retry finds out."""
    OURS = auto()
    """MongoDB never takes this: a mistake of ours."""


def meaning_of(error: PyMongoError) -> Meaning:
    """Return what an error means for a batch."""
    if is_away(error) or isinstance(error, OF_THE_SERVER) or error.has_error_label("UnknownTransactionCommitResult"):
        return Meaning.AWAY
    if error.has_error_label("TransientTransactionError"):
        return Meaning.COLLIDED
    codes = _codes(error)
    if codes - OF_THE_DOCUMENT:
        return Meaning.AWAY
    return Meaning.DOUBLED if DUPLICATE_KEY in codes else Meaning.OURS


def is_refused_by_validator(error: PyMongoError) -> bool:
    """Whether a collection takes no such document."""
    return _codes(error) == {VALIDATION_FAILED}


def is_away(error: PyMongoError) -> bool:
    """Whether to wait: no server answers in time, or the user is refused until an operator corrects that."""
    refused = isinstance(error, OperationFailure) and error.code in REFUSED_USER
    return isinstance(error, ConnectionFailure) or error.timeout or refused


def mongo_is_away(error: PyMongoError) -> TransientFailure:
    """Return what a service waits for, after an error that means AWAY."""
    code = max(_codes(error) - OF_THE_DOCUMENT, default=None)
    if code in REFUSED_USER:
        reason = f"MongoDB refuses this user (code {code})."
    elif code is None or is_away(error):
        reason = "MongoDB does not answer."
    else:
        reason = f"MongoDB can't write or read (code {code})."
    return TransientFailure(reason, part=Part.MONGODB)


@contextmanager
def translate_mongo_errors(settings: Settings, *, right: str = "read") -> Iterator[None]:
    """Translate for an operator what MongoDB answers within the block. `right` names what this user must be allowed
    to do with the database.

    Raises InvalidSettings when MongoDB refuses the user, TransientFailure when it does not answer or can't do it. The
    driver's own text goes no further, not even as a cause: it may repeat what was asked.
    """
    at = f"MongoDB at {address(settings)}"
    try:
        yield
    except PyMongoError as error:
        code = error.code if isinstance(error, OperationFailure) else None
        if code in REFUSED_USER:
            raise InvalidSettings(
                f"{uri_variable(settings)}: {at} refuses this user (code {code}). Ask for the right to {right} "
                f"the database {_databases(settings)}. docs/roles.md names the role of each command."
            ) from None
        if is_away(error):
            raise TransientFailure(f"{at} does not answer.", part=Part.MONGODB) from None
        if isinstance(error, OF_THE_SERVER):
            raise TransientFailure(f"{at} can't do it now ({type(error).__name__}).", part=Part.MONGODB) from None
        if code is None:
            raise  # a mistake of ours
        raise TransientFailure(f"{at} can't do it (code {code}).", part=Part.MONGODB) from None


def _databases(settings: Settings) -> str:
    return " or ".join(dict.fromkeys((settings.mongo_database, settings.register_database)))


def _codes(error: PyMongoError) -> set[int]:
    """Return the server's codes; none for an error of the driver itself."""
    if isinstance(error, BulkWriteError):
        details = error.details or {}
        failures = [*details.get("writeErrors", ()), *details.get("writeConcernErrors", ())]
        return {failure["code"] for failure in failures}
    return {error.code or 0} if isinstance(error, OperationFailure) else set()
