"""The moment in which a rebuild (`services/operations/rebuild`) puts new collections in the place of the live ones.

MongoDB renames one collection at a time, and a transaction that saw some of the new and some of the old would keep one
thing in two places: in its own collection and in `vervallen`. So the law is that whoever writes to the live collections
looks here first, in the same transaction, and steps back while a swap is under way. That suffices: a transaction that
looked before the swap began reads as of that time, and MongoDB lets it see the old collections, none at all, or (error
246, to be tried again) refuses it; a rename waits for what it has written.
"""

from enum import StrEnum, auto
from typing import Final

from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.database import AsyncDatabase

from services.runtime.errors import TransientFailure
from services.runtime.mongo.client import Document
from services.runtime.observe.health import Part

COLLECTION: Final = "herbouw"
"""Holds one document: the rebuild that is under way, or the last one."""

ONLY: Final = {"_id": "herbouw"}


class Phase(StrEnum):
    """How far a rebuild has come."""

    IDLE = auto()
    """None is under way."""
    BUILDING = auto()
    """What it makes may be thrown away at any time."""
    SWAPPING = auto()
    """Some of the live collections may be new and some old: from here on it must be finished."""
    SWAPPED = auto()
    """The live collections are the new ones, and may miss the newest events."""


UNDER_WAY = (
    "A rebuild is putting its collections in place, which takes a moment. If this lasts, it was killed in it: run "
    "`klantcontact rebuild`, which finishes that first."
)


async def step_back(database: AsyncDatabase[Document], session: AsyncClientSession | None = None) -> None:
    """Raise TransientFailure while a swap is under way. In a transaction it has to be the very first read."""
    state = await database[COLLECTION].find_one(ONLY, {"phase": 1}, session=session)
    if state is not None and state["phase"] == Phase.SWAPPING:
        raise TransientFailure(UNDER_WAY, part=Part.MONGODB)
