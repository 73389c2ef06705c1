"""A service or command with another key than the register's says so, and its exit status shows it."""

import json
from pathlib import Path

import pytest
from pydantic import SecretStr

from services.runtime.settings import Settings
from tests.integration.cli.test_explain import FAULTS_FOUND, WRONG_USE, run
from tests.support.kafka_tools import make_topics, topic_names
from tests.support.service_process import ServiceProcess
from tests.support.waiting import wait_for

TOLD = "this is not the key of the register in database"


@pytest.fixture
def other(kafka_bootstrap: str, mongo_uri: str, topics: str, database: str, tmp_path: Path) -> Settings:
    """Settings with another key than the one that a classifier started with."""
    own = Settings(
        kafka_bootstrap=kafka_bootstrap,
        mongo_uri=mongo_uri,
        mongo_database=database,
        classifier_group=f"{topics}-classifier",
        sleutel=SecretStr("s" * 32),
        **topic_names(topics),
    )
    make_topics(kafka_bootstrap, *own.every_topic, partitions=1)
    with ServiceProcess("classifier", own, tmp_path / "classifier.log") as classifier:
        wait_for("the register has its key", lambda: classifier.log("register.key_taken"))
    return own.model_copy(update={"sleutel": SecretStr("t" * 32)})


def test_another_key_is_refused_by_the_classifier_replay_and_the_doctor(other: Settings) -> None:
    service = run(other, "run", "classifier")
    refusals = [json.loads(line) for line in service.stderr.splitlines() if "service.refused" in line]
    assert service.returncode == WRONG_USE
    assert [(entry["level"], TOLD in entry["reason"]) for entry in refusals] == [("critical", True)]

    for arguments in (["replay"], ["replay", "--execute"]):
        replay = run(other, *arguments)
        assert (replay.returncode, replay.stdout) == (WRONG_USE, "")
        assert TOLD in replay.stderr

    doctor = run(other, "doctor", "--json")
    checks = {check["name"]: check for check in json.loads(doctor.stdout)["checks"]}
    assert (doctor.returncode, checks["key"]["ok"], TOLD in checks["key"]["found"]) == (FAULTS_FOUND, False, True)
    assert [name for name, check in checks.items() if not check["ok"]] == ["key", "topics"], "one partition, not twelve"
