"""The garbage collector stands still while modules are loaded, and not longer."""

import gc

import pytest

from services.cli.lazy import load
from services.runtime.garbage import unsearched


def test_nothing_is_searched_within_the_block_and_again_after_it() -> None:
    with unsearched():
        with unsearched():
            pass
        assert not gc.isenabled()
    assert gc.isenabled()


def test_it_searches_again_after_a_module_that_can_not_be_loaded() -> None:
    with pytest.raises(ModuleNotFoundError):
        load("services.cli.no_such_command", "app")
    assert gc.isenabled()
