"""What is remembered of a request to erase: ids, what came of it and when. A refusal is remembered too.

Its document also says whom a request is about once the links of a klant are forgotten, so that a run that was
interrupted goes on when it is started again with the same request.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from services.classifier.mongo.answers import WISSINGEN
from services.operations.erase.targets import Mode, Target
from services.operations.mongo import Database
from services.runtime.mongo.client import Document

_OF_REQUESTS: Final = "aanvraag"
"""Of these documents alone: the collection has the classifier's answers too."""


REFUSED: Final = "geweigerd"
"""The end of the id of a refusal. A request that is granted later, after an objection, gets a document beside it."""


@dataclass(frozen=True, slots=True)
class ErasureRequests:
    """The requests of one register."""

    register: Database

    async def unfinished(self, verzoek: str, mode: Mode) -> list[Target]:
        """Return what an earlier run with this request began and did not finish."""
        query = {_OF_REQUESTS: mode.value, "verzoek": verzoek, "klaarOp": None, "weigering": None}
        return [_target(each) async for each in self.register[WISSINGEN].find(query)]

    async def is_known(self, verzoek: str, mode: Mode) -> bool:
        """Whether a run with this request has begun."""
        query = {_OF_REQUESTS: mode.value, "verzoek": verzoek, "weigering": None}
        return await self.register[WISSINGEN].find_one(query) is not None

    async def were_granted(self, targets: Sequence[Target]) -> bool:
        """Whether a run has begun to erase any of these for its request. Without targets all is erased already."""
        ids = [_id(each) for each in targets]
        return not ids or await self.register[WISSINGEN].find_one({"_id": {"$in": ids}}, {"_id": 1}) is not None

    async def begin(self, targets: Sequence[Target], reason: str) -> None:
        """Remember what a request is about; nothing changes where it is remembered already."""
        for each in targets:
            begun = {**_document(each), "reason": reason, "begonnenOp": datetime.now(UTC)}
            await self.register[WISSINGEN].update_one({"_id": _id(each)}, {"$setOnInsert": begun}, upsert=True)

    async def finish(self, target: Target, counts: dict[str, int]) -> None:
        """Remember that a target is erased."""
        done = {"klaarOp": datetime.now(UTC), "aantallen": counts}
        await self.register[WISSINGEN].update_one({"_id": _id(target)}, {"$set": done})

    async def refuse(self, targets: Sequence[Target], reason: str, ground: str) -> None:
        """Remember that a request was refused, and why. What is remembered of one that was granted stays as it is."""
        for each in targets:
            refused = {**_document(each), "reason": reason, "weigering": ground, "geweigerdOp": datetime.now(UTC)}
            await self.register[WISSINGEN].update_one({"_id": f"{_id(each)} {REFUSED}"}, {"$set": refused}, upsert=True)


def _id(target: Target) -> str:
    return f"{target.verzoek} {target.mode} {target.partij_id or target.contact_key}"


def _document(target: Target) -> Document:
    return {
        _OF_REQUESTS: target.mode.value,
        "verzoek": target.verzoek,
        "contact": target.contact_key,
        "partijId": target.partij_id,
    }


def _target(document: Any) -> Target:  # noqa: ANN401 - a document
    return Target(
        Mode(document[_OF_REQUESTS]),
        document["verzoek"],
        contact_key=document["contact"],
        partij_id=document["partijId"],
    )
