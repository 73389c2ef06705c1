"""The citations in code can be followed: the file is in the repository, and the heading is on its page."""

import ast
import re
import tokenize
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from services.domain.rules import TABLE

FOLDERS = ("schemas", "services", "tests")
DECISION = Path("schemas/decision.md")

FILE = re.compile(r"[\w./-]+\.(?:md|py)\b")
FOLDER = re.compile(r"`((?:schemas|services|tests|deploy)/[\w/]+)`")
HEADINGS = re.compile(rf'`{DECISION}`,((?: "[^"]+",?)+)')
"""One or more headings in quotation marks, with commas between."""


CITES = re.compile(r"\.(?:md|py)\b|`(?:schemas|services|tests|deploy)/")
COMMENT_THAT_CITES = re.compile(rf"#.*(?:{CITES.pattern})")
"""Few modules cite, and to parse or tokenize one takes long."""


def _told(path: Path) -> Iterator[str]:
    """Return each docstring and comment of a module that cites, as one line."""
    text = path.read_text(encoding="utf-8")
    if not CITES.search(text):
        return
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield " ".join(node.value.value.split())
    if not COMMENT_THAT_CITES.search(text):
        return
    with tokenize.open(path) as lines:
        yield from (each.string for each in tokenize.generate_tokens(lines.readline) if each.type == tokenize.COMMENT)


@cache
def _everything_told() -> list[tuple[Path, str]]:
    """Return the texts of all modules. Cached, and not read at collection, which every worker does."""
    return [(path, told) for folder in FOLDERS for path in sorted(Path(folder).rglob("*.py")) for told in _told(path)]


def test_every_file_that_code_cites_exists() -> None:
    cited = [
        (path, name)
        for path, told in _everything_told()
        for pattern in (FILE, FOLDER)
        for name in pattern.findall(told)
    ]
    assert cited
    assert [
        (str(path), name) for path, name in cited if not (Path(name).exists() or (path.parent / name).exists())
    ] == []


def test_every_heading_that_code_cites_is_on_the_page_of_the_decision() -> None:
    cited = [
        (path, heading)
        for path, told in _everything_told()
        for headings in HEADINGS.findall(told)
        for heading in re.findall(r'"([^"]+)"', headings)
    ]
    headings = set(re.findall(r"^## (.+)$", DECISION.read_text(encoding="utf-8"), re.MULTILINE))
    assert cited
    assert [(str(path), heading) for path, heading in cited if heading not in headings] == []


def test_the_rows_on_the_page_are_those_of_the_table_that_runs() -> None:
    row = re.compile(r"^\| `(\w\d)` \|.+?\| (yes|no) \|.+\| ([^|]+) \|$", re.MULTILINE)
    shown = row.findall(DECISION.read_text(encoding="utf-8"))
    assert shown == [(rule.regel, "yes" if rule.klantcontact else "no", rule.source) for rule in TABLE]
