"""A rebuild while the projector works, while others write, and killed at its worst moments: nothing is lost."""

import random
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.database import Database

from services.operations.audit.head import COLLECTION as AUDIT_HEAD
from services.operations.lock import COLLECTION as LOCK
from services.projector.mongo.layout import Generation
from services.projector.mongo.swap import COLLECTION, ONLY, UNDER_WAY
from services.projector.mongo.writes import CLAIMS, WITH_FIELDS_OF_OTHERS, Collection
from services.runtime.settings import Settings
from tests.support.operators_commands import go_on, let_lease_lapse, let_lease_last
from tests.support.projector_examples import Event, assigned, taak_created, taak_id
from tests.support.projector_process import (
    count_committed,
    expected,
    projector_process,
    publish,
    settings_for,
    stored,
)
from tests.support.projector_scenario import scenario
from tests.support.rebuild_process import report_of, run_rebuild, stopped_before
from tests.support.service_process import ServiceProcess
from tests.support.waiting import wait_for

DONE, FAULTS_FOUND, WRONG_USE = 0, 1, 2

NEW = {Generation.NEW.name_of(each) for each in Collection}
FORMER = {Generation.FORMER.name_of(each) for each in Collection}


@pytest.fixture
def settings(kafka_bootstrap: str, mongo_uri: str, topics: str, database: str) -> Settings:
    return settings_for(kafka_bootstrap, mongo_uri, topics, database)


@pytest.fixture
def there(settings: Settings) -> Iterator[Database[dict[str, Any]]]:
    with MongoClient[dict[str, Any]](settings.mongo_uri, tz_aware=True, w="majority") as client:
        yield client[settings.mongo_database]


def history(first: int, last: int) -> list[Event]:
    """Return the events of many scenarios side by side, in an order that mixes them."""
    events = [event for number in range(first, last) for batch in scenario(f"-{number}") for event in batch]
    random.Random(first).shuffle(events)
    return events


@contextmanager
def projected(settings: Settings, events: Sequence[Event], folder: Path) -> Iterator[ServiceProcess]:
    """Return a projector that has projected these events, for the block."""
    publish(settings, events)
    with projector_process(settings, folder) as projector:
        projector.server.wait_until_ready()
        wait_for("everything is committed", lambda: count_committed(settings) == len(events))
        yield projector


class Publisher:
    """Publishes one history after another until it is told to stop, at a twentieth of what the projectors keep up with.

    A rebuild never reaches the end of topics that grow faster than it reads them, on whatever machine.
    """

    def __init__(self, settings: Settings) -> None:
        self.events: list[Event] = []
        self._settings = settings
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        number = 1_000
        while not self._stop.is_set():
            events, began = history(number, number + 5), time.monotonic()
            publish(self._settings, events)
            self.events += events
            number += 5
            wait_for("the projectors keep up", self._may_go_on)
            self._stop.wait(20 * (time.monotonic() - began))

    def _may_go_on(self) -> bool:
        return self._stop.is_set() or count_committed(self._settings) >= len(self.events)

    @contextmanager
    def publishing(self) -> Iterator[None]:
        self._thread.start()
        try:
            yield
        finally:
            self._stop.set()
            self._thread.join()


def test_it_is_rebuilt_time_and_again_while_publishing_goes_on_and_nothing_is_lost(
    settings: Settings, tmp_path: Path
) -> None:
    events = history(0, 40)
    publish(settings, events)
    publisher = Publisher(settings)

    with (
        projector_process(settings, tmp_path, "first") as first,
        projector_process(settings, tmp_path, "second") as second,
    ):
        # The group settles first: while it does, a projector falls further behind than a rebuild waits for.
        wait_for("both have joined", lambda: first.is_ready() and second.is_ready())
        with publisher.publishing():
            for _ in range(3):
                rebuilt = run_rebuild(settings, "--json")
                assert rebuilt.returncode == DONE, rebuilt.stdout + rebuilt.stderr
                assert run_rebuild(settings, "--drop-old").returncode == DONE
        events += publisher.events
        wait_for("everything is committed", lambda: count_committed(settings) == len(events))
        wait_for("both are ready", lambda: first.is_ready() and second.is_ready())

    assert stored(settings) == expected(events)
    events_logged = [line for each in (first, second) for line in each.log()]
    assert not [line for line in events_logged if line["event"] == "partition.stopped"]


def test_a_status_that_others_set_before_and_during_it_stays(
    settings: Settings, there: Database[dict[str, Any]], tmp_path: Path
) -> None:
    contacts = [f"c-{number}" for number in range(60)]
    publish(settings, [taak_created(contact) for contact in contacts])
    taken = there[Collection.INTERNE_TAKEN]

    def set_statuses(contacts: Sequence[str]) -> None:
        for contact in contacts:
            set_status(contact, "verwerkt")

    def set_status(contact: str, status: str) -> None:
        # Whoever finds it gone for a moment, as between two renames, tries again.
        change = {"$set": {"interneTaak.status": status}}
        wait_for("it is there", lambda: taken.update_one({"_id": taak_id(contact)}, change).matched_count == 1)

    with projector_process(settings, tmp_path) as projector:
        projector.server.wait_until_ready()
        wait_for("all are there", lambda: count_committed(settings) == len(contacts))
        set_statuses(contacts[:20])
        with stopped_before(settings, "put_in_place", module="rebuild") as rebuilding:
            # Everything was carried over already.
            set_status(contacts[20], "verwerkt")
            set_status(contacts[0], "heropend")
            publish(settings, [taak_created(contacts[1], revisie=2, fields=assigned("Belastingen"))])
            setting = threading.Thread(target=set_statuses, args=[contacts[21:40]])
            setting.start()
            assert go_on(rebuilding)[0] == DONE
            setting.join()

    statuses = {
        contact: stored(settings)[Collection.INTERNE_TAKEN][taak_id(contact)]["interneTaak"]["status"]
        for contact in contacts
    }
    done = dict.fromkeys(contacts[:40], "verwerkt")
    opened = {contacts[0]: "heropend", contacts[1]: "te_verwerken"}
    assert statuses == dict.fromkeys(contacts, "te_verwerken") | done | opened


def test_killed_while_it_builds_the_next_one_says_so_and_starts_over(
    settings: Settings, there: Database[dict[str, Any]], tmp_path: Path
) -> None:
    events = history(0, 10)
    with projected(settings, events, tmp_path):
        with stopped_before(settings, "compare", module="rebuild") as rebuilding:
            rebuilding.kill()
        assert set(there.list_collection_names()) >= NEW

        let_lease_last(there)
        at_once = run_rebuild(settings)
        assert at_once.returncode == FAULTS_FOUND
        assert at_once.stderr.startswith("`klantcontact rebuild` holds the operators' lock: process")
        let_lease_lapse(there)
        rebuilt = run_rebuild(settings)

    assert rebuilt.returncode == DONE, rebuilt.stderr
    assert "had been interrupted; its new collections were thrown away." in rebuilt.stdout
    assert set(there.list_collection_names()) == {*Collection, *FORMER, CLAIMS, COLLECTION, LOCK, AUDIT_HEAD}
    assert stored(settings) == expected(events)


@pytest.mark.parametrize("renamed", [0, 1, 3, 7])
def test_killed_in_its_swap_the_projector_stands_still_until_the_next_one_finished_it(
    settings: Settings, there: Database[dict[str, Any]], tmp_path: Path, renamed: int
) -> None:
    before, after = history(0, 10), history(10, 20)
    with projected(settings, before, tmp_path) as projector:
        kill_in_swap(settings, renamed)
        publish(settings, after)
        wait_for("it says why it stands still", lambda: projector.reasons().get("mongodb") == UNDER_WAY)
        let_lease_lapse(there)
        for refused in ("--dry-run", "--drop-old"):
            refusal = run_rebuild(settings, refused)
            assert refusal.returncode == FAULTS_FOUND
            assert "was interrupted in its swap" in refusal.stderr

        finished = run_rebuild(settings, "--json")

        assert finished.returncode == DONE, finished.stderr
        assert report_of(finished)["outcome"] == "finished"
        wait_for("it goes on", lambda: count_committed(settings) == len(before) + len(after))
        wait_for("it is ready", lambda: projector.reasons() == {})

    assert stored(settings) == expected([*before, *after])
    assert set(there.list_collection_names()) == {*Collection, *FORMER, CLAIMS, COLLECTION, LOCK, AUDIT_HEAD}


def kill_in_swap(settings: Settings, renamed: int) -> None:
    """Kill a rebuild when it has renamed so many collections."""
    with stopped_before(settings, "_rename", module="collections", calls=renamed) as rebuilding:
        rebuilding.kill()


def test_killed_after_its_swap_the_next_one_takes_in_the_last_events(
    settings: Settings, there: Database[dict[str, Any]], tmp_path: Path
) -> None:
    events = history(0, 10)
    with projected(settings, events, tmp_path):
        # What others own is carried over collection by collection before the swap; then what they changed meanwhile.
        with stopped_before(settings, "batches", module="others", calls=len(WITH_FIELDS_OF_OTHERS)) as rebuilding:
            # As if these had been among the last events, and it had not come to them.
            for collection in Collection:
                there[collection].delete_many({})
            there[COLLECTION].update_one(ONLY, {"$set": {"positions": []}})
            rebuilding.kill()
        let_lease_lapse(there)

        assert run_rebuild(settings).returncode == DONE

    assert stored(settings) == expected(events)


def test_ctrl_c_while_it_builds_leaves_nothing_behind(
    settings: Settings, there: Database[dict[str, Any]], tmp_path: Path
) -> None:
    events = history(0, 4)
    with projected(settings, events, tmp_path), stopped_before(settings, "compare", module="rebuild") as rebuilding:
        rebuilding.send_signal(signal.SIGINT)
        assert go_on(rebuilding)[0] not in {DONE, WRONG_USE}

    assert set(there.list_collection_names()) == {*Collection, CLAIMS, COLLECTION, LOCK, AUDIT_HEAD}
    assert stored(settings) == expected(events)


def test_ctrl_c_in_its_swap_comes_too_late(settings: Settings, there: Database[dict[str, Any]], tmp_path: Path) -> None:
    events = history(0, 4)
    swapping = stopped_before(settings, "_rename", module="collections", calls=2)
    with projected(settings, events, tmp_path), swapping as rebuilding:
        rebuilding.send_signal(signal.SIGINT)
        assert go_on(rebuilding)[0] == DONE

    assert set(there.list_collection_names()) == {*Collection, *FORMER, CLAIMS, COLLECTION, LOCK, AUDIT_HEAD}
    assert stored(settings) == expected(events)
