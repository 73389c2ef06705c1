"""What was erased for a request, as the ledger remembers it: ids, kinds and moments."""

from collections.abc import Sequence

from services.domain.wissing import GewistItem, SoortWissing
from services.operations.ledger import ledger_lines
from services.operations.places.traces import Traces
from services.operations.topic_reader import topic_reader
from services.runtime.settings import Settings


async def erased_for(settings: Settings, request: str) -> Sequence[GewistItem]:
    """Return the lines of a request, oldest first. Raises as `topic_reader` does."""
    async with topic_reader(settings) as reader:
        found = [each async for each in ledger_lines(reader, settings) if each.verzoek == request]
    return sorted(found, key=lambda each: each.op)


def add_erased(traces: Traces, items: Sequence[GewistItem]) -> None:
    """Note what was erased, so that any rest of it is found. Of a contact in which others stay, only the klant is."""
    for item in items:
        if item.contact_key is not None:
            traces.add_contact(item.contact_key, None, whole=item.soort is SoortWissing.CONTACT)
        if item.partij_id is not None:
            traces.partij_ids.add(item.partij_id)
