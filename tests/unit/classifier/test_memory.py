"""How much memory a batch takes whose contacts cause hundreds of times their own size. The rest of the worst that the
contract allows is in tests/integration/classifier/test_memory.py, which takes longer.
"""

from typing import Final

from tests.support.heavy_batch import measured

MOST_BYTES: Final = 200 * 1024 * 1024


GIVEN_ALL: Final = "corrections of a contact that was given all"


def test_corrections_that_cause_60_mb_of_events_are_handled_within_200_mb() -> None:
    took = measured(GIVEN_ALL, most_bytes=MOST_BYTES)
    assert took.bytes < 200_000
    assert took.messages > 80_000
    assert took.published_bytes > 60_000_000
