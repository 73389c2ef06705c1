"""Why a rebuild stops, in words for the operator, and how long it bears with MongoDB."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Final

from services.operations.database import mongo_told
from services.runtime.errors import KlantcontactError, TransientFailure
from services.runtime.settings import Settings
from services.runtime.waiting import pauses_within

PATIENCE_SECONDS: Final = 30.0
"""With MongoDB while there is much to do: an election should not cost an hour's work."""


class RebuildRefused(KlantcontactError):
    """Something has to be done first."""


class RebuildStopped(KlantcontactError):
    """It met what it can't put into the new collections."""


def rebuild_told(settings: Settings) -> AbstractContextManager[None]:
    """Say in words for an operator what MongoDB answers; see `mongo_told`."""
    return mongo_told(
        settings, right="make, rename and drop collections with validators (the roles readWrite and dbAdmin) in"
    )


@contextmanager
def swap_told(settings: Settings) -> Iterator[None]:
    """Do the same, and say what an operator must do since the swap had begun."""
    try:
        with rebuild_told(settings):
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
