"""Writes what a batch changed in the register, in the batch's own transaction."""

from datetime import timedelta

from pymongo import DeleteOne, ReplaceOne
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.collection import AsyncCollection

from services.classifier.mongo.documents import besluit_document, gewist_document
from services.classifier.mongo.key_versions import Translation
from services.classifier.mongo.writes import partij_writes
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
        hashes: Translation,
    ) -> None:
        """Write the changes of a register that knew these partijen and decisions before, with the hashes stored now."""
        gone = [DeleteOne({"_id": each}) for each in sorted(register.gone_partijen)]
        changed = [(known_partijen.get(each), register.partijen[each]) for each in register.changed_partijen]
        if writes := [*gone, *partij_writes(changed, hashes.written, hashes.as_read)]:
            await self._partijen.bulk_write(writes, session=session)
        await self._record_besluiten(register, known_besluiten, session, hashes)

    async def _record_besluiten(
        self, register: Register, known_besluiten: set[str], session: AsyncClientSession, hashes: Translation
    ) -> None:
        documents = [
            hashes.written(besluit_document(register.besluiten[key], self._kept_without_trace))
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
