"""`klantcontact bridge …` as an operator types it: what it says, how it ends, and what the audit trail has of it."""

import json
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from services.projector.mongo.writes import Collection
from services.runtime.settings import Settings
from tests.fakes.open_klant.faults import Fault
from tests.fakes.open_klant.server import OpenKlant
from tests.fakes.projector_store import FakeRegister
from tests.support.commands import run_command
from tests.support.kafka_tools import make_topics, publish_values
from tests.support.projector_examples import SOURCE, assigned, fact, klantcontact_id, registered, taak_created
from tests.support.projector_process import settings_for


@pytest.fixture
def settings(
    kafka_bootstrap: str, mongo_uri: str, topics: str, database: str, open_klant: OpenKlant, tmp_path: Path
) -> Settings:
    """A register with one klantcontact and a taak, and an Open Klant without rows."""
    token = tmp_path / "token"
    token.write_text(open_klant.token)
    made = settings_for(kafka_bootstrap, mongo_uri, topics, database).model_copy(
        update={
            "openklant_url": open_klant.root,
            "openklant_token_file": token,
            "bridge_sources": SOURCE,
            "audit_topic": f"{topics}.audit",
        }
    )
    make_topics(kafka_bootstrap, made.audit_topic, partitions=1)
    register = FakeRegister()
    register.merge([fact(registered()), fact(taak_created())])
    with MongoClient[dict[str, Any]](mongo_uri, tz_aware=True) as client:
        for collection in (Collection.KLANTCONTACTEN, Collection.INTERNE_TAKEN):
            client[database][collection].insert_many(list(register.contents()[collection].values()))
    return made


def answer(settings: Settings, *words: str, status: int = 0, impatient: bool = False) -> dict[str, Any]:
    """Return what a command answers as JSON."""
    ran = run_command(settings, "bridge", *words, "--json", impatient=impatient)
    assert ran.returncode == status, ran.stderr
    answered: dict[str, Any] = json.loads(ran.stdout)
    return answered


def test_an_operator_looks_writes_and_looks_again(settings: Settings, open_klant: OpenKlant) -> None:
    looked = run_command(settings, "bridge", "dry-run").stdout
    assert f"{klantcontact_id('c-1')}: created" in looked
    assert "Klantcontacten: 1, likely doubles: 0. Nothing was changed." in looked
    assert len(open_klant.register["klantcontacten"].rows) == 0

    missing = {
        "klantcontacten": {"missing": 1},
        "actoren": {"missing": 2},
        "actorklantcontacten": {"missing": 1},
        "internetaken": {"missing": 1},
    }
    assert answer(settings, "reconcile", status=1)["differences"] == missing
    assert answer(settings, "backfill", "--with-taken")["outcomes"] == {"created": 1}
    assert answer(settings, "reconcile") == {
        "klantcontacten": 1,
        "partijen": 0,
        "differences": {},
        "keptAway": 0,
        "over": [],
        "removed": 0,
        "refused": {},
        "failed": {},
        "stopped": None,
        "repaired": False,
    }
    trail = run_command(settings, "audit", "show", "--json").stdout
    assert [json.loads(line)["command"] for line in trail.splitlines()] == ["bridge backfill"]


def test_what_open_klant_fails_at_is_named_to_a_person_and_to_a_program(
    settings: Settings, open_klant: OpenKlant
) -> None:
    open_klant.weather.plan(Fault(500, method="POST", resource="internetaken", times=None))
    named, why = klantcontact_id("c-1"), "POST internetaken was answered with status 500."

    filled = answer(settings, "backfill", "--with-taken", status=1, impatient=True)
    ran = run_command(settings, "bridge", "reconcile", "--repair", impatient=True)

    assert filled == {"refused": {}, "failed": {named: why}, "stopped": None, "outcomes": {}, "takenLeft": 0}
    assert (ran.returncode, ran.stderr.splitlines()[-2:]) == (
        1,
        ["Failed, which the next run tries again: 1.", f"{named}: {why}"],
    )
    assert "1 difference, mended but for what is named below." in ran.stdout


def test_an_open_klant_that_is_away_ends_a_run_which_says_so(settings: Settings, open_klant: OpenKlant) -> None:
    open_klant.weather.plan(Fault(503, times=None))

    ran = run_command(settings, "bridge", "backfill", impatient=True)

    assert ran.returncode == 1
    assert "Ended before its end: GET klantcontacten was answered with status 503. Start it again" in ran.stderr


def test_the_doctor_says_what_stands_in_the_way(settings: Settings, open_klant: OpenKlant, tmp_path: Path) -> None:
    names = tmp_path / "names"
    names.write_text(" vergunningen \n")
    adres = {"soortDigitaalAdres": "email", "isStandaardAdres": True, "verstrektDoorPartij": None}
    well = answer(settings, "doctor", "--afdelingen", str(names))

    open_klant.register.add(
        "digitaleadressen",
        {
            **adres,
            "verstrektDoorBetrokkene": None,
            "adres": "m@example.nl",
            "omschrijving": "",
            "referentie": "",
            "verificatieDatum": None,
        },
    )
    names.write_text("Belastingen\n")
    publish_values(settings.kafka_bootstrap, settings.registered_topic, [b"{}"])
    ill = answer(settings, "doctor", "--afdelingen", str(names), status=1)

    assert [(check["name"], check["ok"]) for check in well["checks"]] == [
        ("open klant", True),
        ("token", True),
        ("standard addresses", True),
        ("numbers", True),
        ("names", True),
        ("projector", True),
        ("bridge", True),
    ]
    wrong = {check["name"]: check["found"] for check in ill["checks"] if not check["ok"]}
    assert wrong.keys() == {"standard addresses", "names"}
    assert wrong["names"].endswith(f"not in the list: {assigned('Vergunningen')['toegewezenAan']['naam']}")
    assert "m@example.nl" not in str(ill)
    assert [check["found"] for check in ill["checks"][-2:]] == ["has at most 1 record to read"] * 2


def test_an_open_klant_that_refuses_the_token_is_told(settings: Settings) -> None:
    assert settings.openklant_token_file is not None
    settings.openklant_token_file.write_text("another")

    ill = answer(settings, "doctor", status=1)

    assert [(check["name"], check["ok"]) for check in ill["checks"]][:2] == [("open klant", True), ("token", False)]


def test_again_goes_with_repair(settings: Settings) -> None:
    ran = run_command(settings, "bridge", "reconcile", "--again")

    assert (ran.returncode, "It goes with --repair." in ran.stderr) == (2, True)
