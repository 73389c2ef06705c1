"""`explain` tells from the bridge's state how far Open Klant is with a klantcontact and its taak."""

from datetime import UTC, datetime
from typing import Any

import pytest

from services.cli.explain_open_klant import in_open_klant
from services.domain.numbers import NumberKind
from services.operations.explain.open_klant import OpenKlantState, compared

BEGUN, EQUAL = datetime(2026, 12, 1, 12, tzinfo=UTC), datetime(2026, 12, 1, 12, 0, 5, tzinfo=UTC)
STATE: dict[str, Any] = {
    "rijen": {"klantcontacten": {"uuid": "u-1"}, "internetaken/t-1": {"uuid": "u-2"}},
    "af": True,
    "fout": None,
    "begonnen": BEGUN,
    "bijgewerkt": EQUAL,
    "versie": [2, 1],
    "verwijderdDoorGemeente": [],
}
SINCE_EQUAL, SINCE_BEGUN = ", since 2026-12-01 12:00:05Z", ", since 2026-12-01 12:00:00Z"


@pytest.mark.parametrize(
    ("changes", "state", "told"),
    [
        ({}, OpenKlantState.EQUAL, f"interne taak 7 (u-2) equal{SINCE_EQUAL}"),
        ({"rijen": {}}, OpenKlantState.REMOVED, f"interne taak 7 removed{SINCE_EQUAL}"),
        (
            {"versie": [1, 9]},
            OpenKlantState.OUTDATED,
            f"interne taak 7 (u-2) not yet: equal to an earlier decision{SINCE_EQUAL}",
        ),
        ({"af": False}, OpenKlantState.OPEN, f"interne taak 7 (u-2) not yet: the bridge is at work on it{SINCE_BEGUN}"),
        (
            {"af": False, "fout": "geweigerd"},
            OpenKlantState.REFUSED,
            f"interne taak 7 (u-2) refused (geweigerd); see `klantcontact dlq list --in openklant.dlq`{SINCE_BEGUN}",
        ),
        (
            {"rijen": {}, "verwijderdDoorGemeente": ["internetaken/t-1"]},
            OpenKlantState.LEFT_OUT,
            "interne taak 7 left out: somebody removed it there, or a backfill left it here",
        ),
    ],
)
def test_each_state_of_the_bridge_is_told(changes: dict[str, Any], state: OpenKlantState, told: str) -> None:
    found = compared(NumberKind.INTERNE_TAAK, "t-1", "7", STATE | changes, (2, 1))

    assert found.state is state
    assert in_open_klant(found) == told


def test_a_klantcontact_that_the_bridge_never_began_on_is_not_sent() -> None:
    found = compared(NumberKind.KLANTCONTACT, "k-1", "3", None, (1, 1))

    assert found.state is OpenKlantState.NOT_SENT
    assert in_open_klant(found) == (
        "klantcontact 3 not sent; `klantcontact bridge dry-run --id` says whether it goes there"
    )
