"""What a batch reads of the decision records, within bounds."""

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, Final

from bson import decode_all
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.collection import AsyncCollection

from services.classifier.mongo.documents import BIJDRAGE_FIELDS, add_stored, bijdragen_of
from services.classifier.mongo.queries import asked_besluiten
from services.classifier.ports import HeavyBatch
from services.domain.case import Case
from services.domain.register import Register
from services.runtime.mongo.client import Document

AT_ONCE: Final = 10_000
"""Documents in one answer: more than a batch usually asks for. By default MongoDB's first answer has 101."""

MAX_BESLUITEN_BYTES: Final = 2 * 1024 * 1024
"""Of the decision records behind a batch, as MongoDB stores them; Python needs six times as much. Those of 500 usual
contacts are a third of it. One record can be a tenth, which an event of 464 bytes asks for."""

MAX_FOLDED: Final = 300_000
"""What contacts did to the klanten of a batch, times its corrections: each looks at all that the others did. It takes
about a second, in which nothing else of this process runs."""

READ_AT_ONCE: Final = 1_000
"""Of those. There can be many, and each is small once it is read."""


async def stored_besluiten(
    besluiten: AsyncCollection[Document], batch: Sequence[Case], session: AsyncClientSession, most_bytes: int | None
) -> AsyncIterator[Document]:
    """Yield the decision records behind a batch. Raises HeavyBatch before it decodes more than `most_bytes`."""
    found = besluiten.find_raw_batches(asked_besluiten(batch), session=session, batch_size=AT_ONCE)
    seen_bytes = 0
    async with found:
        async for answer in found:
            raw: Any = answer  # bytes, whatever the driver's types say
            seen_bytes += len(raw)
            if most_bytes is not None and seen_bytes > most_bytes:
                raise HeavyBatch
            for document in decode_all(raw, besluiten.codec_options):
                yield document


async def add_bijdragen(
    besluiten: AsyncCollection[Document],
    partij_ids: set[str],
    register: Register,
    session: AsyncClientSession,
    read: Callable[[Document], Document],
    *,
    most: int | None,
) -> None:
    """Add what every contact did to these partijen: a revisie is judged as if the earlier one had not been.

    `read` gives a stored document its newest hashes. Raises HeavyBatch when the contacts did more than `most`.
    """
    query = {"partijen.partijId": {"$in": sorted(partij_ids)}}
    seen = 0
    async for document in besluiten.find(query, BIJDRAGE_FIELDS, session=session, batch_size=READ_AT_ONCE):
        seen += 1
        if most is not None and seen > most:
            raise HeavyBatch
        if document["_id"] in register.changed_besluiten:
            continue
        for partij_id, bijdrage in bijdragen_of(read(document)):
            if partij_id in partij_ids:
                register.add_bijdrage(partij_id, document["_id"], bijdrage)


async def add_changes(
    besluiten: AsyncCollection[Document],
    partij_ids: set[str],
    register: Register,
    session: AsyncClientSession,
    read: Callable[[Document], Document],
) -> None:
    """Add the changes outside a contact that name these partijen: they go with the last contact. `read`: as above."""
    query = {"partijen.partijId": {"$in": sorted(partij_ids)}, "onderwerpen": []}
    async for document in besluiten.find(query, session=session):
        add_stored(register, read(document))
