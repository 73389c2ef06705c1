"""The demo calls Open Klant equal only where `bridge reconcile` has looked at everything."""

from typing import Any

import pytest

from services.local.open_klant import has_no_difference

EQUAL: dict[str, Any] = {"differences": {}, "refused": {}, "failed": {}, "stopped": None}


@pytest.mark.parametrize(
    ("found", "equal"),
    [
        (EQUAL, True),
        ({**EQUAL, "differences": {"klantcontacten": {"missing": 1}}}, False),
        ({**EQUAL, "failed": {"kc-1": "POST internetaken was answered with status 500."}}, False),
        ({**EQUAL, "stopped": "Open Klant does not answer (ConnectError)."}, False),
        ({"stopped": "MongoDB is away."}, False),
    ],
)
def test_an_open_klant_that_was_not_looked_at_to_the_end_is_not_called_equal(
    found: dict[str, Any], *, equal: bool
) -> None:
    assert has_no_difference(found) is equal
