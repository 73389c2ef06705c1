"""How many examples a generated test tries: the same ones every time, and only a few for each mutant.

`EXAMPLES=5000 pytest tests/unit/domain` looks further, at other examples each time.
"""

import os
from typing import Final

from hypothesis import HealthCheck, settings

_CHOSEN: Final = os.environ.get("EXAMPLES")
_FOR_A_MUTANT: Final = 15

EXAMPLES: Final = settings(
    max_examples=int(_CHOSEN) if _CHOSEN else _FOR_A_MUTANT if "MUTANT_UNDER_TEST" in os.environ else 150,
    derandomize=_CHOSEN is None,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
"""For a test of which one example takes some milliseconds."""

MORE_EXAMPLES: Final = settings(EXAMPLES, max_examples=2 * EXAMPLES.max_examples)
"""For the second opinion, which finds what nobody thought of."""
