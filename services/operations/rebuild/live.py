"""What the topics no longer hold, from the live documents: merged into what the topics still gave.

Documents are merged as events are, so it does not matter that they go on changing: what is seen of one was true at some
time since the beginning, and whatever moved it on is in the topics. What the topics hold was taken in first and stays
where both know the same, so that what somebody damaged is mended as far back as the topics go.
"""

from collections.abc import Sequence

from pymongo.asynchronous.database import AsyncDatabase

from services.operations.rebuild.batches import batches
from services.operations.rebuild.errors import RebuildStopped, patiently
from services.operations.topic_reader import Progress
from services.projector.errors import NotProjectable
from services.projector.merging.documents import Document
from services.projector.merging.projection import States
from services.projector.mongo.layout import Generation
from services.projector.mongo.register import MongoRegister
from services.projector.mongo.stored import told_by
from services.projector.mongo.writes import Collection

IN_THIS_ORDER = (Collection.VERVALLEN, Collection.KLANTCONTACTEN, Collection.PARTIJEN, Collection.INTERNE_TAKEN)
"""What is gone first: what comes back meanwhile is then seen in both, and what goes is gone by an event."""

READING_FAILURES = (KeyError, TypeError, ValueError)


async def absorb(database: AsyncDatabase[Document], register: MongoRegister, show: Progress) -> int:
    """Merge every live document into a register, and give how many there were.

    Raises RebuildStopped for one that is not as the projector writes them.
    """
    total = sum([await database[each].estimated_document_count() for each in Collection])
    done = 0
    for collection in IN_THIS_ORDER:
        async for documents in batches(database[Generation.LIVE.name_of(collection)]):
            await _absorb(register, collection, documents)
            done += len(documents)
            show(done, max(done, total))
    return done


async def _absorb(register: MongoRegister, collection: Collection, documents: Sequence[Document]) -> None:
    try:
        await _merge(register, collection, documents)
    except (*READING_FAILURES, NotProjectable):
        for each in documents:
            try:
                await _merge(register, collection, [each])
            except (*READING_FAILURES, NotProjectable) as refusal:
                raise RebuildStopped(
                    f"The document {each['_id']} of {collection} is not as the projector writes them "
                    f"({_reason(refusal)}), and "
                    "the topics no longer hold their beginning. Correct it, or delete it, and start again."
                ) from None


def _reason(refusal: Exception) -> str:
    """Tell what is wrong without a value of the document, which the text of an error may hold."""
    if isinstance(refusal, NotProjectable):
        return str(refusal)
    return f"no {refusal}" if isinstance(refusal, KeyError) else type(refusal).__name__


async def _merge(register: MongoRegister, collection: Collection, documents: Sequence[Document]) -> None:
    states: States = told_by(collection, documents)
    await patiently(lambda: register.absorb(states))
