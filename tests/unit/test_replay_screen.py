"""What `klantcontact replay` says at its end."""

import pytest

from services.cli import replaying
from services.operations.replay.replay import Replayed

FORGOTTEN = "what 200,001 contacts change for those after them"


@pytest.mark.parametrize(("forgotten", "times"), [(0, 0), (200_001, 1)])
def test_what_a_dry_run_could_not_carry_along_is_told(
    forgotten: int, times: int, capsys: pytest.CaptureFixture[str]
) -> None:
    replaying._print_summary(Replayed(forgotten=forgotten), executed=False)
    assert capsys.readouterr().err.count(FORGOTTEN) == times
