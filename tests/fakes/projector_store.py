"""The register of the projector in memory: the same merging and the same writes as in MongoDB, on dicts."""

import copy
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime

from bson import CodecOptions, decode, encode

from services.projector.events import Fact
from services.projector.merging.documents import Amendment
from services.projector.merging.projection import States, Touched, joined, project, touched_by
from services.projector.mongo.register import utc_now
from services.projector.mongo.stored import places_to_look, states_of
from services.projector.mongo.writes import Amend, Claim, Collection, Insert, Remove, Write, moving, plan
from services.runtime.mongo.client import Document

IN_UTC: CodecOptions[Document] = CodecOptions(tz_aware=True)

Contents = Mapping[Collection, Mapping[str, Document]]


class FakeRegister:
    """A `services.projector.ports.Register` for one process."""

    def __init__(self, now: Callable[[], datetime] = utc_now) -> None:
        self._now = now
        self.collections: dict[Collection, dict[str, Document]] = {each: {} for each in Collection}
        self.writes = 0

    async def apply(self, facts: Sequence[Fact]) -> None:
        """Merge facts into the collections."""
        self.merge(facts)

    def merge(self, facts: Sequence[Fact]) -> None:
        """Merge facts, for a test without an event loop."""
        self._merge(touched_by(facts), lambda known: project(known, facts))

    def absorb(self, states: States) -> None:
        """Merge the states of another generation."""
        self._merge(states.touched, lambda known: joined(known, states))

    def _merge(self, touched: Touched, changes: Callable[[States], States]) -> None:
        known = states_of({name: self._found(name, ids) for name, ids in places_to_look(touched).items()})
        changed = changes(known)
        leaving = moving(known, changed).items()
        whole = {each["_id"]: each for collection, ids in leaving for each in self._found(collection, ids)}
        for collection, write in plan(known, changed, whole, self._now()):
            self._write(self.collections[collection], write)
            self.writes += 1

    def contents(self) -> Contents:
        """Return everything that is there."""
        return copy.deepcopy(self.collections)

    def _found(self, collection: Collection, identifiers: Iterable[str]) -> list[Document]:
        there = self.collections[collection]
        return [copy.deepcopy(there[each]) for each in identifiers if each in there]

    @staticmethod
    def _write(there: dict[str, Document], write: Write) -> None:
        match write:
            case Insert():
                assert write.document["_id"] not in there, "it was not there"
                there[write.document["_id"]] = _as_stored(write.document)
            case Amend():
                amend(there[write.identifier], write.amendment)
            case Remove():
                del there[write.identifier]
            case Claim():
                pass  # nobody else writes here


def _as_stored(document: Document) -> Document:
    """Return a document as MongoDB returns it: moments to the millisecond, lists for tuples."""
    return decode(encode(document), codec_options=IN_UTC)


def amend(document: Document, amendment: Amendment) -> None:
    """Change a document as an update of MongoDB does."""
    for path, value in amendment.set.items():
        holder, name = _holder(document, path)
        holder[name] = _as_stored({name: value})[name]
    for path in amendment.unset:
        holder, name = _holder(document, path)
        holder.pop(name, None)


def _holder(document: Document, path: str) -> tuple[Document, str]:
    *steps, name = path.split(".")
    for step in steps:
        document = document[step]
    return document, name
