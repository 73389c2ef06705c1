"""A running system whose policy a test can change."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from services.local.servers.stack import Stack
from services.local.system import System
from tests.acceptance.shared_system import shared_system

STRICT: Final = 'versie = "zonder digid"\n[voldoende_middelen]\ndossier = "*"\n'


@contextmanager
def system_with_policy_file(
    stack: Stack, home: Path, *, partitions: int, policy: str = 'versie = "eerst"\n'
) -> Iterator[System]:
    """Run both services, by the default policy under another name."""
    beleid = home / "beleid.toml"
    beleid.write_text(policy)
    with shared_system(stack, home, topic_partitions=partitions, beleid_file=beleid) as running:
        yield running


def start_classifier_with(system: System, policy: str) -> None:
    """Start the classifier again, with another policy."""
    write_policy(system, policy)
    system.services["classifier"].stop()
    system.services["classifier"].start()


def write_policy(system: System, policy: str) -> None:
    """Write another policy, which the next process reads."""
    assert system.settings.beleid_file is not None
    system.settings.beleid_file.write_text(policy)
