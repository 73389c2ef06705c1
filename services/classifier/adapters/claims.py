"""Batches of one instance that share a klant or a contact go one after another; all others side by side.

MongoDB would find out as well, by a write conflict at the end of all the work for a batch.
"""

import asyncio
from collections.abc import AsyncIterator
from collections.abc import Set as AbstractSet
from contextlib import asynccontextmanager


class Claims:
    """What the batches in hand work on."""

    def __init__(self) -> None:
        self._held: dict[asyncio.Event, AbstractSet[str]] = {}

    @asynccontextmanager
    async def hold(self, keys: AbstractSet[str]) -> AsyncIterator[None]:
        """Wait until no other batch works on one of these keys, and keep others from them within the block."""
        while others := [done for done, held in self._held.items() if not held.isdisjoint(keys)]:
            # Whoever waits holds nothing, so nobody can wait for ever.
            await others[0].wait()
        done = asyncio.Event()
        self._held[done] = keys
        try:
            yield
        finally:
            del self._held[done]
            done.set()
