"""The folders and files of the code keep to the layout: no file has two subjects, no folder only a pattern's name."""

from pathlib import Path

CODE = [path for folder in ("schemas", "services") for path in Path(folder).rglob("*.py")]
MAX_LINES = 300
PATTERNS = {"adapters", "common", "core", "helpers", "lib", "misc", "util", "utils"}


def test_no_file_is_longer_than_a_reader_keeps_in_mind() -> None:
    lengths = {str(path): len(path.read_text(encoding="utf-8").splitlines()) for path in CODE}
    assert lengths
    assert {path: lines for path, lines in lengths.items() if lines > MAX_LINES} == {}


def test_no_folder_is_named_for_a_pattern() -> None:
    assert {part for path in CODE for part in path.parts} & PATTERNS == set()
