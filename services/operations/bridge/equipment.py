"""What the commands of the bridge work with: Open Klant, the projector's documents, and the bridge's state."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from typing import TypeVar

from services.bridge.converge import Convergence
from services.bridge.klantcontacten import Klantcontacten
from services.bridge.meant import USUAL, BridgeTerms, Care
from services.bridge.open_klant.client import HttpOpenKlant
from services.bridge.partijen import Partijen
from services.bridge.parts import Signer
from services.bridge.ports import BridgeStates, OpenKlant, ProjectedDocuments, ShownOrGone
from services.operations.mongo import Database

T = TypeVar("T")


@dataclass(frozen=True)
class Equipment:
    """What a command of the bridge works with."""

    open_klant: HttpOpenKlant
    documents: ProjectedDocuments
    states: BridgeStates
    projection: Database
    terms: BridgeTerms
    lanes: int

    def klantcontacten(
        self, open_klant: OpenKlant, states: BridgeStates, documents: ProjectedDocuments | None = None
    ) -> "LookedOnce":
        """Return the convergence of klantcontacten with this Open Klant and this state."""
        return LookedOnce(open_klant, documents or self.documents, states, self.terms)

    @property
    def klantcontacten_collections(self) -> list[str]:
        """The collections with the klantcontacten that may go to Open Klant."""
        return ["klantcontacten", *(["klantcontacten_vertrouwelijk"] if self.terms.choice.confidential else [])]


class LookedOnce(Klantcontacten):
    """The klantcontacten, for a command that looks at many: it looks at each partij once."""

    def __init__(
        self, open_klant: OpenKlant, documents: ProjectedDocuments, states: BridgeStates, terms: BridgeTerms
    ) -> None:
        super().__init__(open_klant, documents, states, terms)
        self._partijen = _Partijen(open_klant, states, terms.signer, add=terms.choice.add)


class _Partijen(Partijen):
    def __init__(self, open_klant: OpenKlant, states: BridgeStates, signer: Signer, *, add: bool) -> None:
        super().__init__(open_klant, states, signer, add=add)
        self._looked_at = set[str]()

    async def converge(
        self, partij_id: str, shown: ShownOrGone, asked: Care = USUAL, *, nummer: str | None = None
    ) -> Convergence:
        """Make a partij equal; from the second time on, trust its state."""
        asked = USUAL if partij_id in self._looked_at else asked
        outcome = await super().converge(partij_id, shown, asked, nummer=nummer)
        self._looked_at.add(partij_id)
        return outcome


async def in_lanes(items: AsyncIterator[T], lanes: int, look: Callable[[T], Awaitable[None]]) -> None:
    """Look at each item, a few at once. Raises the first error, which ends it."""

    async def lane() -> None:
        while True:
            async with turn:
                try:
                    item = await anext(items)
                except StopAsyncIteration:
                    return
            await look(item)

    turn = asyncio.Lock()
    running = [asyncio.create_task(lane()) for _ in range(lanes)]
    try:
        await asyncio.gather(*running)
    finally:
        for each in running:
            each.cancel()
        await asyncio.gather(*running, return_exceptions=True)


def thoroughly(*, again: bool) -> Care:
    """Return how `reconcile` looks: it reads every row and trusts no note."""
    return replace(USUAL, whole=True, again=again)
