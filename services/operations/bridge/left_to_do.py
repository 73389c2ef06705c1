"""What a run of a command left to do, and why. It names calls, statuses, fields and codes, and no values."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from services.bridge.errors import CallRefused, Leased, NummerBezet, Unavailable
from services.operations.bridge.patience import FailsHere


@dataclass
class LeftToDo:
    """The part of a report that says what is left to do."""

    refused: dict[str, str] = field(default_factory=dict)
    """What Open Klant refuses, and why, by id."""
    failed: dict[str, str] = field(default_factory=dict)
    """What Open Klant fails at each time, or another instance holds, by id. The next run tries it again."""
    stopped: str | None = None
    """Why the run ended before it had looked at everything: Open Klant is away."""

    @property
    def is_whole(self) -> bool:
        """Whether the run left nothing to do."""
        return not self.refused and not self.failed and self.stopped is None

    @contextmanager
    def naming(self, named: str) -> Iterator[None]:
        """Note what goes wrong with one thing within the block, so that the run goes on."""
        try:
            yield
        except (CallRefused, NummerBezet) as refusal:
            self.refused[named] = str(refusal)
        except (FailsHere, Leased) as failure:
            self.failed[named] = str(failure)

    @contextmanager
    def until_away(self) -> Iterator[None]:
        """Note that Open Klant is away, where that ends the block."""
        try:
            yield
        except Unavailable as outage:
            self.stopped = str(outage)
