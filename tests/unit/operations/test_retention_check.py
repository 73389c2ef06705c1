"""What the doctor says of `bewaren.toml`."""

from pathlib import Path

import pytest

from services.operations.retain.check import NO_TERMS_ADVICE, retention_check
from services.runtime.settings import Settings


@pytest.mark.parametrize(
    ("text", "found", "advice"),
    [
        ("", "no terms, from {file}", NO_TERMS_ADVICE),
        ("tellingen = 'P5Y'\n[klantcontacten.regels]\nV0 = 'P1Y'\nV2 = 'P1Y'\n", "3 terms, from {file}", ""),
    ],
)
def test_it_counts_the_terms(tmp_path: Path, text: str, found: str, advice: str) -> None:
    file = tmp_path / "bewaren.toml"
    file.write_text(text)

    check = retention_check(Settings(bewaren_file=file))

    assert (check.ok, check.found, check.advice) == (True, found.format(file=file), advice)


@pytest.mark.parametrize("text", ["tellingen = 'five years'", "[klantcontacten.regels]\nG1 = 'P1Y'", "tellingen ="])
def test_a_file_that_retain_refuses_is_a_fault(tmp_path: Path, text: str) -> None:
    file = tmp_path / "bewaren.toml"
    file.write_text(text)

    check = retention_check(Settings(bewaren_file=file))

    assert not check.ok
    assert str(file) in check.found
    assert "KLANTCONTACT_BEWAREN_FILE" in check.found


def test_the_file_that_comes_with_the_product_has_none_set() -> None:
    assert retention_check(Settings(bewaren_file=Path("deploy/bewaren.toml"))).advice == NO_TERMS_ADVICE
