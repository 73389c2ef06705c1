"""The register in memory."""

import copy
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from itertools import count
from typing import Any

from services.domain.case import Case
from services.domain.numbers import Numbers
from services.domain.outcome import InstructionAnswer, Outcome
from services.domain.policy import DEFAULT, Beleid
from services.domain.register import Register
from services.domain.wissing import Wissing


class FakeRegisterStore:
    """A RegisterStore in memory; the first calls raise `failures`, one each."""

    def __init__(self, beleid: Beleid = DEFAULT, *, failures: Sequence[Exception] = ()) -> None:
        self.register = Register(beleid, Numbers(count(1), count(1), count(1)))
        self.failures = deque(failures)
        self.batches: list[list[str]] = []
        """The contacts of each call that recorded something."""
        self.answers: dict[str, InstructionAnswer] = {}
        """To instructions to erase."""

    async def transact(
        self, batch: Sequence[Case], judge: Callable[[Register], Sequence[Outcome]]
    ) -> Sequence[Outcome]:
        """Judge on a copy, which replaces the register when no exception is raised."""
        if self.failures:
            raise self.failures.popleft()
        draft = _copied(self.register)
        outcomes = judge(draft)
        self.register = draft
        self.batches.append([case.received.contact.contact_id for case in batch])
        return outcomes

    async def erase(self, wissing: Wissing, execute: Callable[[Register], InstructionAnswer]) -> InstructionAnswer:
        """Execute on a copy, as `transact` judges."""
        if self.failures:
            raise self.failures.popleft()
        if wissing.opdracht not in self.answers:
            draft = _copied(self.register)
            self.answers[wissing.opdracht] = execute(draft)
            self.register = draft
        return self.answers[wissing.opdracht]


def _copied(register: Register) -> Register:
    """Return a register that changes apart. The values in it never change; deepcopy knows no compiled class."""
    kept: dict[str, Any] = {each.name: _apart(getattr(register, each.name)) for each in fields(register)}
    kept["numbers"] = Numbers(*[copy.copy(getattr(register.numbers, each.name)) for each in fields(register.numbers)])
    return replace(register, **kept)


def _apart(kept: object) -> object:
    if isinstance(kept, dict):
        return {key: _apart(value) for key, value in kept.items()}
    return set(kept) if isinstance(kept, set) else kept
