"""A contact that turns confidential, and back, through both services: its contents are never in the open meanwhile."""

import json
from typing import Any

import pytest
from pymongo import MongoClient

from services.local.system import System
from services.projector.mongo.layout import Generation
from services.projector.mongo.writes import CONFIDENTIAL, Collection
from tests.acceptance.pipeline import documents, publish, read_all, wait_until_all_is_stored
from tests.support.commands import run_command
from tests.support.contacts import contact_ended

CONTACT = "terugbellen-1"

HIDDEN, OPEN = "zqverborgenqz", "zqopenbaarqz"
"""In each text of a revisie that is confidential, and of one that is not."""

REVISIES = [False, True, True, False, True]
"""Whether each is confidential, the first first."""

APART = {generation.name_of(each) for generation in Generation for each in CONFIDENTIAL.values()}


def revisie(number: int, *, vertrouwelijk: bool) -> dict[str, Any]:
    """Return a revisie of the contact, which asks for a taak."""
    word = f"{HIDDEN if vertrouwelijk else OPEN}{number}"
    event = contact_ended(CONTACT)
    event["id"] = f"{CONTACT}-{number}"
    event["data"] |= {"revisie": number, "vertrouwelijk": vertrouwelijk}
    onderwerp = event["data"]["onderwerpen"][0]
    onderwerp |= {"onderwerpId": "0", "onderwerp": word, "inhoud": word}
    onderwerp["opvolging"] |= {"gevraagdeHandeling": word, "toelichting": word}
    return event


def all_is_apart(system: System, *, vertrouwelijk: bool) -> None:
    """Assert that nothing confidential is in the open, and that the contact stands where it belongs."""
    settings = system.settings
    in_the_open = [settings.registered_topic, settings.taak_topic]
    assert [each for each in read_all(system, in_the_open) if HIDDEN in each.value.decode()] == []
    stored = documents(system)
    ordinary = {name: found for name, found in stored.items() if name not in APART}
    assert HIDDEN not in json.dumps(ordinary, default=str)
    for kind, apart in CONFIDENTIAL.items():
        counts = len(stored[kind]), len(stored[apart])
        assert counts == ((0, 1) if vertrouwelijk else (1, 0)), kind
    if vertrouwelijk:
        live = {name: found for name, found in ordinary.items() if not name.endswith(Generation.FORMER)}
        assert OPEN not in json.dumps(live, default=str)


def set_status(system: System, collection: Collection, status: str) -> None:
    with MongoClient[dict[str, Any]](system.settings.mongo_uri) as client:
        taken = client[system.settings.mongo_database][collection]
        assert taken.update_one({}, {"$set": {"interneTaak.status": status}}).modified_count == 1


def status_of(system: System, collection: Collection) -> str:
    (taak,) = documents(system)[collection]
    return str(taak["interneTaak"]["status"])


def ran(system: System, *command: str) -> str:
    run = run_command(system.settings, *command)
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout


@pytest.fixture(scope="module")
def told(system: System) -> System:
    """Each revisie has come in, one by one. Somebody has taken up the taak while it was ordinary."""
    for number, vertrouwelijk in enumerate(REVISIES, start=1):
        publish(system, [revisie(number, vertrouwelijk=vertrouwelijk)])
        wait_until_all_is_stored(system)
        all_is_apart(system, vertrouwelijk=vertrouwelijk)
        if number == 1:
            set_status(system, Collection.INTERNE_TAKEN, "verwerkt")
    return system


def test_the_status_of_a_taak_moves_along_each_time(told: System) -> None:
    assert status_of(told, Collection.INTERNE_TAKEN_VERTROUWELIJK) == "verwerkt"


def test_explain_finds_what_stands_apart(told: System) -> None:
    said = ran(told, "explain", CONTACT)
    assert "vertrouwelijk" in said
    assert "verwerkt, revisie 5, judgement 1" in said
    assert "from the topic it was on: vertrouwelijk changed" in said


def test_a_rebuild_reads_topic_after_topic_and_ends_in_the_same_documents(told: System) -> None:
    """It also meets every event again, in another order than the projector did."""
    before = {name: found for name, found in documents(told).items() if name in list(Collection)}

    assert "klantcontacten_vertrouwelijk" in ran(told, "rebuild")

    after = documents(told)
    for kind in CONFIDENTIAL:
        assert [after[each] for each in (kind, CONFIDENTIAL[kind])] == [before[kind], before[CONFIDENTIAL[kind]]]
    all_is_apart(told, vertrouwelijk=True)
    assert {Generation.FORMER.name_of(each) for each in Collection} <= set(after)
    ran(told, "rebuild", "--drop-old")
    assert not [name for name in documents(told) if name.endswith(Generation.FORMER)]


def test_publishing_again_changes_nothing_and_shows_nothing(told: System) -> None:
    before = documents(told)["interne_taken_vertrouwelijk"]

    ran(told, "replay", "--publish-again", "--contact", CONTACT, "--execute")
    wait_until_all_is_stored(told)

    assert documents(told)["interne_taken_vertrouwelijk"] == before
    all_is_apart(told, vertrouwelijk=True)
