"""The simulated MongoDB: collections of documents in BSON, and transactions on a snapshot.

A write touches its document and the unique keys that it takes or gives up. It meets a conflict when somebody else has
touched one of these since the snapshot, or has in a transaction that is open. So an insert that is deleted again in its
transaction collides too, as in MongoDB.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from typing import Any, Final
from uuid import UUID

from bson import CodecOptions, decode, encode
from pymongo.errors import BulkWriteError, OperationFailure

from tests.simulate.mongo.matching import Document, matches, values_at

IN_UTC: Final[CodecOptions[Document]] = CodecOptions(tz_aware=True)

UNIQUE: Final[Mapping[str, str]] = {
    "partijregister": "sleutels",
    "plaatsclaims": "places",
    "klantcontacten": "klantcontact.nummer",
    "klantcontacten_vertrouwelijk": "klantcontact.nummer",
    "partijen": "nummer",
    "interne_taken": "interneTaak.nummer",
    "interne_taken_vertrouwelijk": "interneTaak.nummer",
}
"""The unique index of each collection besides `_id`, as the services make them."""

WRITE_CONFLICT: Final = 112
DUPLICATE_KEY: Final = 11000
GENERATIONS: Final = ("_nieuw", "_vorige")


class Stored:
    """A document as it is stored. A reader gets a copy of it."""

    __slots__ = ("document", "raw", "taken")

    def __init__(self, collection: str, document: Document) -> None:
        self.raw = encode(document)
        self.document = decode(self.raw, IN_UTC)
        """To look at, not to change."""
        path = UNIQUE.get(collection)
        self.taken = frozenset(
            each for each in (values_at(self.document, path.split(".")) if path else ()) if not isinstance(each, list)
        )
        """The unique keys that it takes."""

    def copy(self) -> Document:
        """Return it as a driver decodes it."""
        return decode(self.raw, IN_UTC)


Documents = dict[Hashable, Stored]

Place = tuple[str, str, Hashable]
"""Something that a write touches: a collection, and in it an `_id` or a unique key."""


def key_of(identifier: Any) -> Hashable:  # noqa: ANN401 - any value may be an _id
    """Return an `_id` as a key of a dict."""
    return encode({"": identifier}) if isinstance(identifier, dict) else identifier


def plain(collection: str) -> str:
    """Return the name of a collection without its generation."""
    for suffix in GENERATIONS:
        collection = collection.removesuffix(suffix)
    return collection


def conflict() -> OperationFailure:
    """Return what MongoDB says of a write conflict."""
    return OperationFailure(
        "WriteConflict", WRITE_CONFLICT, {"code": WRITE_CONFLICT, "errorLabels": ["TransientTransactionError"]}
    )


def _doubled(path: str) -> BulkWriteError:
    return BulkWriteError({"writeErrors": [{"code": DUPLICATE_KEY, "keyPattern": {path: 1}}]})


class Store:
    """All collections, as committed."""

    def __init__(self) -> None:
        self.collections: dict[str, Documents] = {}
        self.identities: dict[str, UUID] = {}
        """Of each collection; a rename leaves it as it is."""
        self.open: set[Transaction] = set()
        self.commits = 0
        self.touched: dict[Place, int] = {}
        """The number of the commit that touched something last."""
        self.after_commit: Callable[[Transaction], None] = lambda _: None
        """Called with each transaction that changed something, once it is committed."""

    def collection(self, name: str) -> Documents:
        """Return the documents of a collection, which exists from now on."""
        if name not in self.collections:
            self.collections[name] = {}
            self.identities[name] = UUID(int=len(self.identities) + 1)
        return self.collections[name]

    def rename(self, name: str, to: str) -> None:
        """Give a collection another name; one that has that name goes."""
        for each in list(self.open):
            each.abort()
        self.collections[to] = self.collections.pop(name)
        self.identities[to] = self.identities.pop(name)

    def drop(self, name: str) -> None:
        """Remove a collection."""
        self.collections.pop(name, None)
        self.identities.pop(name, None)

    def documents(self, name: str) -> list[Document]:
        """Return the documents of a collection."""
        return [each.copy() for each in self.collections.get(name, {}).values()]


class Transaction:
    """A transaction, which sees the store as it was at its first operation, and what it wrote itself."""

    def __init__(self, store: Store, about: object = None) -> None:
        self._store = store
        self.about = about
        """The cases or the instruction that it records. The watch reads it."""
        self.began = store.commits
        """The number of commits that it sees."""
        self._before: dict[str, Documents] = {name: dict(there) for name, there in store.collections.items()}
        self._now: dict[str, Documents] = {}
        self.changes: dict[tuple[str, Hashable], Stored | None] = {}
        """What it wrote, by collection and `_id`; None: deleted."""
        self._touched: set[Place] = set()
        self.is_open = True
        store.open.add(self)

    def view(self, collection: str) -> Documents:
        """Return the documents that it sees."""
        if collection in self._now:
            return self._now[collection]
        return self._before.get(collection, {})

    def find(self, collection: str, query: Mapping[str, Any]) -> Iterator[Stored]:
        """Yield what a query selects."""
        there = self.view(collection)
        wanted = query.get("_id", ())
        if isinstance(wanted, Mapping) and "$in" in wanted:
            candidates = [there[each] for each in map(key_of, wanted["$in"]) if each in there]
        elif "_id" in query:
            candidates = [there[key_of(wanted)]] if key_of(wanted) in there else []
        else:
            candidates = list(there.values())
        rest = {path: value for path, value in query.items() if path != "_id"}
        yield from (each for each in candidates if not rest or matches(each.document, rest))

    def insert(self, collection: str, document: Document) -> None:
        """Insert a document."""
        if key_of(document["_id"]) in self.view(collection):
            self.abort()
            raise _doubled("_id")
        self.put(collection, document)

    def put(self, collection: str, document: Document) -> None:
        """Write a document over the one that is there."""
        stored, key = Stored(plain(collection), document), key_of(document["_id"])
        former = self.view(collection).get(key)
        self._touch(collection, key, stored.taken ^ (former.taken if former else frozenset()))
        if stored.taken:
            self._refuse_taken(collection, key, stored)
        self._write(collection, key, stored)

    def delete(self, collection: str, identifier: Any) -> None:  # noqa: ANN401 - as above
        """Delete a document."""
        key = key_of(identifier)
        former = self.view(collection).get(key)
        if former is not None:
            self._touch(collection, key, former.taken)
            self._write(collection, key, None)

    def commit(self) -> None:
        """Apply its writes to the store."""
        self.abort()
        self._store.commits += 1
        self._store.touched.update(dict.fromkeys(self._touched, self._store.commits))
        for (collection, key), stored in self.changes.items():
            there = self._store.collection(collection)
            if stored is None:
                there.pop(key, None)
            else:
                there[key] = stored
        if self.changes:
            self._store.after_commit(self)

    def abort(self) -> None:
        """Discard its writes."""
        self.is_open = False
        self._store.open.discard(self)

    def _write(self, collection: str, key: Hashable, stored: Stored | None) -> None:
        now = self._now.setdefault(collection, dict(self.view(collection)))
        if stored is None:
            now.pop(key, None)
        else:
            now[key] = stored
        self.changes[collection, key] = stored

    def _touch(self, collection: str, key: Hashable, unique: Iterable[Hashable]) -> None:
        for place in [(collection, "_id", key), *[(collection, "unique", each) for each in unique]]:
            others = (each for each in self._store.open if each is not self)
            if self._store.touched.get(place, 0) > self.began or any(place in each._touched for each in others):
                self.abort()
                raise conflict()
            self._touched.add(place)

    def _refuse_taken(self, collection: str, key: Hashable, stored: Stored) -> None:
        there = self.view(collection).items()
        if any(other != key and not stored.taken.isdisjoint(each.taken) for other, each in there):
            self.abort()
            raise _doubled(UNIQUE[plain(collection)])
