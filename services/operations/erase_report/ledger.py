"""What was erased for a request, as the ledger remembers it: ids, kinds and moments."""

from collections.abc import Sequence

import orjson

from services.domain.wissing import GewistItem, SoortWissing, item_of
from services.operations.places.traces import Traces
from services.operations.topic_reader import topic_reader
from services.runtime.settings import Settings


async def erased_for(settings: Settings, request: str) -> Sequence[GewistItem]:
    """Return the lines of a request, oldest first. Raises as `topic_reader` does."""
    found: list[GewistItem] = []
    async with topic_reader(settings) as reader:
        async for batch in reader.records(await reader.whole(settings.erased_topic)):
            for record in batch:
                item = _item(record.key, record.value)
                if item is not None and item.verzoek == request:
                    found.append(item)
    return sorted(found, key=lambda each: each.op)


def _item(key: bytes | None, value: bytes | None) -> GewistItem | None:
    """Return a line; None for a record that is none, such as the one that only makes Kafka compact the topic."""
    if key is None or value is None:
        return None
    try:
        return item_of(key.decode(), orjson.loads(value))
    except (ValueError, TypeError, KeyError):
        return None


def add_erased(traces: Traces, items: Sequence[GewistItem]) -> None:
    """Note what was erased, so that any rest of it is found. Of a contact in which others stay, only the klant is."""
    for item in items:
        if item.contact_key is not None:
            traces.add_contact(item.contact_key, None, whole=item.soort is SoortWissing.CONTACT)
        if item.partij_id is not None:
            traces.partij_ids.add(item.partij_id)
