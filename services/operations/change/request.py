"""What is remembered of a request to change something of a klant: ids, when, and what was asked.

The same change has to go out when a command that was interrupted is started again: with its id and its moment. So both
are remembered before it is sent, with the requests to erase.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final
from uuid import uuid4

from pymongo import ReturnDocument

from schemas.contact_ended_v1 import Toestemming
from services.classifier.changes import Opdracht
from services.classifier.mongo.answers import WISSINGEN
from services.operations.mongo import Database

_OF_REQUESTS: Final = "aanvraag"


class AskedChange(StrEnum):
    """What an operator asks for a klant, as the command is typed."""

    WITHDRAWN = "withdraw"
    GIVEN = "withdraw --given"
    RESTRICTED = "restrict --on"
    LIFTED = "restrict --off"

    @property
    def toestemming(self) -> Toestemming | None:
        """What the klant says of consent; None: it is about a restriction."""
        return {AskedChange.WITHDRAWN: Toestemming.INGETROKKEN, AskedChange.GIVEN: Toestemming.GEGEVEN}.get(self)

    @property
    def beperking(self) -> bool | None:
        """Whether processing is restricted from now on; None: it is about consent."""
        return {AskedChange.RESTRICTED: True, AskedChange.LIFTED: False}.get(self)


@dataclass(frozen=True, slots=True)
class ChangeRequest:
    """A change that was asked for."""

    opdracht: Opdracht
    done_at: datetime | None = None
    """When the classifier was seen to have executed it."""


@dataclass(frozen=True, slots=True)
class ChangeRequests:
    """The requests of one register about one klant."""

    register: Database
    verzoek: str
    asked: AskedChange
    partij_id: str

    async def find(self) -> ChangeRequest | None:
        """Return what an earlier run with this request asked."""
        document = await self.register[WISSINGEN].find_one({"_id": self._id})
        return self._request(document) if document is not None else None

    async def begin(self, op: datetime, reason: str) -> ChangeRequest:
        """Remember a change, and return it; or return what an earlier run with this request began."""
        begun = {
            _OF_REQUESTS: self.asked.value,
            "verzoek": self.verzoek,
            "partijId": self.partij_id,
            "wijzigingId": str(uuid4()),
            "op": op.isoformat(),
            "reason": reason,
            "begonnenOp": datetime.now(UTC),
        }
        document = await self.register[WISSINGEN].find_one_and_update(
            {"_id": self._id}, {"$setOnInsert": begun}, upsert=True, return_document=ReturnDocument.AFTER
        )
        return self._request(document)

    async def finish(self) -> None:
        """Remember that the classifier has executed it."""
        await self.register[WISSINGEN].update_one({"_id": self._id}, {"$set": {"klaarOp": datetime.now(UTC)}})

    async def forget(self) -> None:
        """Forget it: no contact knows the klant, so nothing is kept."""
        await self.register[WISSINGEN].delete_one({"_id": self._id})

    @property
    def _id(self) -> str:
        return f"{self.verzoek} {self.asked} {self.partij_id}"

    def _request(self, document: Any) -> ChangeRequest:  # noqa: ANN401 - a document
        op = datetime.fromisoformat(document["op"])
        opdracht = Opdracht(document["wijzigingId"], self.partij_id, op, self.asked.toestemming, self.asked.beperking)
        return ChangeRequest(opdracht, document.get("klaarOp"))
