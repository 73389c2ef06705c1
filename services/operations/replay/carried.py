"""What a dry run carries from batch to batch: it records nothing, and all the same sees what comes of it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from services.classifier.mongo.register import MongoRegister
from services.domain.case import Case
from services.domain.register import Register

MAX_CARRIED: Final = 200_000
"""Changed contacts: half a GB, at 2.3 kB each with the partijen that they change. A week of a large municipality in
which every second contact comes out otherwise is less."""


@dataclass(slots=True)
class CarriedRegister:
    """Answers as MongoDB would if all that was judged here had been recorded.

    Only the changes are kept. What the services record meanwhile is seen, except about what was changed here.
    """

    stored: MongoRegister
    forgotten: int = 0
    """How many changed contacts no longer count for those after them, because there were more than MAX_CARRIED."""
    register: Register | None = field(default=None, init=False)
    """The changes, and what the last batch asked for besides."""

    async def look_up(self, batch: Sequence[Case]) -> Register:
        """Give what is known for a batch; judging it there adds to the changes. Raises as `MongoRegister.look_up`."""
        if self.register is not None:
            self.register.forget_unchanged()
            if len(self.register.besluiten) > MAX_CARRIED:
                self.forgotten += len(self.register.besluiten)
                self.register = None
        self.register = await self.stored.look_up(batch, self.register)
        return self.register
