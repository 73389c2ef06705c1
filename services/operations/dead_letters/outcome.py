"""What came of a command over many letters."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from services.operations.dead_letters.letters import Letter
from services.operations.dead_letters.states import MAX_SENDING, Aim, History, Meant

BEING_SENT: Final = (
    f"it is being sent back, or was when that was interrupted; start again in {MAX_SENDING.seconds // 60} minutes"
)


@dataclass(slots=True)
class Outcome:
    """How far a command has come."""

    done: int = 0
    """What it was to do, and is recorded."""
    earlier: int = 0
    """They had come to the same before: by a run of it that was interrupted, as a rule."""
    skipped: Counter[str] = field(default_factory=Counter)
    """How many were left as they were, by reason."""

    def still_meant(
        self, letters: Sequence[Letter], histories: Sequence[History], meant: Meant, aim: Aim
    ) -> list[Letter]:
        """Give those of these letters that are meant by what is recorded of them now, and count the others."""
        chosen = []
        for letter, history in zip(letters, histories, strict=True):
            if meant(history):
                chosen.append(letter)
            elif history.is_being_sent:
                self.skipped[BEING_SENT] += 1
            elif history.has_come_to(aim):
                self.earlier += 1
            else:
                self.skipped[f"it is {history.told} by now"] += 1
        return chosen
