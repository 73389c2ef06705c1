"""The bridge as a process, between Apache Kafka, MongoDB, the projector, and an Open Klant that answers over HTTP."""

from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from services.runtime.settings import Settings
from tests.fakes.open_klant.faults import Fault
from tests.fakes.open_klant.server import OpenKlant
from tests.support.bridge_process import bridge_committed, bridge_process, bridge_settings, wait_until_equal
from tests.support.kafka_tools import ANSWER_SECONDS
from tests.support.projector_examples import (
    Event,
    email,
    klantcontact_withdrawn,
    partij,
    partij_changed,
    partij_withdrawn,
    registered,
    taak_created,
    taak_withdrawn,
)
from tests.support.projector_process import projector_process, publish
from tests.support.service_process import ServiceProcess
from tests.support.waiting import wait_for

JANSEN = {"digitaleAdressen": [email("a@example.nl")], "contactnaam": {"achternaam": "Jansen"}}


@pytest.fixture
def settings(
    kafka_bootstrap: str, mongo_uri: str, topics: str, database: str, open_klant: OpenKlant, tmp_path: Path
) -> Settings:
    return bridge_settings(kafka_bootstrap, mongo_uri, topics, database, open_klant, tmp_path)


def counts(open_klant: OpenKlant) -> dict[str, int]:
    """Return how many rows there are of each resource that has any."""
    return {name: len(table.rows) for name, table in open_klant.register.tables.items() if table.rows}


def created(bridge: ServiceProcess) -> float:
    """Return how many klantcontacten an instance has made."""
    return bridge.measured("klantcontact_bridge_converged_total").get(("klantcontact", "created"), 0)


def test_a_klantcontact_reaches_open_klant_is_corrected_and_leaves_no_trace_there_when_it_is_erased(
    settings: Settings, open_klant: OpenKlant, tmp_path: Path
) -> None:
    # Nobody is killed here. A call that takes long is no fault, and is not made again.
    settings = settings.model_copy(update={"openklant_timeout": ANSWER_SECONDS})
    open_klant.weather.plan(Fault(500, resource="maak-klantcontact", takes_effect=True))
    events = [
        registered("c-1", partijen=[partij(fields=JANSEN)]),
        taak_created("c-1"),
        registered("c-2"),
        taak_created("c-2"),
    ]
    publish(settings, events)
    with projector_process(settings, tmp_path):
        with bridge_process(settings, tmp_path) as bridge:
            wait_until_equal(open_klant, events)

            events += [registered("c-1", revisie=2, partijen=[partij(versie=2, fields=JANSEN)]), taak_withdrawn("c-2")]
            publish(settings, events[-2:])
            wait_until_equal(open_klant, events)

            events.append(partij_changed(versie=3, beperking=True))
            publish(settings, events[-1:])
            wait_until_equal(open_klant, events)
            assert bridge.terminate() == 0

        # While no bridge runs, people do the taak, and more is published.
        [taak] = open_klant.register["internetaken"].rows.values()
        done = {"status": "verwerkt", "afgehandeldOp": "2026-11-30T10:00:00Z"}
        open_klant.register.change("internetaken", taak, done)
        events.append(registered("c-3"))
        publish(settings, events[-1:])

        open_klant.weather.calls.clear()
        with bridge_process(settings, tmp_path, "again") as bridge:
            wait_until_equal(open_klant, events)
            # A call has its effect before it is noted.
            wait_for("all is committed", lambda: bridge_committed(settings) == len(events))
            made = [(each.method, each.resource) for each in open_klant.weather.calls if each.method != "GET"]
            assert made == [("POST", "maak-klantcontact"), ("POST", "actorklantcontacten")]
            with MongoClient[dict[str, Any]](settings.mongo_uri) as client:
                taken = client[settings.mongo_database]["interne_taken"]
                wait_for("it is done here", lambda: taken.count_documents({"interneTaak.status": "verwerkt"}) == 1)

            erased = [
                klantcontact_withdrawn("c-1", revisie=3),
                taak_withdrawn("c-1", revisie=3),
                partij_withdrawn("c-1", versie=4, resultaat="vervallen", revisie=3),
                klantcontact_withdrawn("c-2"),
                klantcontact_withdrawn("c-3"),
            ]
            publish(settings, erased)
            wait_until_equal(open_klant, [*events, *erased])
            wait_for("all is committed", lambda: bridge_committed(settings) == len(events) + len(erased))
            assert counts(open_klant) == {"actoren": 2}
            assert [each for each in bridge.log() if each["level"] in {"error", "critical"}] == []
            wait_for("it is ready", bridge.is_ready)


def test_of_two_bridges_one_takes_over_when_the_other_is_killed_and_nothing_is_made_twice(
    settings: Settings, open_klant: OpenKlant, tmp_path: Path
) -> None:
    open_klant.weather.latency_seconds = 0.05
    events: list[Event] = []

    def publish_contacts(more: int) -> None:
        first = len(events) // 2
        for name, versie in ((f"c-{each}", each + 1) for each in range(first, first + more)):
            events.extend([registered(name, partijen=[partij(versie=versie, fields=JANSEN)]), taak_created(name)])
        publish(settings, events[2 * first :])

    def both_have_made_some() -> bool:
        """Publish more when all is made: an instance that stood still for a session had no part in the first ones."""
        if bridge_committed(settings) == len(events):
            publish_contacts(1)
        return created(one) > 0 and created(two) > 0

    with (
        projector_process(settings, tmp_path),
        bridge_process(settings, tmp_path, "one") as one,
        bridge_process(settings, tmp_path, "two") as two,
    ):
        wait_for("both are in the group", lambda: one.is_ready() and two.is_ready())
        publish_contacts(30)
        wait_for("both have made some", both_have_made_some)
        two.server.kill()
        publish_contacts(10)
        wait_until_equal(open_klant, events)
        wait_for("all is committed", lambda: bridge_committed(settings) == len(events))
        number = len(events) // 2
        assert created(one) < number

    rows = counts(open_klant)
    assert (rows["klantcontacten"], rows["internetaken"], rows["betrokkenen"]) == (number,) * 3
    assert (rows["partijen"], rows["actoren"], rows["actorklantcontacten"]) == (1, 2, number)
