"""The status of interne taken, which the projector leaves to those who do them."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any, Final

from pymongo.asynchronous.database import AsyncDatabase

from services.bridge.meant import state_name
from services.bridge.mongo.documents import INTERNE_TAKEN, INTERNE_TAKEN_VERTROUWELIJK
from services.bridge.mongo.errors import waited_for
from services.bridge.mongo.states import OPENKLANT
from services.bridge.parts import key_of
from services.bridge.resources import Resource
from services.bridge.statuses import TO_BE_DONE, OwnTaak
from services.runtime.mongo.client import Document

AT_ONCE: Final = 500


class MongoTaken:
    """The taken in MongoDB that Open Klant has too."""

    def __init__(self, database: AsyncDatabase[Document], *, confidential: bool) -> None:
        self._states = database[OPENKLANT]
        self._taken = [database[INTERNE_TAKEN]]
        if confidential:
            self._taken.append(database[INTERNE_TAKEN_VERTROUWELIJK])

    async def open(self) -> AsyncIterator[Sequence[OwnTaak]]:
        """Yield the taken that are open here, in batches."""
        for collection in self._taken:
            some: list[Document] = []
            with waited_for():
                async for each in collection.find({"interneTaak.status": TO_BE_DONE}):
                    some.append(each)
                    if len(some) == AT_ONCE:
                        yield await self._ours(some)
                        some = []
                yield await self._ours(some)

    async def closed_among(self, numbers: Sequence[str]) -> Sequence[OwnTaak]:
        """Return those of these numbers that are not open here."""
        selection = {"interneTaak.nummer": {"$in": list(numbers)}, "interneTaak.status": {"$ne": TO_BE_DONE}}
        with waited_for():
            found = [each for collection in self._taken async for each in collection.find(selection)]
            return await self._ours(found)

    async def _ours(self, taken: Sequence[Document]) -> Sequence[OwnTaak]:
        """Return the taken that we wrote, each with its uuid."""
        named = {each["_id"]: state_name(_of(each)) for each in taken}
        states = self._states.find({"_id": {"$in": list(named.values())}}, {"rijen": 1})
        rows = {each["_id"]: each["rijen"] async for each in states}
        keys = {each: key_of(Resource.INTERNE_TAKEN, each) for each in named}
        noted = {each: rows.get(name, {}).get(keys[each]) for each, name in named.items()}
        return [OwnTaak(each, noted[each["_id"]]["uuid"]) for each in taken if noted[each["_id"]] is not None]

    async def set_status(self, taak: OwnTaak, status: str, afgehandeld_op: datetime | None) -> bool:
        """Set a status, as `statuses.TakenHere` promises."""
        unchanged = {
            "_id": taak.document["_id"],
            "interneTaak.status": taak.document["interneTaak"]["status"],
            "interneTaak.toegewezenAan": taak.document["interneTaak"]["toegewezenAan"],
        }
        change: dict[str, Any] = {"$set": {"interneTaak.status": status}}
        if afgehandeld_op is None:
            change["$unset"] = {"interneTaak.afgehandeldOp": ""}
        else:
            change["$set"]["interneTaak.afgehandeldOp"] = afgehandeld_op
        with waited_for():
            done = [await collection.update_one(unchanged, change) for collection in self._taken]
        return any(each.modified_count for each in done)


def _of(taak: Document) -> str:
    return str(taak["interneTaak"]["aanleidinggevendKlantcontact"]["klantcontactId"])
