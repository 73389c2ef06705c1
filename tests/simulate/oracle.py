"""The register as the rules make it: applied once to each input, in the order in which the register judged them.

That order is a matter of chance. That there is one, and that every decision is as if nothing had happened at the same
time, is what the simulation shows.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from itertools import count
from typing import Any, Final, NamedTuple

from services.classifier.mongo.documents import besluit_document, gewist_document, partij_document
from services.classifier.mongo.register import BESLUITEN, KEPT_WITHOUT_TRACE, PARTIJREGISTER
from services.domain.case import Case
from services.domain.numbers import Numbers
from services.domain.outcome import Decided, Executed, InstructionAnswer, Outcome, Rejudged
from services.domain.policy import DEFAULT
from services.domain.register import Register
from services.domain.wissen import execute
from services.domain.wissing import Wissing
from tests.simulate.mongo.matching import Document
from tests.simulate.town import SETTINGS
from tests.simulate.world import BEGAN_AT

Judged = tuple[Case, ...] | Wissing
"""What a transaction of the register is about."""

CHANCE: Final = frozenset(
    {
        "nummer",
        "klantcontactNummer",
        "taakNummer",
        "beslotenOp",
        "vervaltOp",
        "gewistOp",
        "sentWith",
    }
)
"""The fields of the register that numbers, clocks and crashes decide."""


class Step(NamedTuple):
    """A transaction of the register, and the documents that it left."""

    judged: Judged
    began: int
    """The commits that it saw, and its own number among them."""
    number: int
    left: Mapping[tuple[str, str], Any]
    """By collection and `_id`, without what is left to chance."""


class Oracle:
    """The register as it should be, and the events that should go out."""

    def __init__(self) -> None:
        self._register = Register(DEFAULT, Numbers(count(1), count(1), count(1)))
        self.allowed: Counter[str] = Counter()
        """How often each event may go out, by id."""

    def _judge(self, judged: Judged) -> None:
        """Apply the rules to a batch, or to an instruction."""
        for outcome in self._outcomes(judged):
            if isinstance(outcome, Decided | Rejudged | Executed):
                self.allowed.update({event.body["id"] for event in outcome.events(SETTINGS.source)})

    def _outcomes(self, judged: Judged) -> Sequence[Outcome | InstructionAnswer]:
        if isinstance(judged, Wissing):
            return [execute(self._register, judged, BEGAN_AT, SETTINGS.source)]
        return [self._register.judge(case, BEGAN_AT) for case in judged]

    def differences(self, step: Step) -> Collection[str]:
        """Judge a transaction. Return the collections in which it left something else than the rules lead to."""
        self._judge(step.judged)
        return sorted({place[0] for place, left in step.left.items() if left != self._document(*place)})

    def _document(self, collection: str, identifier: str) -> Document | None:
        """Return a document of the register as it should be, without what is left to chance; None: there is none."""
        register = self._register
        document: Document | None = None
        if collection == PARTIJREGISTER and identifier in register.partijen:
            document = partij_document(register.partijen[identifier])
        elif collection == BESLUITEN and identifier in register.besluiten:
            document = besluit_document(register.besluiten[identifier], KEPT_WITHOUT_TRACE)
        elif collection == BESLUITEN and identifier in register.gewist:
            document = gewist_document(identifier, register.gewist[identifier])
        stripped: Document | None = without_chance(document)
        return stripped


class History:
    """The transactions of the register, in an order in which one after another leads to what each left.

    It is the order of their commits if possible. But a transaction that reads only may have seen the register as it was
    before another one that was committed first. Then it comes before all that it did not see.
    """

    def __init__(self) -> None:
        self._steps: list[Step] = []
        self.oracle = Oracle()

    def add(self, step: Step) -> Collection[str]:
        """Add a transaction. Return the collections in which no such order leads to what it left."""
        self._steps.append(step)
        wrong = self.oracle.differences(step)
        if wrong:
            seen = next(at for at, each in enumerate(self._steps) if each.number > step.began)
            earlier = [*self._steps[:seen], step, *self._steps[seen:-1]]
            oracle = Oracle()
            if not any(oracle.differences(each) for each in earlier):
                self._steps, self.oracle = earlier, oracle
                return ()
        return wrong


def without_chance(value: Any) -> Any:  # noqa: ANN401 - any value of a document
    """Return a value of a document without what is left to chance."""
    if isinstance(value, dict):
        return {name: without_chance(each) for name, each in value.items() if name not in CHANCE}
    if isinstance(value, list | tuple):
        return [without_chance(each) for each in value]
    return value
