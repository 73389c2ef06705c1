"""The bridge as a process, between Apache Kafka, MongoDB and an Open Klant that answers over HTTP."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from services.runtime.settings import Settings
from tests.fakes.open_klant.faults import Fault
from tests.fakes.open_klant.server import OpenKlant
from tests.fakes.projector_store import FakeRegister
from tests.support.bridge_picture import Picture, found_picture, orphans, wanted_picture
from tests.support.kafka_tools import committed_offsets, make_topics
from tests.support.projector_examples import (
    SOURCE,
    Event,
    email,
    fact,
    klantcontact_withdrawn,
    partij,
    partij_withdrawn,
    registered,
    taak_created,
    taak_withdrawn,
)
from tests.support.projector_process import PARTITIONS, projector_process, publish, settings_for
from tests.support.service_process import ServiceProcess
from tests.support.waiting import wait_for

MAIL = {"digitaleAdressen": [email("a@example.nl")], "contactnaam": {"achternaam": "Jansen"}}


@pytest.fixture
def open_klant() -> Iterator[OpenKlant]:
    with OpenKlant().running() as running:
        yield running


@pytest.fixture
def settings(
    kafka_bootstrap: str, mongo_uri: str, topics: str, database: str, open_klant: OpenKlant, tmp_path: Path
) -> Settings:
    token = tmp_path / "token"
    token.write_text(open_klant.token)
    token.chmod(0o600)
    made = settings_for(kafka_bootstrap, mongo_uri, topics, database)
    make_topics(kafka_bootstrap, f"{topics}.openklant.dlq")
    return made.model_copy(
        update={
            "openklant_url": open_klant.root,
            "openklant_token_file": token,
            "openklant_group": f"{topics}-openklant",
            "openklant_dead_letter_topic": f"{topics}.openklant.dlq",
            "openklant_timeout": 1,  # a lease that was left lasts twelve seconds
            "bridge_sources": SOURCE,
        }
    )


def bridge_process(settings: Settings, folder: Path, name: str = "bridge") -> ServiceProcess:
    return ServiceProcess("bridge", settings, folder / f"{name}.log")


def picture_of(events: Sequence[Event]) -> Picture:
    register = FakeRegister()
    register.merge([fact(each) for each in events])
    return wanted_picture(register, sources=[SOURCE])


def wait_until_equal(open_klant: OpenKlant, events: Sequence[Event]) -> None:
    """Wait until Open Klant has what these events lead to. A failure shows what differs."""
    wanted = picture_of(events)
    with suppress(AssertionError):
        wait_for("all is equal", lambda: found_picture(open_klant) == wanted)
    assert found_picture(open_klant) == wanted


def committed(settings: Settings) -> int:
    return sum(
        sum(
            committed_offsets(
                settings.kafka_bootstrap, group=settings.openklant_group, topic=topic, partitions=PARTITIONS
            )
        )
        for topic in (settings.registered_topic, settings.taak_topic)
    )


def test_what_is_published_is_in_open_klant_and_what_is_withdrawn_is_not(
    settings: Settings, open_klant: OpenKlant, tmp_path: Path
) -> None:
    open_klant.weather.plan(Fault(500, resource="maak-klantcontact", takes_effect=True))
    made = [
        registered("c-1", partijen=[partij("jansen", fields=MAIL)]),
        taak_created("c-1"),
        registered("c-2"),
        taak_created("c-2"),
    ]
    publish(settings, made)
    with projector_process(settings, tmp_path), bridge_process(settings, tmp_path):
        wait_until_equal(open_klant, made)

        gone = [
            klantcontact_withdrawn("c-1"),
            taak_withdrawn("c-1"),
            partij_withdrawn("c-1", "jansen", versie=2, resultaat="vervallen"),
        ]
        publish(settings, gone)
        wait_until_equal(open_klant, [*made, *gone])
        wait_for("all is committed", lambda: committed(settings) == len(made) + len(gone))

    assert len(open_klant.register["partijen"].rows) == 0
    assert orphans(open_klant) == []


def test_two_bridges_and_one_that_is_killed_make_nothing_twice(
    settings: Settings, open_klant: OpenKlant, tmp_path: Path
) -> None:
    open_klant.weather.latency_seconds = 0.02
    events = [
        event
        for number in range(12)
        for event in (
            registered(f"c-{number}", partijen=[partij("jansen", versie=number + 1, fields=MAIL)]),
            taak_created(f"c-{number}"),
        )
    ]
    publish(settings, events)
    with projector_process(settings, tmp_path), bridge_process(settings, tmp_path, "one"):
        with bridge_process(settings, tmp_path, "two") as two:
            wait_for("some are in Open Klant", lambda: len(open_klant.register["klantcontacten"].rows) >= 3)
            two.server.kill()
        wait_until_equal(open_klant, events)
        wait_for("all is committed", lambda: committed(settings) == len(events))

    assert len(open_klant.register["actoren"].rows) == 2


def test_a_taak_that_is_closed_in_open_klant_is_closed_here(
    settings: Settings, open_klant: OpenKlant, tmp_path: Path
) -> None:
    publish(settings, [registered("c-1"), taak_created("c-1")])
    with projector_process(settings, tmp_path):
        with bridge_process(settings, tmp_path):
            wait_for("the taak is there", lambda: len(open_klant.register["internetaken"].rows) == 1)
        row = next(iter(open_klant.register["internetaken"].rows.values()))
        closed = {"status": "verwerkt", "afgehandeldOp": "2026-11-30T10:00:00Z"}
        open_klant.register.change("internetaken", row, closed)

        with MongoClient[dict[str, Any]](settings.mongo_uri) as client, bridge_process(settings, tmp_path, "again"):
            taken = client[settings.mongo_database]["interne_taken"]
            wait_for("it is closed here", lambda: taken.count_documents({"interneTaak.status": "verwerkt"}) == 1)
