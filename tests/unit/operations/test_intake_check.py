"""What `doctor` says of the channels that the intake takes."""

from pathlib import Path

from services.operations.intake_check import intake_checks
from services.runtime.settings import Settings
from tests.support.intake_channels import CHANNELS, intake_settings

PROVEN = sum("authenticatie" in fields for fields in CHANNELS.values())


def test_channels_whose_secrets_can_be_read_are_well(tmp_path: Path) -> None:
    [check] = intake_checks(intake_settings(tmp_path, {}))
    assert (check.name, check.ok, check.found) == ("intake", True, f"{PROVEN} channels with a secret that can be read")


def test_a_secret_that_others_may_read_is_named_once(tmp_path: Path) -> None:
    settings = intake_settings(tmp_path, {})
    (tmp_path / "geheim").chmod(0o644)
    _, exposed = intake_checks(settings)
    assert (exposed.name, exposed.ok) == ("secrets", True)
    assert exposed.found == f"{tmp_path / 'geheim'} is readable by others"


def test_a_secret_that_is_missing_is_a_fault(tmp_path: Path) -> None:
    settings = intake_settings(tmp_path, {})
    (tmp_path / "geheim").unlink()
    [check] = intake_checks(settings)
    assert not check.ok
    assert "kanaal.open-forms.geheim_bestand" in check.found


def test_without_channels_there_is_nothing_to_check() -> None:
    assert list(intake_checks(Settings())) == []
