"""Makes the dead letter of a record: sealed, with the key that MongoDB keeps for it."""

from collections.abc import Callable, Sequence
from datetime import datetime

from schemas.dead_letters import MAX_PART_BYTES, SLEUTEL, DeadLetter, dead_letter, tied_to
from schemas.faults import Fault
from schemas.mapping_faults import MappingFault
from schemas.positions import Position
from schemas.values import value_class
from services.runtime.exactly_once.ports import Message
from services.runtime.kafka.records import Record
from services.runtime.letters.sealing import LetterKey, Sealer, new_key_id


@value_class(frozen=True, slots=True)
class LetterAbout:
    """What is known of a letter without opening it: the key of its contact's decision, and the system that sent it."""

    contact_key: str | None = None
    source: str | None = None


class LetterWriter:
    """Makes letters for one register."""

    def __init__(self, sealer: Sealer, *, most_value_bytes: int = MAX_PART_BYTES) -> None:
        """`most_value_bytes`: how many bytes of a value are kept."""
        self._sealer = sealer
        self._most_value_bytes = most_value_bytes

    def letter(
        self,
        topic: str,
        record: Record,
        kind: str,
        faults: Sequence[Fault | MappingFault],
        now: datetime,
        about: Callable[[DeadLetter], LetterAbout],
        *,
        mapping: str | None = None,
    ) -> Message:
        """Return the letter of a record for a topic. `about` reads the letter before it is sealed.

        `mapping`: the one that could not map the record, as `naam/versie`.
        """
        batch = record.oversized
        first_offset = batch.first_offset if batch is not None else record.offset
        made = dead_letter(
            key=record.key,
            value=record.value,
            headers=record.headers,
            position=Position(record.topic, record.partition, first_offset),
            kind=kind,
            faults=faults,
            time=now,
            last_offset=batch.last_offset if batch is not None else None,
            mapping=mapping,
            most_value_bytes=self._most_value_bytes,
        )
        if not made.value:
            return Message(topic, made.key, made.value, made.headers)
        return self._sealed(topic, made, made.value, now, about(made))

    def _sealed(self, topic: str, letter: DeadLetter, contents: bytes, now: datetime, about: LetterAbout) -> Message:
        key_id = new_key_id()
        headers = [*letter.headers, (SLEUTEL, key_id.encode())]
        value, wrapped = self._sealer.seal(contents, tied_to(headers))
        key = LetterKey(key_id, wrapped, self._sealer.sleutelversie, now, about.contact_key, about.source)
        return Message(topic, letter.key, value, headers, key)
