"""How thorough generated tests are: the same examples every time, and few of them for each mutant."""

import os

from hypothesis import HealthCheck, settings

settings.register_profile(
    "ci",
    max_examples=150,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
settings.register_profile("mutants", parent=settings.get_profile("ci"), max_examples=15)
settings.register_profile("thorough", parent=settings.get_profile("ci"), max_examples=5000, derandomize=False)

settings.load_profile("mutants" if "MUTANT_UNDER_TEST" in os.environ else os.environ.get("HYPOTHESIS_PROFILE", "ci"))
