"""What a new judgement would change for a contact: pure, and without any content."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from services.domain.besluit import BesluitRecord, OnderwerpBesluit


class Standing(StrEnum):
    """What became of a record that was looked at."""

    CHANGES = "changes"
    SAME = "same"
    NOT_JUDGED = "not judged yet"
    OVERTAKEN = "overtaken"
    """A later revisie is in force; that one is judged where it lies."""
    REPEAT = "repeat"
    """The revisie in force lies at another position, and is judged there."""
    DEAD_LETTER = "dead letter"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome for one onderwerp."""

    regel: str
    klantcontact: bool
    interne_taak: bool
    partij: str
    contactgegevens: bool

    def as_json(self) -> dict[str, Any]:
        """Give it under the names of the dry run."""
        return {
            "regel": self.regel,
            "klantcontact": self.klantcontact,
            "interneTaak": self.interne_taak,
            "partij": self.partij,
            "betrokkeneContactgegevens": self.contactgegevens,
        }

    @classmethod
    def of(cls, onderwerp: OnderwerpBesluit) -> "Outcome":
        """Take the outcome from a decision record."""
        partij = onderwerp.partij.value if onderwerp.partij else "geen"
        return cls(
            onderwerp.regel.value, onderwerp.klantcontact, onderwerp.interne_taak, partij, onderwerp.contactgegevens
        )


@dataclass(frozen=True, slots=True)
class OnderwerpDifference:
    """One onderwerp as it was decided and as it would be."""

    onderwerp_id: str
    was: Outcome
    wordt: Outcome
    only_besides: bool
    """The outcome is the same, and something else in its events differs: the taal, or a second betrokkene's partij."""


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
        """Give it for a program to read."""
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
    """Compare the judgement in force with a new one that says something else."""
    onderwerpen = [
        OnderwerpDifference(
            new.onderwerp_id,
            Outcome.of(old),
            Outcome.of(new),
            only_besides=Outcome.of(old) == Outcome.of(new),
        )
        for old, new in zip(was.onderwerpen, wordt.onderwerpen, strict=True)
        if new.sinds is None
    ]
    return Difference(was.source, was.contact_id, was.revisie, was.besluitversie, tuple(onderwerpen))


@dataclass(slots=True)
class Summary:
    """How many records there were of each kind, and which rule becomes which, by number of onderwerpen."""

    records: Counter[str] = field(default_factory=Counter)
    rules: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, standing: Standing, found: Difference | None) -> None:
        """Count one record."""
        self.records[standing.value] += 1
        if found is not None:
            self.rules.update((each.was.regel, each.wordt.regel) for each in found.onderwerpen)

    def as_json(self) -> Mapping[str, Any]:
        """Give it for a program to read."""
        rules: Iterable[tuple[tuple[str, str], int]] = sorted(self.rules.items())
        return {
            "records": {standing.value: self.records[standing.value] for standing in Standing},
            "regels": [{"was": was, "wordt": wordt, "onderwerpen": number} for (was, wordt), number in rules],
        }
