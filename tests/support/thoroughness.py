"""How many examples a generated test tries.

By default a generated test tries the same examples every time: a change fails for what it did, and for nothing else.
These change the number:
- `pytest --hypothesis-profile=quick` tries a fifth, for `make unit` (see `tests/conftest.py`);
- `EXAMPLES=5000 pytest tests/unit` tries so many, and others each time;
- under mutmut each mutant meets a few.

Import this in a test, not in a conftest: pytest reads those before it has chosen the profile.
"""

import os
from typing import Final

from hypothesis import HealthCheck, Phase, settings

_CHOSEN: Final = os.environ.get("EXAMPLES")
_FOR_A_MUTANT: Final = "MUTANT_UNDER_TEST" in os.environ

_WHOLE: Final = 100
"""`max_examples` of Hypothesis's default profile, under which a test tries the number that it names."""


def examples(number: int) -> int:
    """Return how many of so many examples the chosen profile tries; or how many somebody chose."""
    if _CHOSEN:
        return int(_CHOSEN)
    return max(1, number * settings().max_examples // _WHOLE)


EXAMPLES: Final = settings(
    max_examples=15 if _FOR_A_MUTANT else examples(150),
    database=None,
    phases=[Phase.generate] if _FOR_A_MUTANT else tuple(Phase),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
"""For a test that takes some milliseconds an example."""

MORE_EXAMPLES: Final = settings(EXAMPLES, max_examples=2 * EXAMPLES.max_examples)
"""For the second opinion, which finds cases that no test names."""
