"""What has been kept long enough goes from real servers, as any withdrawal does; the rest stays as it was."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pytest
from pymongo import MongoClient

from services.local.servers.stack import Stack
from services.local.system import System
from tests.acceptance.pipeline import documents, publish, read_all, wait_until_all_is_stored
from tests.acceptance.shared_system import shared_system
from tests.support.commands import run_command
from tests.support.examples import (
    ALICE,
    BOB,
    CALL_BACK,
    CAROL,
    NEW_ZAAK,
    Wire,
    contact,
    email,
    event,
    known,
    onderwerp,
    phone,
    stranger,
)

pytestmark = pytest.mark.server

TERMS: Final = """
contactgegevens_na_taak = "P30D"
partijen_zonder_contact = "P90D"
tellingen = "P5Y"

[klantcontacten.regels]
V4 = "P90D"
"""

OLD: Final = contact(
    "old", betrokkenen=[known(number=ALICE, toestemming="gegeven", adressen=[email("otter@example.nl")])]
)
CONTACTS: Final = [
    OLD,
    contact(
        "open",
        betrokkenen=[known(number=BOB, toestemming="gegeven")],
        onderwerpen=[onderwerp("a", opvolging=CALL_BACK)],
    ),
    contact(
        "done",
        betrokkenen=[stranger(adressen=[phone("0687654321")])],
        onderwerpen=[onderwerp("a", opvolging=CALL_BACK)],
    ),
    contact(
        "zaak",
        betrokkenen=[known(number=CAROL, toestemming="gegeven")],
        onderwerpen=[onderwerp("a", opvolging=NEW_ZAAK)],
    ),
]


@pytest.fixture(scope="module")
def system(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    with shared_system(stack, tmp_path_factory.mktemp("system"), topic_partitions=3) as running:
        publish(running, [event(each) for each in CONTACTS])
        wait_until_all_is_stored(running)
        yield running


def _retain(system: System, file: Path, *arguments: str) -> Wire:
    settings = system.settings.model_copy(update={"bewaren_file": file})
    asked = ("retain", "--request", "Z-9", "--reason", "termijnen", "--json", *arguments)
    done = run_command(settings, *asked)
    assert done.returncode == 0, done.stderr
    told: Wire = json.loads(done.stdout)
    return told


def _stored(system: System, collection: str) -> dict[str, Wire]:
    return {each["herkomst"]["contactId"]: each for each in documents(system)[collection]}


def test_what_is_due_goes_as_a_withdrawal_and_the_rest_stays(system: System, tmp_path: Path) -> None:
    file = tmp_path / "bewaren.toml"
    file.write_text(TERMS)
    before = _stored(system, "klantcontacten")
    with MongoClient[dict[str, Any]](system.settings.mongo_uri) as client:
        # As an application does that handles taken.
        client[system.settings.mongo_database]["interne_taken"].update_one(
            {"herkomst.contactId": "done"},
            {"$set": {"interneTaak.status": "verwerkt", "interneTaak.afgehandeldOp": datetime(2026, 4, 1, tzinfo=UTC)}},
        )

    early = _retain(system, file, "--dry-run", "--at", "2026-05-01")
    assert early["contacts"] == {"V2": {"no term": 1}, "V4": {"not yet": 2, "no term": 1}}
    dry = _retain(system, file, "--dry-run")
    assert dry["contacts"] == {"V2": {"no term": 1}, "V4": {"goes": 1, "open taak": 1, "no term": 1}}
    assert dry["details"] == {"goes": 1, "no term": 2}
    assert _stored(system, "klantcontacten") == before

    done = _retain(system, file)
    wait_until_all_is_stored(system)

    assert (done["erased"], done["declined"]) == ({"contacts": 1, "changes": 0, "details": 1, "partijen": 0}, {})
    after = _stored(system, "klantcontacten")
    assert after.keys() == {"open", "done", "zaak"}
    assert (after["open"], after["zaak"]) == (before["open"], before["zaak"])
    [betrokkene] = after["done"]["betrokkenen"]
    assert betrokkene["digitaleAdressen"] == []
    assert "contactnaam" not in betrokkene
    everything = json.dumps(documents(system), default=str)
    assert "otter@" not in everything
    assert "0687654321" not in everything
    withdrawn = [json.loads(each.value) for each in read_all(system, system.settings.output_topics)]
    reasons = {each["data"].get("reden") for each in withdrawn if each["type"].endswith("withdrawn")}
    assert reasons == {"bewaartermijn"}

    again = _retain(system, file)
    assert again["erased"] == {"contacts": 0, "changes": 0, "details": 0, "partijen": 0}
    with MongoClient[dict[str, Any]](system.settings.mongo_uri) as client:
        seen = client[system.settings.register_database]["verwerkte_taken"]
        seen.insert_one({"_id": "a taak that is gone", "gezienOp": datetime(2026, 4, 1, tzinfo=UTC)})
        _retain(system, file)
        assert seen.count_documents({"_id": "a taak that is gone"}) == 0
    publish(system, [event(OLD)])
    wait_until_all_is_stored(system)
    assert _stored(system, "klantcontacten") == after


def test_without_terms_nothing_goes(system: System, tmp_path: Path) -> None:
    file = tmp_path / "bewaren.toml"
    file.write_text("")
    before = documents(system)["klantcontacten"]
    assert _retain(system, file)["erased"]["contacts"] == 0
    assert documents(system)["klantcontacten"] == before


def test_a_term_that_is_none_is_refused(system: System, tmp_path: Path) -> None:
    file = tmp_path / "bewaren.toml"
    file.write_text('tellingen = "vijf jaar"')
    settings = system.settings.model_copy(update={"bewaren_file": file})
    refused = run_command(settings, "retain", "--request", "Z-9", "--reason", "termijnen")
    assert refused.returncode == 2
    assert "tellingen: write a period as ISO 8601 does" in refused.stderr
