"""The records of the audit trail, as a chain: each holds the hash of the record before it.

A record is one JSON object in canonical form: names in order, no spaces, UTF-8. Its hash is the SHA-256 of those bytes.
So who changes, removes or inserts a record has to change every later one, and `audit_head` in MongoDB as well.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

MAX_IDS: Final = 1_000
"""Ids of one record: some hundred KiB at most. An action with more gets several records."""

FIRST: Final = 1
"""The sequence number of the first record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """What a command is going to show or change. It holds ids and counts, and nothing of a content."""

    command: str
    """As typed, without its arguments: `dlq export`."""
    request: str | None = None
    """The municipality's own number of the case for which it is done."""
    reason: str | None = None
    counts: Mapping[str, int]
    """How many of what, as in {"letters": 3}."""
    ids: Sequence[str] = ()
    """What is shown or changed, as far as it is known beforehand."""
    by: str | None = None
    """The signed-in operator behind a shell that several share (`--as`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Purpose:
    """For what a command runs, and who asked for it, as the operator gave them."""

    request: str | None = None
    reason: str | None = None
    by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Who:
    """Who acts, as the servers and the machine know them."""

    kafka: str
    """The principal of the connection to Kafka, as in `User:anna`."""
    mongodb: str | None
    """The user of the connection to MongoDB, as in `anna@klantcontact`; None for a MongoDB without logins."""
    system: str
    """The user of the operating system and the machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """What a record says of the one before it, and `audit_head` of the newest."""

    sequence: int
    hash: str
    at: str
    """When that record was made, in UTC."""


class UnreadableEntry(ValueError):
    """The bytes are no record of the trail."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One record of the trail, as it is or was written."""

    fields: Mapping[str, Any]

    @property
    def sequence(self) -> int:
        """Its number, which has no gaps."""
        return int(self.fields["sequence"])

    @property
    def at(self) -> str:
        """When it was made, in UTC."""
        return str(self.fields["at"])

    @property
    def previous(self) -> Link | None:
        """The record before it; None for the first."""
        before = self.fields["previous"]
        return Link(sequence=self.sequence - 1, hash=before["hash"], at=before["at"]) if before else None

    @property
    def value(self) -> bytes:
        """Its bytes in canonical form."""
        return json.dumps(self.fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()

    @property
    def link(self) -> Link:
        """What the next record says of it."""
        return Link(sequence=self.sequence, hash=hashlib.sha256(self.value).hexdigest(), at=self.at)


def entries(action: Action, who: Who, after: Link | None, now: datetime) -> list[Entry]:
    """Return the records of an action, to follow the record `after`: one, or more when it has many ids."""
    parts = [action.ids[begin : begin + MAX_IDS] for begin in range(0, len(action.ids), MAX_IDS)] or [()]
    made: list[Entry] = []
    for number, ids in enumerate(parts, start=1):
        made.append(_entry(action, who, ids, after, now, part=(number, len(parts))))
        after = made[-1].link
    return made


def _entry(
    action: Action, who: Who, ids: Sequence[str], after: Link | None, now: datetime, *, part: tuple[int, int]
) -> Entry:
    number, of = part
    by = {} if action.by is None else {"as": action.by}
    return Entry(
        {
            "sequence": after.sequence + 1 if after else FIRST,
            "at": now.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "who": {**by, "kafka": who.kafka, "mongodb": who.mongodb, "system": who.system},
            "command": action.command,
            "request": action.request,
            "reason": action.reason,
            "counts": dict(action.counts),
            "ids": list(ids),
            "previous": {"hash": after.hash, "at": after.at} if after else None,
            **({} if of == 1 else {"part": number, "parts": of}),
        }
    )


def entry_in(value: bytes | None) -> Entry:
    """Return the record in bytes of the topic. Raises UnreadableEntry."""
    try:
        fields = json.loads(value or b"")
    except ValueError as error:
        raise UnreadableEntry from error
    if not isinstance(fields, dict) or not _has_its_form(fields):
        raise UnreadableEntry
    return Entry(fields)


FORMS: Final[Mapping[str, type | tuple[type, ...]]] = {
    "sequence": int,
    "at": str,
    "who": dict,
    "command": str,
    "request": (str, type(None)),
    "reason": (str, type(None)),
    "counts": dict,
    "ids": list,
    "previous": (dict, type(None)),
}
"""The members that each record has."""


def _has_its_form(fields: Mapping[str, Any]) -> bool:
    if not all(name in fields and isinstance(fields[name], form) for name, form in FORMS.items()):
        return False
    before = fields["previous"]
    links = before is None or (isinstance(before.get("hash"), str) and isinstance(before.get("at"), str))
    return links and fields["sequence"] >= FIRST and (before is None) == (fields["sequence"] == FIRST)
