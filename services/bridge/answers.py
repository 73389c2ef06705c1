"""Counts the calls that Open Klant answered, for the task that made them. Other lanes count their own."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final


@dataclass(slots=True)
class AnsweredCalls:
    """The answered calls of one convergence."""

    calls: int = 0
    """Also those that Open Klant refused."""
    changes: int = 0
    """Those of them that changed something there."""

    def forget(self) -> None:
        """Begin anew, for the next try."""
        self.calls = self.changes = 0


_ANSWERS: Final = ContextVar[AnsweredCalls | None]("answers", default=None)


@contextmanager
def counting_answers() -> Iterator[AnsweredCalls]:
    """Count the answers that this task gets within the block."""
    answers = AnsweredCalls()
    before = _ANSWERS.set(answers)
    try:
        yield answers
    finally:
        _ANSWERS.reset(before)


def note_answer(*, changed: bool = False) -> None:
    """Note that Open Klant itself answered a call. `changed`: it carried out a change."""
    answers = _ANSWERS.get()
    if answers is not None:
        answers.calls += 1
        answers.changes += changed
