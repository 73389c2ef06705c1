"""What the tests of the bridge as a process share: topics, a database, and a file with Open Klant's token."""

from pathlib import Path

import pytest

from services.runtime.settings import Settings
from tests.fakes.open_klant.server import OpenKlant
from tests.support.bridge_process import bridge_settings


@pytest.fixture
def settings(
    kafka_bootstrap: str, mongo_uri: str, topics: str, database: str, open_klant: OpenKlant, tmp_path: Path
) -> Settings:
    """The settings of a projector and a bridge."""
    return bridge_settings(kafka_bootstrap, mongo_uri, topics, database, open_klant, tmp_path)
