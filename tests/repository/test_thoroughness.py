"""The settings of a generated test are those of the profile that was chosen, whenever its file is imported."""

import os

import pytest
from hypothesis import settings

from tests.support.thoroughness import EXAMPLES, MORE_EXAMPLES, examples


@pytest.mark.parametrize("of_rules", [EXAMPLES, MORE_EXAMPLES], ids=["examples", "more examples"])
def test_a_test_of_the_rules_has_no_deadline_and_tries_the_same_examples_unless_somebody_chose(
    of_rules: settings,
) -> None:
    assert of_rules.deadline is None
    assert of_rules.derandomize is ("EXAMPLES" not in os.environ)


def test_a_test_of_the_rules_tries_as_many_examples_as_the_profile_says() -> None:
    assert EXAMPLES.max_examples == examples(150)
