"""The bridge as the process that an operator runs, and the Open Klant that it keeps equal."""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from services.runtime.settings import Settings
from tests.fakes.open_klant.server import OpenKlant
from tests.fakes.projector_store import FakeRegister
from tests.support.bridge_picture import found_picture, orphans, wanted_picture
from tests.support.kafka_tools import committed_offsets, make_topics
from tests.support.projector_examples import SOURCE, Event, fact
from tests.support.projector_process import PARTITIONS, settings_for
from tests.support.service_process import ServiceProcess
from tests.support.waiting import wait_for


def bridge_settings(
    kafka: str, mongo: str, topics: str, database: str, open_klant: OpenKlant, folder: Path
) -> Settings:
    """Return the settings of a projector and a bridge to this Open Klant, and make their topics."""
    token = folder / "token"
    token.write_text(open_klant.token)
    token.chmod(0o600)
    letters = f"{topics}.openklant.dlq"
    make_topics(kafka, letters)
    return settings_for(kafka, mongo, topics, database).model_copy(
        update={
            "openklant_url": open_klant.root,
            "openklant_token_file": token,
            "openklant_group": f"{topics}-openklant",
            "openklant_dead_letter_topic": letters,
            "openklant_timeout": 1.0,  # so the lease of an instance that is killed lasts twelve seconds
            "bridge_sources": SOURCE,
        }
    )


def bridge_process(settings: Settings, folder: Path, name: str = "bridge") -> ServiceProcess:
    """Return an instance, not yet started."""
    return ServiceProcess("bridge", settings, folder / f"{name}.log")


def wait_until_equal(open_klant: OpenKlant, events: Sequence[Event]) -> None:
    """Wait until Open Klant has just what these events lead to. A failure shows what differs."""
    register = FakeRegister()
    register.merge([fact(each) for each in events])
    wanted = wanted_picture(register, sources=[SOURCE])
    with suppress(AssertionError):
        wait_for("all is equal", lambda: found_picture(open_klant) == wanted and not orphans(open_klant))
    assert found_picture(open_klant) == wanted
    assert orphans(open_klant) == []


def bridge_committed(settings: Settings) -> int:
    """Return how many records the bridge's group has committed."""
    group, kafka = settings.openklant_group, settings.kafka_bootstrap
    return sum(
        sum(committed_offsets(kafka, group=group, topic=topic, partitions=PARTITIONS))
        for topic in (settings.registered_topic, settings.taak_topic)
    )
