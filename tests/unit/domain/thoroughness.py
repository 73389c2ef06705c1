"""How many examples a generated test tries: the same ones every time, and only a few for each mutant.

`EXAMPLES=5000 pytest tests/unit/domain` looks further, at other examples each time.
"""

import os
from typing import Final

from hypothesis import HealthCheck, Phase, settings

_CHOSEN: Final = os.environ.get("EXAMPLES")
_FOR_A_MUTANT: Final = "MUTANT_UNDER_TEST" in os.environ

EXAMPLES: Final = settings(
    max_examples=int(_CHOSEN) if _CHOSEN else 15 if _FOR_A_MUTANT else 150,
    derandomize=_CHOSEN is None,
    deadline=None,
    database=None,
    phases=[Phase.generate] if _FOR_A_MUTANT else tuple(Phase),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
"""For a test of which one example takes some milliseconds."""

MORE_EXAMPLES: Final = settings(EXAMPLES, max_examples=2 * EXAMPLES.max_examples)
"""For the second opinion, which finds what nobody thought of."""
