"""Whatever stands in the ledger can be erased again after a backup was put back."""

from services.domain.wissing import SoortWissing
from services.operations.erase import reapply


def test_every_kind_of_erasure_has_its_turn_after_a_restored_backup() -> None:
    assert set(reapply._ORDER) == set(reapply._MODES) == set(SoortWissing)
