"""What an erasure passes over: the klanten whose processing is restricted, and their contacts (AVG 18).

A restriction says that a klant wants its details kept, as for a legal claim. Whoever erases lifts it first.
"""

from collections.abc import Sequence

from services.classifier.mongo.documents import besluit_of, gewist_of
from services.classifier.mongo.register import BESLUITEN, PARTIJREGISTER
from services.operations.erase.targets import Target
from services.operations.mongo import Database


async def without_restricted(register: Database, targets: Sequence[Target]) -> tuple[list[Target], Sequence[str]]:
    """Return the targets that concern no restricted partij, and the numbers of those partijen. Raises PyMongoError."""
    free: list[Target] = []
    numbers: dict[str, None] = {}
    for target in targets:
        found = await _restricted(register, await _concerned(register, target))
        if not found:
            free.append(target)
        numbers |= dict.fromkeys(found)
    return free, list(numbers)


async def _concerned(register: Database, target: Target) -> Sequence[str]:
    """Return the partijen that would lose something."""
    if target.contact_key is None:
        return [target.partij_id] if target.partij_id is not None else []
    document = await register[BESLUITEN].find_one({"_id": target.contact_key})
    if document is None or gewist_of(document) is not None:
        return []
    return sorted(besluit_of(document).partijen_ever)


async def _restricted(register: Database, partijen: Sequence[str]) -> list[str]:
    query = {"_id": {"$in": partijen}, "beperkt": {"$exists": True}}
    return [each["nummer"] async for each in register[PARTIJREGISTER].find(query, {"nummer": 1}).sort("nummer")]
