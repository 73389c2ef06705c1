"""A page of the documentation as a session: what a person types, and what the page shows below it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

CONSOLE: Final = re.compile(r"^```console\n(.*?)^```", re.MULTILINE | re.DOTALL)
VARIES: Final = re.compile(
    r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(?:\.\d+)?Z"
    r"|User:\w+, .*?\)|klantcontact \d+|Partij \d+|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
)
"""Moments, logins, the number that a klantcontact got, and ids: the page shows those of one run."""


@dataclass(frozen=True)
class Step:
    """What is typed, and what the page shows below it."""

    typed: str
    shown: str


def steps(page: str) -> Iterator[Step]:
    """Yield the steps of a page. A line that ends with a backslash goes on in the next one."""
    for block in CONSOLE.findall(page):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            typed, _, shown = part.replace("\\\n", "").partition("\n")
            yield Step(re.sub(r"\s+# .*$", "", typed), shown)


def is_as_shown(said: str, shown: str) -> bool:
    """Whether a command said what the page shows. In place of `…` may stand anything."""
    pattern = ".*".join(map(re.escape, _normal(shown).split("…")))
    return re.fullmatch(pattern, _normal(said), re.DOTALL) is not None


def _normal(text: str) -> str:
    return "\n".join(" ".join(line.split()) for line in VARIES.sub("(varies)", text).splitlines())
