"""The worst that the contract allows is handled within 200 MB: four batches side by side, and their register."""

from typing import Final

import pytest

from tests.support.heavy_batch import measured
from tests.support.heavy_shapes import shapes
from tests.unit.classifier.test_memory import GIVEN_ALL

MOST_BYTES: Final = 200 * 1024 * 1024


@pytest.mark.parametrize("shape", sorted(shapes().keys() - {GIVEN_ALL}))
def test_a_heavy_shape_is_handled_within_200_mb(shape: str) -> None:
    took = measured(shape, most_bytes=MOST_BYTES)
    assert took.records >= 16
