"""The projector's documents, read for the bridge by their schema."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from pymongo.asynchronous.database import AsyncDatabase

from services.bridge.mongo.errors import waited_for
from services.bridge.ports import GoneMarker, ShownContact, ShownOrGone
from services.runtime.mongo.client import Document

KLANTCONTACTEN: Final = "klantcontacten"
PARTIJEN: Final = "partijen"
INTERNE_TAKEN: Final = "interne_taken"
VERVALLEN: Final = "vervallen"
HERBOUW: Final = "herbouw"
KLANTCONTACTEN_VERTROUWELIJK: Final = "klantcontacten_vertrouwelijk"
INTERNE_TAKEN_VERTROUWELIJK: Final = "interne_taken_vertrouwelijk"


IN_PLACE: Final = frozenset({"swapping", "swapped"})
"""The phases of a rebuild in which a document may be absent for a moment."""


class MongoDocuments:
    """What the projector shows. `confidential`: also the collections of confidential klantcontacten."""

    def __init__(self, database: AsyncDatabase[Document], *, confidential: bool) -> None:
        self._database = database
        self._klantcontacten = [database[KLANTCONTACTEN]]
        self._taken = [database[INTERNE_TAKEN]]
        if confidential:
            self._klantcontacten.append(database[KLANTCONTACTEN_VERTROUWELIJK])
            self._taken.append(database[INTERNE_TAKEN_VERTROUWELIJK])

    async def of_klantcontact(self, klantcontact_id: str, taken: Sequence[str] = ()) -> ShownContact:
        """Return what the projector shows of a klantcontact, as `ports.ProjectedDocuments` promises."""
        with waited_for():
            shown = (await self._shown(self._klantcontacten, [klantcontact_id]))[klantcontact_id]
            its_taken = await self._shown(self._taken, taken)
            if not isinstance(shown, Mapping):
                return ShownContact(shown, its_taken)
            its_taken |= await self._taken_of(shown)
            partijen = await self._shown([self._database[PARTIJEN]], _partijen_of(shown))
            return ShownContact(shown, its_taken, partijen)

    async def of_partij(self, partij_id: str) -> ShownOrGone:
        """Return what the projector shows of a partij."""
        with waited_for():
            return (await self._shown([self._database[PARTIJEN]], [partij_id]))[partij_id]

    async def are_whole(self) -> bool:
        """Whether no rebuild is putting its collections in place of these."""
        with waited_for():
            rebuild = await self._database[HERBOUW].find_one({"_id": HERBOUW}, {"phase": 1})
        return rebuild is None or rebuild["phase"] not in IN_PLACE

    async def _taken_of(self, klantcontact: Mapping[str, Any]) -> dict[str, ShownOrGone]:
        herkomst = klantcontact["herkomst"]
        selection = {
            "herkomst.contactId": herkomst["contactId"],
            "herkomst.source": herkomst["source"],
            "interneTaak.aanleidinggevendKlantcontact.klantcontactId": klantcontact["_id"],
        }
        found = [each for collection in self._taken async for each in collection.find(selection)]
        return {each["_id"]: each for each in found}

    async def _shown(self, collections: Sequence[Any], ids: Sequence[str]) -> dict[str, ShownOrGone]:
        """Return documents by id, or the marker of one that is gone."""
        shown: dict[str, ShownOrGone] = dict.fromkeys(ids)
        if ids:
            for collection in collections:
                shown |= {each["_id"]: each async for each in collection.find({"_id": {"$in": list(ids)}})}
        if absent := [each for each, document in shown.items() if document is None]:
            markers = self._database[VERVALLEN].find({"_id": {"$in": absent}})
            shown |= {each["_id"]: GoneMarker(_version(each)) async for each in markers}
        return shown


def _partijen_of(klantcontact: Mapping[str, Any]) -> list[str]:
    return sorted({each["wasPartij"]["partijId"] for each in klantcontact["betrokkenen"] if "wasPartij" in each})


def _version(marker: Document) -> tuple[int, ...]:
    return (marker["versie"],) if "versie" in marker else (marker["revisie"], marker["besluitversie"])
