"""A running system whose policy a test can change."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from services.local.system import System, running_system
from services.runtime.settings import Settings

STRICT: Final = 'versie = "zonder digid"\n[voldoende_middelen]\ndossier = "*"\n'


@contextmanager
def system_with_policy_file(home: Path, *, partitions: int) -> Iterator[System]:
    """Run both services, by the default policy under another name."""
    beleid = home / "beleid.toml"
    beleid.write_text('versie = "eerst"\n')
    settings = Settings(topic_partitions=partitions, beleid_file=beleid)
    with running_system(settings, folder=home, say=print) as running:
        yield running


def start_classifier_with(system: System, policy: str) -> None:
    """Have contacts judged by another policy from now on."""
    write_policy(system, policy)
    system.services["classifier"].stop()
    system.services["classifier"].start()


def write_policy(system: System, policy: str) -> None:
    """Change the policy for whoever reads the file next."""
    assert system.settings.beleid_file is not None
    system.settings.beleid_file.write_text(policy)
