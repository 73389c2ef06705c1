"""Batches of one instance that share a klant or a contact go one after another, all others side by side.

MongoDB would find such a pair too, but by a write conflict at the end of all the work for a batch.
"""

import asyncio
from collections.abc import AsyncIterator
from collections.abc import Set as AbstractSet
from contextlib import asynccontextmanager


class Claims:
    """The keys on which batches in flight work."""

    def __init__(self) -> None:
        self._held: dict[asyncio.Event, AbstractSet[str]] = {}

    @asynccontextmanager
    async def hold(self, keys: AbstractSet[str]) -> AsyncIterator[None]:
        """Wait until no other batch works on one of these keys, and hold them until the block ends."""
        while others := [done for done, held in self._held.items() if not held.isdisjoint(keys)]:
            # A batch that waits holds nothing, so there is no deadlock.
            await others[0].wait()
        done = asyncio.Event()
        self._held[done] = keys
        try:
            yield
        finally:
            del self._held[done]
            done.set()
