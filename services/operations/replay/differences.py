"""The difference that a new judgement would make for a contact: pure, and without any content."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from services.domain.besluit import BesluitRecord, OnderwerpBesluit


class Standing(StrEnum):
    """How a record stands to the decision in force about its contact."""

    CHANGES = "changes"
    SAME = "same"
    TO_PUBLISH = "to publish again"
    """An operator asks for its events, not for a new judgement."""
    NOT_JUDGED = "not judged yet"
    OVERTAKEN = "overtaken"
    """A later revisie is in force. It is judged at its own place."""
    REPEAT = "repeat"
    """The same revisie was sent twice. It is judged at its first place; this copy is skipped."""
    DEAD_LETTER = "dead letter"
    ERASED = "erased"
    """Something of the contact was erased. It is closed."""


@dataclass(frozen=True, slots=True)
class OnderwerpOutcome:
    """The outcome for one onderwerp."""

    regel: str
    klantcontact: bool
    interne_taak: bool
    partij: str
    contactgegevens: bool

    def as_json(self) -> dict[str, Any]:
        """Return it under the names of the dry run."""
        return {
            "regel": self.regel,
            "klantcontact": self.klantcontact,
            "interneTaak": self.interne_taak,
            "partij": self.partij,
            "betrokkeneContactgegevens": self.contactgegevens,
        }

    @classmethod
    def of(cls, onderwerp: OnderwerpBesluit) -> "OnderwerpOutcome":
        """Return the outcome that a decision record holds."""
        partij = onderwerp.partij.value if onderwerp.partij else "geen"
        return cls(
            onderwerp.regel.value, onderwerp.klantcontact, onderwerp.interne_taak, partij, onderwerp.contactgegevens
        )


@dataclass(frozen=True, slots=True)
class OnderwerpDifference:
    """One onderwerp as it was decided and as it would be."""

    onderwerp_id: str
    was: OnderwerpOutcome
    wordt: OnderwerpOutcome
    only_besides: bool
    """The outcome is the same, but its events differ: in the taal, or in the partij of a second betrokkene."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A contact that would be decided otherwise."""

    source: str
    contact_id: str
    revisie: int
    besluitversie: int
    """Of the judgement in force."""
    onderwerpen: tuple[OnderwerpDifference, ...]
    """Those that change."""

    def as_json(self) -> dict[str, Any]:
        """Return it for a program to read."""
        return {
            "revisie": self.revisie,
            "besluitversie": self.besluitversie,
            "onderwerpen": [
                {
                    "onderwerpId": each.onderwerp_id,
                    "was": each.was.as_json(),
                    "wordt": each.wordt.as_json(),
                    "onlyBesides": each.only_besides,
                }
                for each in self.onderwerpen
            ],
        }


def difference(was: BesluitRecord, wordt: BesluitRecord) -> Difference:
    """Return how a new judgement differs from the one in force."""
    onderwerpen = [
        OnderwerpDifference(
            new.onderwerp_id,
            OnderwerpOutcome.of(old),
            OnderwerpOutcome.of(new),
            only_besides=OnderwerpOutcome.of(old) == OnderwerpOutcome.of(new),
        )
        for old, new in zip(was.onderwerpen, wordt.onderwerpen, strict=True)
        if new.sinds is None
    ]
    # The former record may be a short one, which holds no contactId.
    return Difference(wordt.source, wordt.contact_id, was.revisie, was.besluitversie, tuple(onderwerpen))


@dataclass(slots=True)
class ReplaySummary:
    """How many records there were of each standing, and for how many onderwerpen one rule becomes another."""

    records: Counter[str] = field(default_factory=Counter)
    rules: Counter[tuple[str, str]] = field(default_factory=Counter)
    events: int = 0
    """Those that go out again."""

    def add(self, standing: Standing, found: Difference | None, events: int = 0) -> None:
        """Count one record, and the events that go out again."""
        self.records[standing.value] += 1
        self.events += events
        if found is not None:
            self.rules.update((each.was.regel, each.wordt.regel) for each in found.onderwerpen)

    def as_json(self) -> Mapping[str, Any]:
        """Return it for a program to read."""
        rules: Iterable[tuple[tuple[str, str], int]] = sorted(self.rules.items())
        return {
            "records": {standing.value: self.records[standing.value] for standing in Standing},
            "events": self.events,
            "regels": [{"was": was, "wordt": wordt, "onderwerpen": number} for (was, wordt), number in rules],
        }
