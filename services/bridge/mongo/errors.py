"""Translates an error of MongoDB: wait for it, unless the bridge asked for something that it never takes."""

from collections.abc import Iterator
from contextlib import contextmanager

from pymongo.errors import PyMongoError

from services.runtime.mongo.errors import Meaning, meaning_of, mongo_is_away


@contextmanager
def waited_for() -> Iterator[None]:
    """Raise TransientFailure for what MongoDB can't do now. The driver's own text may hold values."""
    try:
        yield
    except PyMongoError as error:
        if meaning_of(error) is Meaning.OURS:
            raise
        raise mongo_is_away(error) from None
