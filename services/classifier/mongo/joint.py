"""Small batches of several partitions are recorded in one transaction.

At small loads each partition has a few contacts at a time, and a transaction costs the same round trips for one contact
as for a hundred. So a batch that comes while another is recorded joins those that wait. The next transaction has them
all.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

from services.classifier.ports import RegisterStore
from services.domain.case import Case
from services.domain.outcome import InstructionAnswer, Outcome
from services.domain.register import Register
from services.domain.wissing import Wissing
from services.runtime.exactly_once.ports import FULL_BATCH

SMALL_BATCH: Final = FULL_BATCH // 5
"""Contacts. A larger batch gains little, and would keep the small ones waiting."""

JudgeBatch = Callable[[Register], Sequence[Outcome]]


class JointRegister:
    """A RegisterStore that records small batches together, and hands the others on to the one behind it."""

    def __init__(self, store: RegisterStore) -> None:
        self._store = store
        self._turn = asyncio.Lock()
        self._waiting: list[_Joining] = []
        """In the order in which they ask for the turn, so the one that gets it is the first."""

    async def transact(self, batch: Sequence[Case], judge: JudgeBatch) -> Sequence[Outcome]:
        """Look up, judge and record a batch, all or nothing, as the port promises."""
        if len(batch) > SMALL_BATCH:
            return await self._store.transact(batch, judge)
        joining = _Joining(batch, judge)
        self._waiting.append(joining)
        try:
            async with self._turn:
                if joining in self._waiting:
                    await self._record(self._take())
        finally:
            if joining in self._waiting:  # cancelled
                self._waiting.remove(joining)
        if joining.outcomes is None:
            # Together they failed: perhaps by the fault of one, which then stands alone.
            return await self._store.transact(batch, judge)
        return joining.outcomes

    async def erase(self, wissing: Wissing, execute: Callable[[Register], InstructionAnswer]) -> InstructionAnswer:
        """Execute an instruction and record what it changes, as the port promises. It stands alone."""
        return await self._store.erase(wissing, execute)

    def _take(self) -> list["_Joining"]:
        """Take the first of those that wait, as many as are no more than a full batch."""
        together = [self._waiting.pop(0)]
        contacts = len(together[0].batch)
        while self._waiting and contacts + len(self._waiting[0].batch) <= FULL_BATCH:
            together.append(self._waiting.pop(0))
            contacts += len(together[-1].batch)
        return together

    async def _record(self, together: Sequence["_Joining"]) -> None:
        """Record these batches, or leave their outcomes None."""
        if len(together) == 1:
            [alone] = together
            alone.outcomes = await self._store.transact(alone.batch, alone.judge)
            return
        judged: list[Sequence[Outcome]] = []

        def judge(register: Register) -> Sequence[Outcome]:
            judged[:] = [each.judge(register) for each in together]
            return [outcome for outcomes in judged for outcome in outcomes]

        try:
            await self._store.transact([case for each in together for case in each.batch], judge)
        except Exception:  # noqa: BLE001 - each of them tries by itself, and raises what is its own
            return
        for each, outcomes in zip(together, judged, strict=True):
            each.outcomes = outcomes


class _Joining:
    """A batch that waits to be recorded with others."""

    def __init__(self, batch: Sequence[Case], judge: JudgeBatch) -> None:
        self.batch = batch
        self.judge = judge
        self.outcomes: Sequence[Outcome] | None = None
        """None: it is not recorded."""
