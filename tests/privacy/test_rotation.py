"""A new key takes over while contacts come in and processes are killed: no klant gets a second partij."""

import json
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, Final

import pytest
from pymongo import MongoClient

from schemas.reading.coherence import passes_elfproef
from services.classifier.mongo.key_versions import SLEUTELCONTROLE
from services.classifier.mongo.register import BESLUITEN, PARTIJREGISTER
from services.operations.lock import COLLECTION as OPERATORS_LOCK
from services.runtime.letters.store import LETTER_KEYS
from services.runtime.settings import Settings
from tests.faults.classifier_process import World, world_on
from tests.support.commands import environment
from tests.support.contacts import contact_ended, encoded
from tests.support.examples import contact, known
from tests.support.kafka_tools import producer, read_committed
from tests.support.waiting import wait_for
from tests.support.whole import whole

pytestmark = pytest.mark.server

KLANTEN: Final = whole(300, 10_000)
KILLED: Final = whole(2, 12)
"""Times that the command is killed, and a classifier with it."""

PAGE: Final = max(5, KLANTEN // 100)
PROGRAM: Final = (
    f"from services.operations import rotate_key; rotate_key.READ_AT_ONCE = {PAGE}; from services.cli import main"
)
SLOW: Final = (sys.executable, "-c", f"{PROGRAM}; main()")
"""The command, with pages so small that it can be killed between them."""

ASKED: Final = ("rotate-key", "--request", "Z-1", "--reason", "a yearly replacement")

BSNS: Final = list(islice((f"{each}" for each in range(999_000_000, 10**9) if passes_elfproef(f"{each}")), KLANTEN))


class Town:
    """A register with klanten, the settings before and after the new key, and what was published."""

    def __init__(self, world: World, folder: Path) -> None:
        self.world = world
        first, second = folder / "sleutel-1", folder / "sleutel-2"
        for file, key in ((first, "11" * 32), (second, "22" * 32)):
            file.write_text(key)
            file.chmod(0o600)
        self.old = world.settings.model_copy(update={"sleutel": None, "sleutel_file": first})
        self.new = self.old.model_copy(update={"sleutel_file": second, "former_sleutel_files": (first,)})
        world.settings = self.new
        self.published = 0

    def publish(self, *, round_: int, revisie: int = 1) -> None:
        """Publish a contact of each klant, in no order: it is known by its BSN, and by nothing else."""
        sending = producer(self.new.kafka_bootstrap)
        for klant in random.sample(range(KLANTEN), KLANTEN):
            event = contact_ended(f"c-{klant}-{round_}", revisie=revisie)
            data = contact(
                f"c-{klant}-{round_}", revisie=revisie, betrokkenen=[known(number=BSNS[klant])], op=_moment(round_)
            )
            # Not by klant: two contacts of one klant are judged by two instances at once.
            sending.produce(
                self.new.contact_topics[0], encoded({**event, "data": data}), key=f"{klant}-{round_}".encode()
            )
            sending.poll(0)
            self.published += 1
        assert sending.flush(60) == 0

    def rotate(self, settings: Settings | None = None) -> subprocess.Popen[str]:
        """Start the command, once the lease of the one that was killed before it has lapsed."""
        with MongoClient[dict[str, Any]](self.new.mongo_uri) as client:
            client[self.new.mongo_database][OPERATORS_LOCK].delete_many({})
        return subprocess.Popen(
            [*SLOW, *ASKED, "--json"],
            env=environment(settings or self.new),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def handled(self) -> None:
        """Wait until everything that was published is handled."""
        wait_for("everything is handled", lambda: self.world.committed() == self.published, seconds=whole(60, 600))

    def documents(self, name: str) -> list[dict[str, Any]]:
        """Return the documents of a collection."""
        with MongoClient[dict[str, Any]](self.new.mongo_uri) as client:
            return client[self.new.mongo_database][name].find().to_list()

    def has_begun(self, command: subprocess.Popen[str]) -> bool:
        """Whether the command has begun, or ended."""
        return any("rotatie" in each for each in self.documents(SLEUTELCONTROLE)) or command.poll() is not None


def _moment(round_: int) -> str:
    return f"2026-03-02T09:{10 + round_}:00Z"


@pytest.fixture
def town(kafka_bootstrap: str, mongo_uri: str, topics: str, database: str, tmp_path: Path) -> Iterator[Town]:
    with world_on(kafka=kafka_bootstrap, mongo=mongo_uri, name=topics, database=database, folder=tmp_path) as world:
        yield Town(world, tmp_path)


def test_a_new_key_takes_over_while_contacts_come_in_and_processes_are_killed(town: Town) -> None:
    world = town.world
    first, second = world.start(town.old), world.start(town.old)
    for process in (first, second):
        process.wait_until_assigned(2)
    town.publish(round_=1)
    town.handled()
    # One instance has the new settings, as in the middle of a rolling restart, and one keeps the old ones.
    assert first.terminate() == 0
    newer = world.start()
    newer.wait_until_assigned(2)

    town.publish(round_=2)
    killed = 0
    while killed < KILLED:
        command = town.rotate()
        wait_for("it has begun", partial(town.has_begun, command))
        time.sleep(random.uniform(0, 0.3))
        command.kill()
        command.communicate()
        newer.server.kill()
        newer = world.start()
        killed += 1
    town.publish(round_=1)  # each a repeat
    town.publish(round_=2, revisie=2)  # each a correction
    assert second.wait() == 2, "it has old settings: it ends, and MongoDB has taken nothing of it since"
    world.start().wait_until_assigned(2)
    out, err = (command := town.rotate()).communicate(timeout=whole(60, 600))
    assert (command.returncode, err) == (0, "")
    town.publish(round_=3)
    town.handled()

    report = json.loads(out)
    assert report["left"] == {PARTIJREGISTER: 0, BESLUITEN: 0, LETTER_KEYS: 0}
    partijen, besluiten = town.documents(PARTIJREGISTER), town.documents(BESLUITEN)
    assert '"1:' not in json.dumps([partijen, besluiten], default=str)
    assert len(partijen) == KLANTEN
    assert {each["contacten"] for each in partijen} == {3}
    assert len(besluiten) == 3 * KLANTEN
    of_klant = Counter((each["contactId"].split("-")[1], each["partijen"][0]["partijId"]) for each in besluiten)
    assert set(of_klant.values()) == {3}, "each klant has one partij in all its contacts"
    assert {(each["contactId"].split("-")[2], each["revisie"]) for each in besluiten} == {("1", 1), ("2", 2), ("3", 1)}
    assert read_committed(town.new.kafka_bootstrap, [town.new.dead_letter_topic]) == []
    refused = world.start(town.old)
    assert refused.wait() == 2
    assert "has had 2 keys" in refused.log("service.refused")[0]["reason"]
