"""The settings of the system on one machine, as its services get them in a folder of their own."""

import os
import stat
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import SecretStr

from services.channels.channels_file import NO_CHANNELS
from services.local.servers.stack import KafkaKind, MongoKind, Stack
from services.local.system import System, _home, _names_of, _settings_for
from services.local.up import _addresses
from services.runtime.settings import Settings

STACK = Stack(
    kafka_bootstrap="127.0.0.1:19092",
    mongo_uri="mongodb://127.0.0.1:17017",
    kafka_kind=KafkaKind.JARS,
    mongo_kind=MongoKind.WHEEL,
)


@pytest.fixture(autouse=True)
def _free_ports(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have every port be free: a system that runs on this machine takes those of the defaults."""
    monkeypatch.setattr("services.local.system.reserve", lambda _: True)


def test_files_with_a_relative_name_are_found_from_where_it_was_typed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    ours = _settings_for(STACK, Settings(sleutel_file=Path("sleutel"), beleid_file=Path("beleid.toml")), tmp_path)

    assert ours.environment() == {
        "KLANTCONTACT_KAFKA_BOOTSTRAP": STACK.kafka_bootstrap,
        "KLANTCONTACT_MONGO_URI": STACK.mongo_uri,
        "KLANTCONTACT_SLEUTEL_FILE": str(tmp_path / "sleutel"),
        "KLANTCONTACT_BELEID_FILE": str(tmp_path / "beleid.toml"),
    }


def test_an_address_of_mongodb_in_a_file_stays_in_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    ours = _settings_for(STACK, Settings(mongo_uri_file=Path("mongo"), sleutel=SecretStr("s" * 32)), tmp_path)

    assert ours.environment() == {
        "KLANTCONTACT_KAFKA_BOOTSTRAP": STACK.kafka_bootstrap,
        "KLANTCONTACT_MONGO_URI_FILE": str(tmp_path / "mongo"),
        "KLANTCONTACT_SLEUTEL": "s" * 32,
    }


def test_a_usual_port_that_is_taken_or_that_another_system_has_reserved_is_not_the_intakes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = Settings().intake_port
    assert _settings_for(STACK, Settings(), tmp_path).intake_port == usual

    monkeypatch.setattr("services.local.system.reserve", lambda _: False)
    assert _settings_for(STACK, Settings(), tmp_path).intake_port != usual
    assert _settings_for(STACK, Settings(intake_port=usual), tmp_path).intake_port == usual


@pytest.mark.parametrize("exists", [True, False])
def test_the_folder_and_what_is_made_in_it_is_for_its_owner_only(tmp_path: Path, *, exists: bool) -> None:
    folder = tmp_path / "home"
    if exists:
        folder.mkdir(mode=0o755)
    before = os.umask(0o022)
    try:
        with _home(folder) as home:
            (home / "data").mkdir()
            (home / "classifier.log").touch()
        (tmp_path / "afterwards").touch()
    finally:
        os.umask(before)

    modes = {each.name: stat.S_IMODE(each.stat().st_mode) for each in (folder, *folder.iterdir())}
    assert modes == {"home": 0o700, "data": 0o700, "classifier.log": 0o600}
    assert stat.S_IMODE((tmp_path / "afterwards").stat().st_mode) == 0o644


def test_a_key_is_made_only_where_the_settings_have_none(tmp_path: Path) -> None:
    without = _settings_for(STACK, Settings(), tmp_path)
    given = _settings_for(STACK, Settings(sleutel=SecretStr("s" * 32)), tmp_path / "given")

    assert without.sleutel_file == tmp_path / "sleutel"
    assert given.sleutel_file is None
    assert not (tmp_path / "given").exists()


def test_only_on_the_broker_inside_the_process_is_the_switch_for_it_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KLANTCONTACT_IN_PROCESS_BROKER", raising=False)

    def switch(kind: KafkaKind) -> str | None:
        system = System(replace(STACK, kafka_kind=kind), {}, Settings(), tmp_path, {})
        return system.environment().get("KLANTCONTACT_IN_PROCESS_BROKER")

    assert {kind: switch(kind) for kind in KafkaKind} == {
        KafkaKind.GIVEN: None,
        KafkaKind.DOCKER: None,
        KafkaKind.JARS: None,
        KafkaKind.MOCK: "1",
    }


def test_without_channels_neither_the_mapper_nor_the_intake_is_started(tmp_path: Path) -> None:
    services, told = {}, {}
    for given in (None, NO_CHANNELS):
        ours = _settings_for(STACK, Settings(kanalen_file=given), tmp_path, with_channels=True)
        services[given] = _names_of(ours)
        [told[given]] = [
            line for line in _addresses(System(STACK, {}, ours, tmp_path, {})) if line.startswith("channels")
        ]

    assert services == {
        None: ("classifier", "projector", "mapper", "intake"),
        NO_CHANNELS: ("classifier", "projector"),
    }
    assert told[None].startswith("channels    http://127.0.0.1:8090/in/<kanaal>")
    assert told[NO_CHANNELS] == "channels    none, as KLANTCONTACT_KANALEN_FILE says: no mapper and no intake"
