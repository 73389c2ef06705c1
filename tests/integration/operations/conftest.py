"""What several tests of the operators' commands need."""

import pytest

from services.operations import lock


@pytest.fixture
def never_renewed(monkeypatch: pytest.MonkeyPatch) -> None:
    """No holder renews its lease by itself: a test that stood still for a while would find it renewed."""
    monkeypatch.setattr(lock, "RENEW_SECONDS", 3_600.0)
