"""Has the classifier erase what has been kept long enough, a few contacts at a time."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from schemas.outputs import Reden
from services.domain.besluit import BesluitRecord
from services.domain.outcome import Executed
from services.domain.wissing import Bezwaar, SoortWissing
from services.operations.erase.asking import AskedWissing, Instructions
from services.operations.erase.composing import NotStored, Stored, without_contactgegevens
from services.operations.erase.targets import Finder, Mode, Target

AT_ONCE: Final = 50
"""Contacts that are asked for before the answers are awaited: some seconds of the classifier."""


@dataclass(frozen=True, slots=True)
class RetentionEraser:
    """A `ContactEraser` that asks the classifier. What is declined, such as a contact that was corrected meanwhile,
    waits for the next run.
    """

    asking: Instructions
    finder: Finder
    verzoek: str
    declined: Counter[str] = field(default_factory=Counter)
    """Why the classifier did not do what it was asked."""

    async def contacts(self, due: Sequence[BesluitRecord]) -> int:
        """Erase contacts as a whole. Return how many were."""
        return await self._ask([AskedWissing(self._target().wissing(SoortWissing.CONTACT, each), each) for each in due])

    async def details(self, due: Sequence[BesluitRecord]) -> int:
        """Erase name and addresses at the betrokkenen of contacts. Return of how many."""
        stored = await self.finder.stored(due)
        return await self._ask([asked for each in due if (asked := self._without_details(each, stored)) is not None])

    async def partijen(self, due: Sequence[str]) -> int:
        """Erase the entries of partijen that no contact knows. Return how many were."""
        targets = [replace(self._target(), mode=Mode.PARTIJ, partij_id=each) for each in due]
        return await self._ask([AskedWissing(each.of_partij(SoortWissing.PARTIJ)) for each in targets])

    def _target(self) -> Target:
        return Target(Mode.CONTACT, self.verzoek, Reden.BEWAARTERMIJN)

    def _without_details(self, besluit: BesluitRecord, stored: Stored) -> AskedWissing | None:
        try:
            composed = without_contactgegevens(besluit, stored)
        except NotStored:
            self.declined["not stored yet"] += 1
            return None
        wissing = self._target().wissing(SoortWissing.CONTACTGEGEVENS, besluit)
        return AskedWissing(replace(wissing, opnieuw=tuple(composed.opnieuw)), besluit)

    async def _ask(self, asked: Sequence[AskedWissing]) -> int:
        executed = 0
        for start in range(0, len(asked), AT_ONCE):
            answers = await self.asking.answers(asked[start : start + AT_ONCE])
            for each in answers:
                if isinstance(each, Executed):
                    executed += 1
                elif each.bezwaar is not Bezwaar.AL_GEWIST:  # a change of consent went with its last contact
                    self.declined[each.bezwaar.value] += 1
            await self.asking.forget(answers)
        return executed
