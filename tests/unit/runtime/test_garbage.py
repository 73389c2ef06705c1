"""The garbage collector stands still within a block, and not longer."""

import gc

from services.runtime.garbage import unsearched


def test_nothing_is_searched_within_the_block_and_again_after_it() -> None:
    with unsearched():
        with unsearched():
            pass
        assert not gc.isenabled()
    assert gc.isenabled()
