"""The whole system as real processes."""

from collections.abc import Iterator

import pytest

from services.local.servers.stack import Stack
from services.local.system import System
from tests.acceptance.shared_system import shared_system


@pytest.fixture(scope="module")
def system(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """Both services of one file of tests; their logs say all that they can say."""
    home = tmp_path_factory.mktemp("system")
    with shared_system(stack, home, topic_partitions=4, log_level="debug", log_format="json") as running:
        yield running
