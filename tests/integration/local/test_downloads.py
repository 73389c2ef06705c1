"""Missing Java, Maven or jars are reported in one line with the remedy, and nothing is left half done."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from services.local.servers.errors import FetchFailed, MissingTool
from services.local.servers.kafka import KAFKA_VERSION, kafka_jars
from services.local.servers.stack import KafkaKind, local_stack

MONGO_ELSEWHERE = "mongodb://mongo.example"


@pytest.fixture(autouse=True)
def programs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    programs = tmp_path / "bin"
    programs.mkdir()
    monkeypatch.setenv("PATH", str(programs))
    monkeypatch.setenv("KLANTCONTACT_CACHE", str(tmp_path / "cache"))
    return programs


def test_missing_java_is_reported_in_one_line_and_a_mock_broker_takes_over() -> None:
    said: list[str] = []
    with local_stack(mongo=MONGO_ELSEWHERE, use_docker=False, say=said.append) as stack:
        assert stack.kafka_kind is KafkaKind.MOCK
        assert stack.kafka_bootstrap
    assert said == [
        "Using the MongoDB that KLANTCONTACT_MONGO_URI names; without that variable one is started.",
        "Apache Kafka needs `java`: `apt-get install openjdk-17-jre-headless` brings it.",
        "A mock broker inside this process takes its place: it keeps nothing and promises nothing.",
    ]


def test_a_mock_broker_that_is_not_allowed_is_refused() -> None:
    stack = local_stack(mongo=MONGO_ELSEWHERE, use_docker=False, allow_mock_broker=False)
    with pytest.raises(MissingTool, match="openjdk-17-jre-headless"), stack:
        pytest.fail("there is no Kafka")


def test_missing_maven_is_refused_with_the_name_of_its_package() -> None:
    with pytest.raises(MissingTool, match="`apt-get install maven`"):
        kafka_jars(lambda _: None)


def test_jars_that_maven_could_not_fetch_do_not_count_as_fetched(programs: Path) -> None:
    put_program(programs / "mvn", "echo there is no network; exit 1")
    for _ in range(2):
        with pytest.raises(FetchFailed, match="there is no network"):
            kafka_jars(lambda _: None)


def test_jars_that_are_not_the_reviewed_ones_are_refused(programs: Path) -> None:
    put_program(programs / "mvn", 'for last; do :; done; exec /bin/mkdir "${last#-DoutputDirectory=}"')
    with pytest.raises(FetchFailed, match=r"differ from kafka_jars\.sha256"):
        kafka_jars(lambda _: None)


def test_one_of_two_processes_that_need_the_jars_at_once_fetches_them(
    programs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nothing = tmp_path / "nothing.sha256"
    nothing.touch()
    monkeypatch.setattr("services.local.servers.kafka.CHECKSUMS", nothing)
    put_program(programs / "mvn", '/bin/sleep 0.3; for last; do :; done; /bin/mkdir "${last#-DoutputDirectory=}"')
    said: list[str] = []
    with ThreadPoolExecutor() as pool:
        first, second = pool.map(kafka_jars, [said.append] * 2)
    assert first == second
    assert first.is_dir()
    assert said == [f"Apache Kafka {KAFKA_VERSION} is fetched with Maven (44 MB, once) …"]


def put_program(path: Path, script: str) -> None:
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
