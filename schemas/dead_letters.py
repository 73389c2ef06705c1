"""The wire format of a dead letter: the refused record, with headers that say where it lay and what was wrong.

A record that the contract allows is kept whole. Of a larger one the letter keeps the beginning: 41 kB of gzip can
unpack to records of 40 MB.

The added headers hold the record's position, kinds of error and field names, and no value of the record.

The value, which holds what a person said, is compressed (zlib, RFC 1950) and sealed: AES-256-GCM under a key that only
this letter has. `dlq_sleutel` names that key, which the register keeps. The nonce is twelve zero bytes, since a key
seals one value. The tag is the last sixteen bytes of the value, and the associated data is `tied_to`. A letter without
`dlq_sleutel` is not sealed: it has no value, or an earlier release wrote it. The record's key and headers stay as they
were.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from schemas.cloudevents import Header
from schemas.faults import Fault
from schemas.mapping_faults import MappingFault
from schemas.positions import Position

TOPIC: Final = "dlq_topic"
PARTITION: Final = "dlq_partition"
OFFSET: Final = "dlq_offset"
LAST_OFFSET: Final = "dlq_last_offset"
"""Of a letter that stands for a whole batch, which was too large to unpack: the batch's last offset. `dlq_offset` is
its first, and the letter has no content."""
KIND: Final = "dlq_kind"
FAULTS: Final = "dlq_faults"
TIME: Final = "dlq_time"
ATTEMPT: Final = "dlq_attempt"
CUT: Final = "dlq_cut"
"""JSON: the original size of each part that was cut, `key`, `headers` or `value`."""
EARLIER: Final = "dlq_letter"
"""The earlier letters of a redriven record, oldest first. So it keeps its history when it is refused again."""
SLEUTEL: Final = "dlq_sleutel"
"""The id of the key with which the value is sealed: 32 hexadecimal digits."""
MAPPING: Final = "dlq_mapping"
"""The mapping that refused a channel's message, as `naam/versie`. Other letters have none."""

NAMES: Final = frozenset(
    {TOPIC, PARTITION, OFFSET, LAST_OFFSET, KIND, FAULTS, TIME, ATTEMPT, CUT, EARLIER, SLEUTEL, MAPPING}
)
"""Every header that we add. A record that is redriven and refused again gets new ones; all its others stay."""

MAX_FAULTS: Final = 50
"""The most faults that are listed. An event can have thousands; a publisher sees more after mending the first fifty."""

MAX_PAD_CHARACTERS: Final = 200
"""The longest path of the contract has half as many. A longer one holds a publisher's own field name."""

MAX_ATTEMPT: Final = 1_000_000
"""Nobody redrives a record that often. A larger number in the header is capped."""

MAX_PART_BYTES: Final = 64 * 1024
"""The most that a letter keeps of its key, of its headers together, and of its value. The contract bounds a value, and
attributes in binary mode, at as much (`schemas/reading/decoding.py`)."""

MAX_EARLIER: Final = 10
"""The newest letters of a record's history, which are kept. After ten failures an eleventh tells nothing new."""

HEADER_OVERHEAD_BYTES: Final = 10
"""The two lengths of a header on the wire, at most five bytes each."""

_ATTEMPT = re.compile(rb"[0-9]{1,7}")
_EARLIER = re.compile(rb"[0-9]{1,9}-[0-9]{1,18}")
_SLEUTEL = re.compile(rb"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A record for the dead letters."""

    key: bytes | None
    value: bytes | None
    headers: Sequence[Header]


def dead_letter(  # noqa: PLR0913 - a letter has as many parts
    *,
    key: bytes | None,
    value: bytes | None,
    headers: Sequence[Header],
    position: Position,
    kind: str,
    faults: Sequence[Fault | MappingFault],
    time: datetime,
    last_offset: int | None = None,
    mapping: str | None = None,
    most_value_bytes: int = MAX_PART_BYTES,
) -> DeadLetter:
    """Return the dead letter of a record. Key, value and headers are unchanged, unless they are too large.

    Then `dlq_cut` holds the original size of each part that was cut. `last_offset`: of the batch for which it stands.
    `most_value_bytes`: so much of the value is kept.
    """
    added: list[Header] = [
        (TOPIC, position.topic.encode()),
        (PARTITION, str(position.partition).encode()),
        (OFFSET, str(position.offset).encode()),
        *([(LAST_OFFSET, str(last_offset).encode())] if last_offset is not None else []),
        *([(MAPPING, mapping.encode())] if mapping is not None else []),
        (KIND, kind.encode()),
        (FAULTS, _faults(faults)),
        (TIME, time.isoformat().encode()),
        (ATTEMPT, str(attempt(headers) + 1).encode()),
    ]
    if earlier := earlier_letters(headers):
        added.append((EARLIER, ",".join(earlier).encode()))
    original = original_headers(headers)
    kept = _first(original)
    sizes = {"key": _size(key), "headers": _size_of_headers(original), "value": _size(value)}
    left = {"key": MAX_PART_BYTES, "headers": _size_of_headers(kept), "value": most_value_bytes}
    cut = {part: size for part, size in sizes.items() if size > left[part]}
    if cut:
        added.append((CUT, json.dumps(cut).encode()))
    return DeadLetter(_beginning(key, MAX_PART_BYTES), _beginning(value, most_value_bytes), [*kept, *added])


def attempt(headers: Sequence[Header]) -> int:
    """Return how often a record became a dead letter before: 0 when no header says so, or an invalid one."""
    for name, value in headers:
        if name == ATTEMPT and value is not None and _ATTEMPT.fullmatch(value):
            return min(int(value), MAX_ATTEMPT)
    return 0


def earlier_letters(headers: Sequence[Header]) -> tuple[str, ...]:
    """Return the ids of a record's earlier letters, oldest first. Invalid ids are left out."""
    for name, value in headers:
        if name == EARLIER and value is not None:
            return tuple(each.decode() for each in value.split(b",") if _EARLIER.fullmatch(each))[-MAX_EARLIER:]
    return ()


def key_id_in(headers: Sequence[Header]) -> str | None:
    """Return the id of the key that seals a letter's value; None for a letter that is not sealed."""
    for name, value in headers:
        if name == SLEUTEL and value is not None and _SLEUTEL.fullmatch(value):
            return value.decode()
    return None


def tied_to(headers: Sequence[Header]) -> bytes:
    """Return the associated data of a sealed value: our headers in their order, as a JSON list of names and values.

    So a value can't be moved to another letter, and none of our headers can be changed unnoticed. Other headers are
    left out: what carries records between clusters may add its own.
    """
    ours = [[name, None if value is None else value.decode("latin-1")] for name, value in headers if name in NAMES]
    return json.dumps(ours, separators=(",", ":")).encode()


def original_headers(headers: Sequence[Header]) -> list[Header]:
    """Return the headers without those that a dead letter adds."""
    return [header for header in headers if header[0] not in NAMES]


def _faults(faults: Sequence[Fault | MappingFault]) -> bytes:
    """Return the first faults as JSON."""
    listed = [{"pad": fault.pad[:MAX_PAD_CHARACTERS], "soort": str(fault.soort)} for fault in faults[:MAX_FAULTS]]
    return json.dumps(listed, separators=(",", ":")).encode()


def _beginning(part: bytes | None, most_bytes: int) -> bytes | None:
    return part[:most_bytes] if part is not None else None


def _first(headers: Sequence[Header]) -> Sequence[Header]:
    """Return the headers, in their order, up to the one that does not fit."""
    kept: list[Header] = []
    room = MAX_PART_BYTES
    for header in headers:
        room -= _size_of_headers([header])
        if room < 0:
            break
        kept.append(header)
    return kept


def _size(part: bytes | None) -> int:
    return len(part) if part is not None else 0


def _size_of_headers(headers: Sequence[Header]) -> int:
    return sum(len(name.encode()) + _size(value) + HEADER_OVERHEAD_BYTES for name, value in headers)
