"""The words that stand beside a kind in the contract are those that an operator sees."""

from enum import StrEnum

import pytest

from schemas.faults import FaultKind, RefusalKind
from schemas.meanings import meanings


@pytest.mark.parametrize("kinds", [FaultKind, RefusalKind])
def test_every_kind_has_a_meaning(kinds: type[StrEnum]) -> None:
    found = meanings(kinds)
    assert list(found) == [kind.value for kind in kinds]
    assert all(text.endswith(".") and "\n" not in text for text in found.values())


def test_the_meaning_is_that_of_its_kind() -> None:
    assert meanings(FaultKind)["ontbreekt"] == "A required field is absent or null."
    assert meanings(RefusalKind)["te_groot"] == (
        "It is larger than 64 KiB, of which the letter keeps the first, or a batch that unpacks to too much. The "
        "publisher has to repair it."
    )
