"""The scenarios of the standard in at one end as Kafka messages, the right documents out at the other."""

import subprocess

import pytest
from pymongo import MongoClient

from services.domain.ids import taak_id
from services.local.scenarios import SOURCE, count_refused, load_scenarios, verify
from services.local.system import COMMAND, System
from services.runtime.letters.store import LETTER_KEYS
from tests.acceptance.pipeline import Document, documents, publish, read_all, wait_until_all_is_stored

SCENARIOS = load_scenarios()
EVENTS = [{**event, "partitionkey": scenario.id} for scenario in SCENARIOS for event in scenario.gebeurtenissen]


@pytest.fixture(scope="module")
def fed(system: System) -> System:
    publish(system, EVENTS)
    wait_until_all_is_stored(system)
    return system


def test_every_scenario_stands_in_mongodb_as_the_standard_asks(fed: System) -> None:
    with MongoClient[Document](fed.settings.mongo_uri) as client:
        register, projection = client[fed.settings.register_database], client[fed.settings.mongo_database]
        rows = verify(SCENARIOS, register, projection)
    assert len(rows) > len(SCENARIOS)
    assert [row for row in rows if not row.is_right] == []


def test_every_invalid_event_is_among_the_dead_letters(fed: System) -> None:
    assert fed.count_dead_letters() == count_refused(SCENARIOS) > 0


def test_feeding_everything_again_changes_nothing_and_publishes_nothing(fed: System) -> None:
    outputs = fed.settings.output_topics
    before, published = documents(fed), read_all(fed, outputs)
    keys = before.pop(LETTER_KEYS)
    publish(fed, EVENTS)
    wait_until_all_is_stored(fed)
    after = documents(fed)
    assert len(after.pop(LETTER_KEYS)) == 2 * len(keys) == fed.count_dead_letters(), "what is refused is a letter again"
    assert after == before
    assert len(read_all(fed, outputs)) == len(published)


def test_a_taak_that_was_closed_at_the_wrong_actor_is_open_at_the_right_one(fed: System) -> None:
    """The taak application handles the taak between the two events of C6114-B. A repeat leaves it handled."""
    (scenario,) = (each for each in SCENARIOS if each.id == "C6114-B")
    first, correction = (
        {**event, "data": {**event["data"], "contactId": "with-application"}} for event in scenario.gebeurtenissen
    )
    identifier = {"_id": taak_id(SOURCE, "with-application", "0")}
    with MongoClient[Document](fed.settings.mongo_uri) as client:
        taken = client[fed.settings.mongo_database]["interne_taken"]
        seen = []
        for event in (first, correction, correction):
            publish(fed, [event])
            wait_until_all_is_stored(fed)
            taak = taken.find_one(identifier)
            assert taak is not None
            seen.append((taak["interneTaak"]["toegewezenAan"]["naam"], taak["interneTaak"]["status"]))
            taken.update_one(identifier, {"$set": {"interneTaak.status": "verwerkt"}})
    assert seen == [
        ("Afdeling vergunningen", "te_verwerken"),
        ("Afdeling burgerzaken", "te_verwerken"),
        ("Afdeling burgerzaken", "verwerkt"),
    ]


def test_the_demo_finds_every_scenario_right() -> None:
    demo = subprocess.run([*COMMAND, "demo"], capture_output=True, text=True, check=False)
    assert demo.returncode == 0, demo.stdout + demo.stderr
    assert "Apache Kafka" in demo.stdout
    assert "all right" in demo.stdout
    assert "WRONG" not in demo.stdout
