"""One dead letter of the topic: its id, why it is there, where it came from, and the record itself.

A record that did not come from the classifier is a letter of unknown kind, and stops no command.

The errors of commands on dead letters; a server that is away is a TransientFailure.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum
from typing import TYPE_CHECKING, Final, NamedTuple, Self

from schemas import dead_letters as added
from schemas.cloudevents import Header
from schemas.faults import Fault, FaultKind, RefusalKind, generalised
from schemas.mapping_faults import MappingFault, MappingFaultKind
from schemas.positions import Position
from schemas.reading.origin import origin_of, shown_source
from services.operations.wording import printable
from services.runtime.errors import KlantcontactError, WrongUse

if TYPE_CHECKING:  # `validate` reads letters from a file, without Kafka's client
    from aiokafka import ConsumerRecord

UNKNOWN: Final = "-"
"""A kind or a source that can't be read."""

MAX_LABEL: Final = 200
"""The most characters of `naam/versie`: a mapping's file bounds both."""

_ID = re.compile(r"(\d{1,9})-(\d{1,18})", re.ASCII)
_NUMBER = re.compile(rb"\d{1,18}")
_TOPIC = re.compile(rb"[A-Za-z0-9._-]{1,249}")


class LetterId(NamedTuple):
    """The place of a letter in the dead letter topic, and its name: `3-120`."""

    partition: int
    offset: int

    def __str__(self) -> str:
        return f"{self.partition}-{self.offset}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the id that a text names. Raises InvalidFilter."""
        found = _ID.fullmatch(text.strip())
        if found is None:
            raise InvalidFilter("a letter's id looks like 3-120: its partition and its offset")
        return cls(int(found[1]), int(found[2]))


@dataclass(frozen=True, slots=True)
class Content:
    """The record as the publisher sent it, which few people may see."""

    key: bytes | None = field(repr=False)
    value: bytes | None = field(repr=False)
    headers: Sequence[Header] = field(repr=False)


class Withheld(Enum):
    """Why a command has no content of a sealed letter, in words for an operator."""

    NO_KEY = "can't be read: the settings hold no key of the register (KLANTCONTACT_SLEUTEL_FILE)"
    OTHER_KEY = (
        "can't be read: it is sealed under another key of the register than that of the settings "
        "(KLANTCONTACT_SLEUTEL_FILE, KLANTCONTACT_FORMER_SLEUTEL_FILES)"
    )
    LOST = "can't be read: this database has no key for it (KLANTCONTACT_MONGO_URI, KLANTCONTACT_MONGO_DATABASE)"
    CHANGED = "can't be read: the letter was changed after the classifier wrote it"
    DISCARDED = "is gone: the letter was discarded"
    ERASED = "is gone: it was erased"
    EXPIRED = "is gone: it has expired"


@dataclass(frozen=True, slots=True)
class Opened:
    """What is known of a sealed letter beside its headers."""

    value: bytes | None = field(default=None, repr=False)
    withheld: Withheld | None = None
    """Why there is no value."""
    source: str | None = None
    contact_key: str | None = None


AS_IT_STANDS: Final = Opened()
"""Of a letter that is not sealed: it has no value, or an earlier release wrote it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One dead letter."""

    id: LetterId
    written_at: datetime
    """When it became a dead letter, by the broker's clock."""
    kind: RefusalKind | None
    faults: tuple[Fault | MappingFault, ...]
    origin: Position | None
    """Where the record lay; None when the headers do not say."""
    source: str
    attempt: int
    """How often this record has become a dead letter."""
    earlier: tuple[LetterId, ...]
    """The letters of the same record before this one, oldest first."""
    is_cut: bool
    """Whether only the beginning of a part of the record was kept."""
    original_sizes: Mapping[str, int] = field(default_factory=dict)
    """Of a letter that is cut: the bytes that each such part had: `key`, `headers` or `value`."""
    last_offset: int | None = None
    """Of a letter that stands for a batch too large to unpack: the last offset of it. `origin` is the first."""
    key_id: str | None = None
    """Of the key that seals the content; None: it is not sealed."""
    withheld: Withheld | None = None
    """Why `content` has no value."""
    contact_key: str | None = None
    """That of the decision record of its contact, where the register knows it."""
    mapping: str | None = None
    """The mapping that refused a channel's message, as `naam/versie`; None for any other letter."""
    content: Content

    @property
    def paths(self) -> tuple[str, ...]:
        """The paths that are wrong, without list positions, each once and in order."""
        return tuple(sorted({generalised(fault.pad) for fault in self.faults}))


def letter_of(record: "ConsumerRecord[bytes, bytes]", opened: Opened = AS_IT_STANDS) -> Letter:
    """Return the letter of a record of the dead letter topic. `opened`: of one that is sealed."""
    headers: Sequence[Header] = record.headers
    given, key_id = dict(headers), added.key_id_in(headers)
    kind = _kind(given.get(added.KIND))
    original = added.original_headers(headers)
    value = record.value if key_id is None else opened.value
    return Letter(
        id=LetterId(record.partition, record.offset),
        written_at=datetime.fromtimestamp(record.timestamp / 1000, UTC),
        kind=kind,
        faults=_faults(given.get(added.FAULTS), kind),
        origin=position_in(headers),
        source=opened.source or shown_source(origin_of(value, original).source) or UNKNOWN,
        attempt=added.attempt(headers),
        earlier=tuple(map(LetterId.parse, added.earlier_letters(headers))),
        is_cut=added.CUT in given,
        original_sizes=_original_sizes(given.get(added.CUT)),
        last_offset=last_offset_in(headers),
        key_id=key_id,
        withheld=opened.withheld,
        contact_key=opened.contact_key,
        mapping=_mapping(given.get(added.MAPPING)),
        content=Content(record.key, value, original),
    )


def _kind(value: bytes | None) -> RefusalKind | None:
    try:
        return RefusalKind((value or b"").decode())
    except ValueError:
        return None


def _faults(value: bytes | None, kind: RefusalKind | None) -> tuple[Fault | MappingFault, ...]:
    try:
        return tuple(
            _fault(printable(each["pad"], added.MAX_PAD_CHARACTERS), each["soort"], kind)
            for each in json.loads(value or b"[]")
        )
    except (ValueError, TypeError, KeyError, RecursionError):
        return ()


def _fault(pad: str, soort: str, kind: RefusalKind | None) -> Fault | MappingFault:
    if kind is RefusalKind.MAPPING_FOUT:
        return MappingFault(pad, MappingFaultKind(soort))
    return Fault(pad, FaultKind(soort))


def position_in(headers: Sequence[Header]) -> Position | None:
    """Return where a letter's record lay by its headers; None when they do not say."""
    given = dict(headers)
    topic, partition, offset = (given.get(name) or b"" for name in (added.TOPIC, added.PARTITION, added.OFFSET))
    if _TOPIC.fullmatch(topic) and _NUMBER.fullmatch(partition) and _NUMBER.fullmatch(offset):
        return Position(topic.decode(), int(partition), int(offset))
    return None


def _mapping(value: bytes | None) -> str | None:
    return printable(value.decode(errors="replace"), MAX_LABEL) if value is not None else None


def _original_sizes(value: bytes | None) -> dict[str, int]:
    try:
        sizes = json.loads(value or b"{}")
        return {part: int(sizes[part]) for part in ("key", "headers", "value") if part in sizes}
    except (ValueError, TypeError, RecursionError):
        return {}


def last_offset_in(headers: Sequence[Header]) -> int | None:
    """Return the last offset of the batch for which a letter stands; None for a letter of one record."""
    value = dict(headers).get(added.LAST_OFFSET)
    return int(value) if value is not None and _NUMBER.fullmatch(value) else None


class DeadLetterError(KlantcontactError):
    """A command can't do this with these dead letters."""


class InvalidFilter(WrongUse):
    """The filter can't be read; the message says how one looks."""


class ContentWithheld(DeadLetterError):
    """The content of a letter was asked for, and nobody or not this user can read it. The message says why."""

    def __init__(self, letter_id: LetterId, withheld: Withheld) -> None:
        super().__init__(f"The content of {letter_id} {withheld.value}.")


class LettersRefused(DeadLetterError):
    """Some of the named letters can't be taken, so none was. A line for each says why."""

    def __init__(self, reasons: Sequence[str]) -> None:
        """`reasons`: all of them; the message has the first."""
        more = [f"… and {len(reasons) - MAX_REASONS} more"] if len(reasons) > MAX_REASONS else []
        super().__init__("\n".join(["Nothing was done:", *(f"  {each}" for each in [*reasons[:MAX_REASONS], *more])]))


MAX_REASONS = 20
"""As many lines fit on a screen. An operator corrects those and starts again."""
