"""What a mapping makes of a record of a raw topic."""

from collections.abc import Sequence

from schemas.raw_messages import is_mail
from services.channels.mapping.mapping import ChannelMapping
from services.channels.mapping.outcome import ChannelOutcome, MessageRefusal, RefusedContact
from services.runtime.kafka.records import Record


def outcomes_of(record: Record, mapping: ChannelMapping) -> Sequence[ChannelOutcome]:
    """Return what becomes of each contact in a raw record."""
    if record.oversized is not None:
        return [RefusedContact(MessageRefusal.TE_GROOT)]
    if record.value is None:
        return [RefusedContact(MessageRefusal.ONLEESBAAR)]
    return mapping.map_mail(record.value) if is_mail(record.headers) else mapping.map_json(record.value)
