"""The bridge's own state in MongoDB: the uuids of its rows in Open Klant, who is at work on what, and no contents.

A document is a klantcontact (`kc:`), a partij (`partij:`) or an actor (`actor:`). MongoDB's clock counts, so instances
whose clocks differ agree on when a lease ends.
"""

import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, Final
from uuid import uuid4

import structlog
from pymongo import IndexModel, ReturnDocument
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import DuplicateKeyError, PyMongoError

from services.bridge.errors import Leased, LetterReason
from services.bridge.mongo.errors import waited_for
from services.bridge.parts import Noted, Ours, Signer, root_of
from services.bridge.ports import LeaseNote, State
from services.bridge.resources import Resource
from services.runtime.mongo.client import Document

log = structlog.get_logger()

OPENKLANT: Final = "openklant"

SLEUTEL: Final = "sleutel"
"""The document with the key of the merken. It stands beside them: they shall not tell a number to one who sees them,
and who reads the whole database reads the contents in it anyway."""

INDEXES: Final = (
    IndexModel("volgt", name="following", sparse=True),
    IndexModel("vergetenOp", name="forgotten_at", expireAfterSeconds=0),
    IndexModel("begonnen", name="unequal", partialFilterExpression={"af": False}),
)

HOLDER: Final = "huur.van"


class MongoStates:
    """The states."""

    def __init__(self, database: AsyncDatabase[Document], *, remember_days: int, lease_seconds: int) -> None:
        """`remember_days`: how long the state stays of a klantcontact or partij that went from Open Klant, for reports.

        `lease_seconds` is longer than one call may take. Each note begins it anew.
        """
        self._states = database[OPENKLANT]
        self._remember_days = remember_days
        self._lease_seconds = lease_seconds

    async def prepare(self) -> None:
        """Create what is missing. Raises TransientFailure."""
        with waited_for():
            await self._states.create_indexes(list(INDEXES))

    async def signer(self) -> Signer:
        """Return what makes merken. The first instance makes its key."""
        with waited_for():
            made = {"$setOnInsert": {SLEUTEL: secrets.token_bytes(32)}}
            with suppress(DuplicateKeyError):  # another instance made it just now
                await self._states.update_one({"_id": SLEUTEL}, made, upsert=True)
            kept = await self._states.find_one({"_id": SLEUTEL})
        assert kept is not None, "it was made above"
        return Signer(bytes(kept[SLEUTEL]))

    async def find(self, name: str) -> State:
        """Return the state of this name."""
        with waited_for():
            return _state(await self._states.find_one({"_id": name}))

    async def uuids(self, names: Sequence[str]) -> Mapping[str, str]:
        """Return uuids in Open Klant, as `ports.BridgeStates` promises."""
        if not names:
            return {}
        with waited_for():
            found = await self._states.find({"_id": {"$in": list(names)}}, {"rijen": 1}).to_list()
        roots = {each["_id"]: each["rijen"].get(root_of(each["_id"])) for each in found}
        return {name: root["uuid"] for name, root in roots.items() if root is not None}

    async def following(self, klantcontact_id: str) -> Sequence[str]:
        """Return the ids of the klantcontacten that follow this one."""
        with waited_for():
            found = await self._states.find({"volgt": klantcontact_id}, {"_id": 1}).to_list()
        return [each["_id"].removeprefix("kc:") for each in found]

    async def forget_actoren(self, uuids: Sequence[str]) -> None:
        """Forget actoren that are no longer in Open Klant."""
        with waited_for():
            await self._states.delete_many({f"rijen.{Resource.ACTOREN}.uuid": {"$in": list(uuids)}})

    async def give_up(self, name: str, reason: LetterReason) -> None:
        """Note that a thing became a dead letter."""
        with waited_for():
            await self._states.update_one({"_id": name}, {"$set": {"fout": reason}})

    async def oldest_unequal_seconds(self) -> float:
        """Return how long the oldest convergence that has not come to its end has been under way. Letters are apart."""
        age = {"$dateDiff": {"startDate": "$begonnen", "endDate": "$$NOW", "unit": "second"}}
        with waited_for():
            steps: list[Document] = [
                {"$match": {"af": False, "fout": None}},
                {"$sort": {"begonnen": 1}},
                {"$limit": 1},
                {"$project": {"age": age}},
            ]
            found = await (await self._states.aggregate(steps)).to_list()
        return float(found[0]["age"]) if found else 0.0

    @asynccontextmanager
    async def leased(self, name: str, *, follows: Sequence[str] = ()) -> AsyncIterator["MongoLease"]:
        """Hold the lease of a thing for the block, as `ports.BridgeStates` promises."""
        holder = uuid4().hex
        with waited_for():
            beginning = _beginning(_lease(holder, self._lease_seconds), holder, follows)
            begun = await self._states.find_one_and_update(
                {"_id": name}, beginning, upsert=True, return_document=ReturnDocument.AFTER
            )
        assert begun is not None, "it is made where there is none"
        if begun["huur"]["van"] != holder:
            raise Leased
        before, mine = {**begun, "af": begun["huur"]["af"]}, {"_id": name, HOLDER: holder}
        renewed = _lease(holder, self._lease_seconds)
        lease = MongoLease(self._states, mine, renewed, _state(before), self._remember_days)
        try:
            yield lease
        finally:
            if not lease.is_given_back:
                with suppress(PyMongoError):  # then it ends by itself
                    await self._states.update_one(mine, {"$unset": {"huur": ""}})


class MongoLease:
    """The lease of one thing."""

    def __init__(
        self,
        states: AsyncCollection[Document],
        mine: Document,
        lease: Document,
        state: State,
        remember_days: int,
    ) -> None:
        """`mine` selects the document while the lease is ours, and `lease` renews it."""
        self._states = states
        self._mine = mine
        self._lease = lease
        self._remember_days = remember_days
        self.state = state
        self.is_given_back = False

    async def note(self, note: LeaseNote) -> None:
        """Note how far the convergence is, as `ports.Lease` promises."""
        others = [{"resource": each.resource.value, "uuid": each.uuid} for each in note.others]
        await self._set(
            {
                "rijen": {"$literal": {key: _document(each) for key, each in note.rows.items()}},
                "verwijderdDoorGemeente": sorted(note.removed),
                "bezig": sorted(note.in_flight),
                "weggehaald": {"$add": [{"$ifNull": ["$weggehaald", 0]}, note.taken_away]},
                "anderen": {"$setUnion": [{"$ifNull": ["$anderen", []]}, others]},
            }
        )
        self.state = State(note.ours, self.state.summary)

    async def end(self, summary: Mapping[str, Any]) -> None:
        """Note that all is equal, and give the lease back."""
        gone = not self.state.ours.rows
        forgotten = {"$dateAdd": {"startDate": "$$NOW", "unit": "day", "amount": self._remember_days}}
        await self._set(
            {
                **{name: {"$literal": value} for name, value in summary.items()},
                "af": True,
                "bezig": [],
                "bijgewerkt": "$$NOW",
                "vergetenOp": forgotten if gone and not self.state.ours.removed else None,
                "huur": "$$REMOVE",
            }
        )
        self.is_given_back = True

    async def _set(self, fields: Document) -> None:
        with waited_for():
            lease = {"$mergeObjects": ["$huur", self._lease]}
            done = await self._states.update_one(self._mine, [{"$set": {"huur": lease, **fields}}])
        if not done.matched_count:
            raise Leased


def _beginning(lease: Document, holder: str, follows: Sequence[str]) -> list[Document]:
    """Return the update that takes a lease that is free, and changes nothing of one that another instance holds.

    The lease remembers whether the last convergence had come to its end; None: there was none.
    """
    is_free = {"$or": [{"$eq": [{"$type": "$huur"}, "missing"]}, {"$lt": ["$huur.tot", "$$NOW"]}]}
    taken = {"$mergeObjects": [lease, {"af": {"$ifNull": ["$af", None]}}]}
    is_ours = {"$eq": ["$huur.van", holder]}
    since = {"$cond": [{"$eq": ["$af", False]}, {"$ifNull": ["$begonnen", "$$NOW"]}, "$$NOW"]}
    begun = {
        "begonnen": since,
        "af": False,
        "fout": None,
        "rijen": {"$ifNull": ["$rijen", {"$literal": {}}]},
        "volgt": {"$literal": list(follows)},
    }
    return [
        {"$set": {"huur": {"$cond": [is_free, taken, "$huur"]}}},
        {"$set": {name: {"$cond": [is_ours, value, f"${name}"]} for name, value in begun.items()}},
    ]


def _lease(holder: str, seconds: int) -> Document:
    until = {"$dateAdd": {"startDate": "$$NOW", "unit": "second", "amount": seconds}}
    return {"van": holder, "tot": until}


def _document(noted: Noted) -> Document:
    document: Document = {"uuid": noted.uuid, "merk": noted.merk}
    return {**document, "toegewezen": list(noted.toegewezen)} if noted.toegewezen else document


def _state(document: Document | None) -> State:
    if document is None or document["af"] is None:
        return State()
    rows = {
        key: Noted(each["uuid"], each["merk"], tuple(each.get("toegewezen", ())))
        for key, each in document["rijen"].items()
    }
    ours = Ours(
        rows,
        is_new=False,
        is_done=bool(document["af"]),
        in_flight=frozenset(document.get("bezig", ())),
        removed=frozenset(document.get("verwijderdDoorGemeente", ())),
    )
    return State(ours, {name: document[name] for name in SUMMARY if name in document})


SUMMARY: Final = ("versie", "merk", "nummer", "partijen")
"""The fields of a convergence that came to its end."""
