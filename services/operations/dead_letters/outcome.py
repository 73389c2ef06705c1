"""What came of a command over many letters."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from services.operations.dead_letters.letters import Letter
from services.operations.dead_letters.selection import Selection
from services.operations.dead_letters.states import Aim, History


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
        self, letters: Sequence[Letter], histories: Sequence[History], selection: Selection, aim: Aim
    ) -> list[Letter]:
        """Give those of these letters that are meant by what is recorded of them now, and count the others."""
        meant = []
        for letter, history in zip(letters, histories, strict=True):
            if selection.takes(history.state):
                meant.append(letter)
            elif history.has_come_to(aim):
                self.earlier += 1
            else:
                self.skipped[f"it is {history.told} by now"] += 1
        return meant
