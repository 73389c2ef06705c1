"""PyMongo's collection and cursor on the simulated store."""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import SimpleNamespace
from typing import Any, Final, Self, TypeVar

from bson import CodecOptions
from pymongo import DeleteOne, InsertOne, ReplaceOne, ReturnDocument, UpdateOne
from pymongo.errors import BulkWriteError, DuplicateKeyError, OperationFailure

from tests.simulate.mongo.matching import Document, projected, updated
from tests.simulate.mongo.session import Server, Session
from tests.simulate.mongo.store import DUPLICATE_KEY, IN_UTC, WRITE_CONFLICT, Stored, Transaction

T = TypeVar("T")

PAUSE_SECONDS: Final = 0.01
"""Before MongoDB tries a write again that met a conflict outside a transaction."""

Update = Mapping[str, Any] | Sequence[Mapping[str, Any]]
"""An update, or a pipeline of them."""


class Cursor:
    """A cursor whose documents come with its first answer."""

    def __init__(self, ask: Callable[[], Any]) -> None:
        self._ask = ask
        self._left: Iterator[Any] | None = None

    async def to_list(self, length: int | None = None) -> list[Any]:
        """Return all that is left."""
        del length
        return [each async for each in self]

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        pass

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Any:  # noqa: ANN401 - a document or bytes
        if self._left is None:
            self._left = iter(await self._ask())
        try:
            return next(self._left)
        except StopIteration:
            raise StopAsyncIteration from None


class Collection:
    """An `AsyncCollection`."""

    codec_options: Final[CodecOptions[Document]] = IN_UTC

    def __init__(self, server: Server, name: str) -> None:
        self._server = server
        self._name = name

    # Reading

    def find(
        self,
        query: Mapping[str, Any] | None = None,
        fields: Mapping[str, int] | None = None,
        *,
        session: Session | None = None,
        batch_size: int = 0,
    ) -> Cursor:
        """Return what a query selects."""
        del batch_size

        def work() -> list[Document]:
            return [projected(each.copy(), fields) for each in self._found(query or {}, session)]

        return Cursor(lambda: self._server.ask(f"mongo: find {self._name}", work))

    def find_raw_batches(self, query: Mapping[str, Any], *, session: Session, batch_size: int) -> Cursor:
        """Return the same as BSON, in one batch."""
        del batch_size

        def work() -> list[bytes]:
            return [b"".join(each.raw for each in self._found(query, session))]

        return Cursor(lambda: self._server.ask(f"mongo: find {self._name}", work))

    async def find_one(
        self,
        query: Mapping[str, Any],
        fields: Mapping[str, int] | None = None,
        *,
        session: Session | None = None,
    ) -> Document | None:
        """Return one document that a query selects."""
        return next(iter(await self.find(query, fields, session=session).to_list()), None)

    async def estimated_document_count(self) -> int:
        """Return how many there are."""
        return len(await self.find().to_list())

    def _found(self, query: Mapping[str, Any], session: Session | None) -> list[Stored]:
        if session is not None:
            return list(session.begun().find(self._name, query))
        transaction = Transaction(self._server.store)
        transaction.abort()
        return list(transaction.find(self._name, query))

    # Writing

    async def insert_one(self, document: Document, *, session: Session | None = None) -> None:
        """Insert a document."""
        await self._write([InsertOne(document)], session)

    async def insert_many(
        self, documents: Sequence[Document], *, ordered: bool, session: Session | None = None
    ) -> None:
        """Insert documents."""
        del ordered
        await self._write([InsertOne(each) for each in documents], session)

    async def bulk_write(
        self, operations: Sequence[Any], *, ordered: bool = True, session: Session | None = None
    ) -> None:
        """Do several writes. PyMongo sends the inserts of an unordered batch first."""
        if not ordered:
            operations = sorted(operations, key=lambda each: not isinstance(each, InsertOne))
        await self._write(operations, session)

    async def update_one(
        self, query: Mapping[str, Any], update: Update, *, upsert: bool = False, session: Session | None = None
    ) -> None:
        """Update a document. Raises DuplicateKeyError when an upsert finds its `_id` taken."""
        try:
            await self._write([UpdateOne(query, update, upsert=upsert)], session)
        except BulkWriteError as error:
            raise DuplicateKeyError("taken", DUPLICATE_KEY) from error

    async def update_many(
        self, query: Mapping[str, Any], update: Update, *, session: Session | None = None
    ) -> SimpleNamespace:
        """Update every document that a query selects."""

        def work(transaction: Transaction) -> SimpleNamespace:
            found = list(transaction.find(self._name, query))
            for stored in found:
                transaction.put(self._name, updated(stored.copy(), update))
            return SimpleNamespace(modified_count=len(found))

        return await self._transact(f"mongo: update {self._name}", work, session)

    async def delete_many(self, query: Mapping[str, Any], *, session: Session | None = None) -> None:
        """Delete every document that a query selects."""

        def work(transaction: Transaction) -> None:
            for stored in list(transaction.find(self._name, query)):
                transaction.delete(self._name, stored.document["_id"])

        await self._transact(f"mongo: delete {self._name}", work, session)

    async def find_one_and_update(
        self, query: Mapping[str, Any], update: Update, *, upsert: bool = False, return_document: bool
    ) -> Document | None:
        """Update a document, and return it as it was or as it is."""

        def work(transaction: Transaction) -> Document | None:
            before = next((each.copy() for each in transaction.find(self._name, query)), None)
            _apply(transaction, self._name, UpdateOne(query, update, upsert=upsert))
            if return_document is ReturnDocument.BEFORE:
                return before
            return next((each.copy() for each in transaction.find(self._name, query)), None)

        return await self._transact(f"mongo: update {self._name}", work, None)

    async def rename(self, to: str, *, dropTarget: bool) -> None:  # noqa: N803 - PyMongo's
        """Give it another name."""
        del dropTarget
        await self._server.ask(f"mongo: rename {self._name}", lambda: self._server.store.rename(self._name, to))

    async def _write(self, operations: Sequence[Any], session: Session | None) -> None:
        def work(transaction: Transaction) -> None:
            for operation in operations:
                _apply(transaction, self._name, operation)

        await self._transact(f"mongo: write {len(operations)} to {self._name}", work, session)

    async def _transact(self, what: str, work: Callable[[Transaction], T], session: Session | None) -> T:
        if session is not None:
            return await self._server.ask(what, lambda: work(session.begun()))

        def alone() -> T:
            transaction = Transaction(self._server.store)
            try:
                done = work(transaction)
            except BaseException:
                transaction.abort()
                raise
            transaction.commit()
            return done

        while True:
            try:
                return await self._server.ask(what, alone)
            except OperationFailure as error:
                if error.code != WRITE_CONFLICT:
                    raise
                await asyncio.sleep(PAUSE_SECONDS)


def _apply(transaction: Transaction, collection: str, operation: Any) -> None:  # noqa: ANN401 - PyMongo's have no base
    match operation:
        case InsertOne():
            transaction.insert(collection, operation._doc)
        case DeleteOne():
            for stored in list(transaction.find(collection, operation._filter))[:1]:
                transaction.delete(collection, stored.document["_id"])
        case ReplaceOne():
            transaction.put(collection, dict(operation._doc))
        case UpdateOne():
            _update(transaction, collection, operation)
        case _:
            raise AssertionError(type(operation))


def _update(transaction: Transaction, collection: str, operation: UpdateOne) -> None:
    found = next(transaction.find(collection, operation._filter), None)
    if found is not None:
        now = updated(found.copy(), operation._doc)
        if now != found.document:
            transaction.put(collection, now)
    elif operation._upsert:
        transaction.insert(collection, updated({"_id": operation._filter["_id"]}, operation._doc, inserts=True))
