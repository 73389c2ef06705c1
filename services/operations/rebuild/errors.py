"""Why a rebuild stops, in words for the operator, and MongoDB's own errors turned into them."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Final

from pymongo.errors import OperationFailure, PyMongoError

from services.runtime.backoff import pauses_within
from services.runtime.errors import InvalidSettings, KlantcontactError, TransientFailure
from services.runtime.health import Part
from services.runtime.mongo import REFUSED_USER, address, is_away
from services.runtime.settings import Settings

PATIENCE_SECONDS: Final = 30.0
"""With MongoDB while there is much to do: an election should not cost an hour's work."""


class RebuildRefused(KlantcontactError):
    """Something has to be done first."""


class RebuildStopped(KlantcontactError):
    """It met what it can't put into the new collections."""


@contextmanager
def mongo_told(settings: Settings) -> Iterator[None]:
    """Say in words for an operator what MongoDB answers.

    Raises InvalidSettings for a right that is missing, TransientFailure when it is away.
    """
    try:
        yield
    except PyMongoError as error:
        at = f"MongoDB at {address(settings)}"
        if isinstance(error, OperationFailure) and error.code in REFUSED_USER:
            raise InvalidSettings(
                f"KLANTCONTACT_MONGO_URI: {at} refuses this user (code {error.code}). A rebuild makes, renames and "
                f"drops collections and their validators: it takes the roles readWrite and dbAdmin on "
                f"{settings.mongo_database}."
            ) from None
        if is_away(error):
            raise TransientFailure(f"{at} does not answer.", part=Part.MONGODB) from error
        raise


@contextmanager
def swap_told(settings: Settings) -> Iterator[None]:
    """Do the same, and say what an operator must do since the swap had begun."""
    try:
        with mongo_told(settings):
            yield
    except TransientFailure as failure:
        raise TransientFailure(
            f"{failure} The swap had begun: run `klantcontact rebuild` again, which finishes it.", part=failure.part
        ) from failure


async def patiently(write: Callable[[], Awaitable[None]]) -> None:
    """Write, and bear with a MongoDB that is away for a while. Raises TransientFailure when it stays away."""
    for pause_seconds in pauses_within(PATIENCE_SECONDS):
        try:
            await write()
        except TransientFailure:
            await asyncio.sleep(pause_seconds)
        else:
            return
    await write()
