"""The ledger of what was erased: ids, kinds, moments and requests, as `klantcontact.gewist` has them."""

from collections.abc import AsyncIterator

import orjson

from services.domain.wissing import GewistItem, item_of
from services.operations.topic_reader import TopicReader
from services.runtime.settings import Settings


async def ledger_lines(reader: TopicReader, settings: Settings) -> AsyncIterator[GewistItem]:
    """Yield the lines of the ledger. A record that is none, such as a marker, is passed over."""
    async for batch in reader.records(await reader.whole(settings.erased_topic)):
        for each in batch:
            if (item := _item(each.key, each.value)) is not None:
                yield item


def _item(key: bytes | None, value: bytes | None) -> GewistItem | None:
    if key is None or value is None:
        return None
    try:
        item = item_of(key.decode(), orjson.loads(value))
    except (ValueError, TypeError, KeyError):
        return None
    named = (item.contact_key or "", item.partij_id or "", item.verzoek)
    return item if item.op.tzinfo is not None and all(isinstance(each, str) for each in named) else None
