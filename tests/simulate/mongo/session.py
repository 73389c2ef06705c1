"""The way to the simulated MongoDB, and a session with it."""

from collections.abc import Callable
from contextvars import ContextVar
from typing import Final, Self, TypeVar

from pymongo.errors import AutoReconnect

from tests.simulate.mongo.store import Store, Transaction, conflict
from tests.simulate.world import ConnectionBroken, World

T = TypeVar("T")

ATTEMPT: ContextVar[object] = ContextVar("ATTEMPT", default=None)
"""The cases or the instruction that the next transaction of a task records. The watch reads it."""

LIFETIME_SECONDS: Final = 15.0
"""MongoDB's `transactionLifetimeLimitSeconds`, which is 60 by default. A transaction that a killed process left stays
for as long, and who meets it tries again and again."""


class Server:
    """The server as a client reaches it."""

    def __init__(self, world: World, store: Store) -> None:
        self.world = world
        self.store = store
        self.is_away: Callable[[], bool] = lambda: False

    async def ask(self, what: str, work: Callable[[], T]) -> T:
        """Ask the server. Raises AutoReconnect when the connection breaks, or the server is away."""

        def answer() -> T:
            if self.is_away():
                raise ConnectionBroken
            return work()

        try:
            return await self.world.ask(what, answer)
        except ConnectionBroken as broken:
            raise AutoReconnect("connection closed") from broken


class Session:
    """A session with at most one transaction."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._about = ATTEMPT.get()
        self.transaction: Transaction | None = None
        self._is_in_transaction = False

    async def start_transaction(self, **_: object) -> Self:
        """Begin. The server hears of it with the first operation."""
        self._is_in_transaction = True
        return self

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            await self.commit_transaction()
        else:
            await self.abort_transaction()

    def begun(self) -> Transaction:
        """Return the transaction at the server."""
        if self.transaction is None:
            self.transaction = transaction = Transaction(self._server.store, self._about)
            self._server.world.later(LIFETIME_SECONDS, transaction.abort)
        if not self.transaction.is_open:
            raise conflict()
        return self.transaction

    async def commit_transaction(self) -> None:
        """Commit. Without an answer the caller does not know whether it was."""
        self._is_in_transaction = False
        if self.transaction is None:
            return
        try:
            await self._server.ask("mongo: commit", lambda: self.begun().commit())
        except AutoReconnect as error:
            error._add_error_label("UnknownTransactionCommitResult")
            raise

    async def abort_transaction(self) -> None:
        """Abort. The caller does not mind when the answer is lost."""
        self._is_in_transaction = False
        if self.transaction is not None and self.transaction.is_open:
            try:
                await self._server.ask("mongo: abort", self.transaction.abort)
            except AutoReconnect:
                return

    async def end(self) -> None:
        """Abort what is open."""
        if self._is_in_transaction:
            await self.abort_transaction()
