"""The swap in which a rebuild (`services/operations/rebuild`) puts new collections in the place of the live ones.

MongoDB renames one collection at a time. A transaction that saw some new and some old collections would keep one thing
in two places: in its own collection and in `vervallen`. So each transaction on the live collections first reads the
phase here, and gives way while a swap is under way.

This suffices. A transaction that read before the swap began has a snapshot of that time. MongoDB shows it the old
collections or none, or refuses it with error 246, which is retried. A rename waits for its writes.
"""

from enum import StrEnum, auto
from typing import Final

from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.database import AsyncDatabase

from services.runtime.errors import TransientFailure
from services.runtime.mongo.client import Document
from services.runtime.observe.health import Part

COLLECTION: Final = "herbouw"
"""Holds one document: the rebuild under way, or the last one."""

ONLY: Final = {"_id": "herbouw"}


class Phase(StrEnum):
    """The phase of a rebuild."""

    IDLE = auto()
    """No rebuild is under way."""
    BUILDING = auto()
    """The new collections may be dropped at any time."""
    SWAPPING = auto()
    """Some of the live collections may be new and some old: the rebuild must be finished."""
    SWAPPED = auto()
    """The live collections are the new ones, and may miss the newest events."""


UNDER_WAY = (
    "A rebuild is putting its collections in place, which takes a moment. If this lasts, the rebuild was killed: run "
    "`klantcontact rebuild`, which finishes it first."
)


async def step_back(database: AsyncDatabase[Document], session: AsyncClientSession | None = None) -> None:
    """Raise TransientFailure while a swap is under way. In a transaction this must be the first read."""
    state = await database[COLLECTION].find_one(ONLY, {"phase": 1}, session=session)
    if state is not None and state["phase"] == Phase.SWAPPING:
        raise TransientFailure(UNDER_WAY, part=Part.MONGODB)
