"""Writes what a batch changed in the register, in the batch's own transaction."""

from datetime import timedelta

from pymongo import DeleteOne, InsertOne, ReplaceOne, UpdateOne
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.collection import AsyncCollection

from services.classifier.mongo.documents import besluit_document, gewist_document, partij_changes, partij_document
from services.domain.partij import PartijRecord
from services.domain.register import Register
from services.runtime.mongo.client import Document


class Recorder:
    """Writes partijen and decisions."""

    def __init__(
        self,
        partijen: AsyncCollection[Document],
        besluiten: AsyncCollection[Document],
        kept_without_trace: timedelta,
    ) -> None:
        self._partijen = partijen
        self._besluiten = besluiten
        self._kept_without_trace = kept_without_trace

    async def record(
        self,
        register: Register,
        known_partijen: dict[str, PartijRecord],
        known_besluiten: set[str],
        session: AsyncClientSession,
    ) -> None:
        """Write the changes of a register that knew these partijen and decisions before."""
        given_up: list[UpdateOne | DeleteOne] = [DeleteOne({"_id": each}) for each in sorted(register.gone_partijen)]
        changed: list[UpdateOne] = []
        inserted: list[InsertOne[Document]] = []
        for partij in map(register.partijen.__getitem__, register.changed_partijen):
            before = known_partijen.get(partij.partij_id)
            if before is None:
                inserted.append(InsertOne(partij_document(partij)))
                continue
            # A whole document costs MongoDB a look at every index.
            if update := partij_changes(before, partij):
                changed.append(UpdateOne({"_id": partij.partij_id}, update))
            kept = [sleutel for sleutel in before.sleutels if sleutel in partij.sleutels]
            if len(kept) < len(before.sleutels):
                fewer = {"$set": {"sleutels": kept}} if kept else {"$unset": {"sleutels": ""}}
                given_up.append(UpdateOne({"_id": partij.partij_id}, fewer))
        # A sleutel can move between partijen: one gives it up before the other takes it. Writes of one kind lie
        # together, since each change of kind is a round trip.
        writes: list[UpdateOne | DeleteOne | InsertOne[Document]] = [*given_up, *changed, *inserted]
        if writes:
            await self._partijen.bulk_write(writes, session=session)
        await self._record_besluiten(register, known_besluiten, session)

    async def _record_besluiten(
        self, register: Register, known_besluiten: set[str], session: AsyncClientSession
    ) -> None:
        documents = [
            besluit_document(register.besluiten[key], self._kept_without_trace)
            for key in register.changed_besluiten
            if key in register.besluiten
        ]
        new = [document for document in documents if document["_id"] not in known_besluiten]
        replaced = [document for document in documents if document["_id"] in known_besluiten]
        if len(documents) < len(register.changed_besluiten):
            erased = register.changed_besluiten & register.gewist.keys()
            replaced += [gewist_document(key, register.gewist[key]) for key in sorted(erased)]
        if new:
            await self._besluiten.insert_many(new, ordered=False, session=session)
        if replaced:
            await self._besluiten.bulk_write(
                [ReplaceOne({"_id": document["_id"]}, document, upsert=True) for document in replaced], session=session
            )
