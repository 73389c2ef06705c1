"""Both services as real processes on the servers that all tests share, with topics and a database of their own."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from services.local.servers.stack import Stack
from services.local.system import System, running_system
from services.runtime.settings import Settings
from tests.support.kafka_tools import topic_names
from tests.support.leftovers import remove_database, remove_topics


@contextmanager
def shared_system(stack: Stack, home: Path, **changes: object) -> Iterator[System]:
    """Run the services within the block, with these settings beside the names; nothing of it stays on the servers."""
    name = f"test-{uuid4().hex[:12]}"
    names: dict[str, object] = {
        "kafka_bootstrap": stack.kafka_bootstrap,
        "mongo_uri": stack.mongo_uri,
        "mongo_database": name,
        "classifier_group": f"{name}-classifier",
        "projector_group": f"{name}-projector",
        **topic_names(name),
    }
    settings = Settings.model_validate(names | changes)
    try:
        with running_system(settings, folder=home, say=print) as running:
            yield running
    finally:
        remove_topics(stack.kafka_bootstrap, name)
        remove_database(stack.mongo_uri, name)
