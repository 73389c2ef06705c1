"""How thorough the generated tests are: by default the same examples every time, and only a few for each mutant.

`HYPOTHESIS_PROFILE=thorough pytest tests/unit/domain` looks further, at other examples each time.
"""

import os

import pytest
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


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    """Choose at the last moment: mutmut names its mutant when all has been imported, and other tests choose for themselves."""
    settings.load_profile(
        "mutants" if os.environ.get("MUTANT_UNDER_TEST") else os.environ.get("HYPOTHESIS_PROFILE", "ci")
    )


def pytest_runtest_teardown() -> None:
    """Leave the tests of other folders what they had."""
    settings.load_profile("default")
