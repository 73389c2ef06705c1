"""How long a replaced record stays."""

from services.operations.markers import longest_hours
from services.runtime.settings import Settings


def test_a_replaced_record_is_gone_once_its_segment_is_closed_and_cleaned() -> None:
    assert longest_hours(Settings()) == 36
    assert longest_hours(Settings(output_compaction_hours=72)) == 72
