"""From a record of `contact.ended` to what is judged: decoded, and with the keys by which the register is asked."""

from dataclasses import replace

from schemas.faults import Fault, FaultKind, Refusal, RefusalKind
from schemas.positions import Position
from schemas.reading.decoding import decode
from services.classifier.changes import ChangeReader
from services.classifier.instructions import asks_to_publish_again, herbeoordeling_of, wissing_of
from services.domain.case import Case, prepare
from services.domain.herbeoordeling import Herbeoordeling
from services.domain.policy import Beleid
from services.domain.sleutels import Sleutels
from services.domain.wissing import Wissing
from services.runtime.kafka.records import Record


def read(
    record: Record,
    sleutels: Sleutels,
    beleid: Beleid,
    *,
    asked: Herbeoordeling | None = None,
    changes: ChangeReader | None = None,
) -> Case | Wissing | Refusal:
    """Return the case of a record, an operator's instruction to erase, or why there is neither.

    `asked` is a request for a new judgement, in place of the one that a header of the record may hold. `changes` reads
    the topics for changes of consent.
    """
    if record.oversized is not None:
        return Refusal(RefusalKind.TE_GROOT, (Fault("", FaultKind.TE_GROOT),))
    if record.headers and (wissing := wissing_of(record.headers, record.value, sleutels)) is not None:
        return wissing
    if changes is not None and record.topic in changes.topics:
        return changes.read(record, sleutels, beleid)
    headers = [(name, value) for name, value in record.headers if value is not None]
    received = decode(record.value, headers, record.written_at)
    if isinstance(received, Refusal):
        return received
    case = prepare(
        received,
        sleutels,
        beleid,
        position=Position(record.topic, record.partition, record.offset),
        herbeoordeling=asked or herbeoordeling_of(record.headers),
    )
    return replace(case, publish_again=True) if asks_to_publish_again(record.headers, case, sleutels) else case
