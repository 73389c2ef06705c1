"""A test that looks for a line of the log looks for one that is logged somewhere: else it could not fail."""

import re
from pathlib import Path

LOGGED = re.compile(r"\"([a-z_]+(?:\.[a-z_]+)+)\"")
LOOKED_FOR = re.compile(r"\.log\(\"([a-z_]+\.[a-z_.]+)\"\)|\[\"event\"\] == \"([a-z_.]+)\"")


def _text(folder: str) -> str:
    return "\n".join(each.read_text("utf-8") for each in sorted(Path(folder).rglob("*.py")))


def test_every_line_of_the_log_that_a_test_looks_for_is_logged_somewhere() -> None:
    logged = set(LOGGED.findall(_text("services")))
    looked_for = {first or second for first, second in LOOKED_FOR.findall(_text("tests"))}
    assert len(looked_for) > 10
    assert looked_for - logged == set()
