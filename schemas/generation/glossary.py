"""The glossary as data: the meanings of Dutch terms, fields and values."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

GLOSSARY: Final = Path(__file__).parents[1] / "glossary.md"


@dataclass(frozen=True, slots=True)
class Glossary:
    """Meanings by name. A value is found by its enum and name; the enum None holds for any other enum."""

    things: Mapping[str, str]
    fields: Mapping[str, str]
    values: Mapping[tuple[str | None, str], str]

    def value(self, enum: str, value: str) -> str:
        """Return the meaning of a value of an enum; empty when another page explains it."""
        return self.values.get((enum, value)) or self.values.get((None, value), "")


def read_glossary() -> Glossary:
    """Return the contents of `schemas/glossary.md`."""
    sections = GLOSSARY.read_text("utf-8").split("\n## ")
    tables = {section.split("\n", 1)[0]: list(_rows(section)) for section in sections}
    values = [(place.rpartition(".")[2], name, meaning) for name, meaning, place in tables["Values"]]
    return Glossary(
        things={name: meaning for name, meaning, _ in tables["Things"]},
        fields={name: meaning for name, meaning, _ in tables["Fields"]},
        values={
            **{(None, name): meaning for _, name, meaning in values},
            **{(enum, name): meaning for enum, name, meaning in values},
        },
    )


def _rows(section: str) -> Iterator[tuple[str, str, str]]:
    """Yield the rows of a table, without its heading."""
    for line in section.splitlines():
        if line.startswith("| `"):
            name, meaning, place = (cell.strip().strip("`") for cell in line.strip("|").split(" | "))
            yield name, meaning, place
