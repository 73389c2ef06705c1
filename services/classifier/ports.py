"""What the classifier needs from the outside world: of each port there is one real adapter and one fake."""

from collections.abc import Callable, Sequence
from typing import Protocol

from services.domain.case import Case
from services.domain.outcome import InstructionAnswer, Outcome
from services.domain.register import Register
from services.domain.wissing import Wissing


class HeavyBatch(Exception):
    """The contacts of a batch, or the decisions behind them, are too much at once. Nothing was recorded."""

    def __init__(self, *, fits: int | None = None) -> None:
        """`fits`: how many of its first contacts are not too much, where that is known."""
        super().__init__()
        self.fits = fits


class RegisterStore(Protocol):
    """The partijregister and the besluiten."""

    async def transact(
        self, batch: Sequence[Case], judge: Callable[[Register], Sequence[Outcome]]
    ) -> Sequence[Outcome]:
        """Look up what the register knows of a batch, call `judge`, and record what changed: all or nothing.

        When another instance commits first, the whole is retried, and `judge` is called again.
        Raises TransientFailure when the database is away, and HeavyBatch for a batch of several contacts whose
        decisions are too large; nothing was recorded then.
        """

    async def erase(self, wissing: Wissing, execute: Callable[[Register], InstructionAnswer]) -> InstructionAnswer:
        """Look up what the register knows around an instruction, call `execute`, and record what changed: all or
        nothing.

        It records the answer too. When the same instruction comes again, it returns that answer, and `execute` is not
        called. Retries and raises as `transact`.
        """
