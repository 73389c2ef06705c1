"""What an error of MongoDB means for a batch that is one transaction: once more, wait, or never.

Infrastructure leads to no dead letter, and stops nobody for good. MongoDB has hundreds of codes for what can be wrong
with a server, and more with every release; those for what can be wrong with a document are few. So these are named, and
every other answer is waited for.
"""

from enum import Enum, auto
from typing import Final

from pymongo.errors import BulkWriteError, ConfigurationError, OperationFailure, ProtocolError, PyMongoError

from services.runtime.errors import TransientFailure
from services.runtime.mongo.client import REFUSED_USER, is_away
from services.runtime.observe.health import Part

DUPLICATE_KEY: Final = 11000
VALIDATION_FAILED: Final = 121

OF_THE_SERVER: Final = (ConfigurationError, ProtocolError)
"""What the driver itself finds in a server that is starting or recovering ("sessions are not supported"), as one asked
directly may be; `connect` has seen before that the settings are right."""

OF_THE_DOCUMENT: Final = frozenset({DUPLICATE_KEY, VALIDATION_FAILED, 22, 10334, 17280, 17419, 17420})
"""Besides those two: InvalidBSON; too large to be sent, to be indexed, after an update, and to be inserted."""


class Meaning(Enum):
    """What to do about an error."""

    COLLIDED = auto()
    """Another transaction was in the way: once more. Nothing was written."""
    DOUBLED = auto()
    """A key that must be unique is taken. Another instance may have put it in just before; then once more helps."""
    AWAY = auto()
    """MongoDB does not answer, or can't do it: wait. After a commit of which it doesn't know whether it came through
    as well: whoever does the batch again finds out."""
    OURS = auto()
    """It never takes this, which is a mistake of ours."""


def meaning_of(error: PyMongoError) -> Meaning:
    """Tell what an error means."""
    if is_away(error) or isinstance(error, OF_THE_SERVER) or error.has_error_label("UnknownTransactionCommitResult"):
        return Meaning.AWAY
    if error.has_error_label("TransientTransactionError"):
        return Meaning.COLLIDED
    codes = _codes(error)
    if codes - OF_THE_DOCUMENT:
        return Meaning.AWAY
    return Meaning.DOUBLED if DUPLICATE_KEY in codes else Meaning.OURS


def mongo_is_away(error: PyMongoError) -> TransientFailure:
    """Say for what a service waits, after an error that means AWAY."""
    code = max(_codes(error) - OF_THE_DOCUMENT, default=None)
    if code in REFUSED_USER:
        told = f"MongoDB refuses this user (code {code})."
    elif code is None or is_away(error):
        told = "MongoDB does not answer."
    else:
        told = f"MongoDB can't write or read (code {code})."
    return TransientFailure(told, part=Part.MONGODB)


def _codes(error: PyMongoError) -> set[int]:
    """Give the server's codes; none when the driver itself found fault."""
    if isinstance(error, BulkWriteError):
        details = error.details or {}
        failures = [*details.get("writeErrors", ()), *details.get("writeConcernErrors", ())]
        return {failure["code"] for failure in failures}
    return {error.code or 0} if isinstance(error, OperationFailure) else set()
