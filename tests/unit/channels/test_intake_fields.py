"""The intake's part of the channels file, and the secrets that it names: every mistake is named when it is loaded."""

from pathlib import Path

import pytest

from services.channels.intake.gate import load_entrances
from services.runtime.errors import InvalidSettings
from services.runtime.settings import Settings
from tests.support.intake_channels import CHANNELS, SECRET, intake_settings

PROVEN = 'mapping = "mail"\nauthenticatie = "api_sleutel"\n'


def refusal(folder: Path, table: str, *, secret: str | None = SECRET) -> str:
    """Return why a file with one channel is refused."""
    file = folder / "kanalen.toml"
    file.write_text(f"[kanaal.x]\n{table}", encoding="utf-8")
    if secret is not None:
        (folder / "geheim").write_text(secret, encoding="utf-8")
    with pytest.raises(InvalidSettings) as refused:
        load_entrances(Settings(kanalen_file=file))
    return str(refused.value)


def test_a_channel_with_a_proof_is_an_entrance(tmp_path: Path) -> None:
    entrances = load_entrances(intake_settings(tmp_path, {}))
    assert list(entrances) == [naam for naam, fields in CHANNELS.items() if "authenticatie" in fields]
    assert entrances["open-forms"].topic == "kanaal.open-forms"


@pytest.mark.parametrize(
    ("table", "told"),
    [
        (PROVEN, 'authenticatie = "api_sleutel" needs geheim_bestand'),
        ('mapping = "mail"\ngeheim_bestand = "geheim"\n', "geheim_bestand needs authenticatie"),
        ('mapping = "mail"\nauthenticatie = "basic"\ngeheim_bestand = "geheim"\n', "needs gebruiker"),
        ('mapping = "mail"\nauthenticatie = "twilio"\ngeheim_bestand = "geheim"\n', "needs publieke_url"),
        ('mapping = "mail"\nauthenticatie = "mtls"\ngeheim_bestand = "geheim"\n', "needs certificaten and kop"),
        (PROVEN + 'geheim_bestand = "geheim"\ngebruiker = "x"\n', "does not use gebruiker: take it out"),
        (PROVEN + 'geheim_bestand = "geheim"\nomhulsel = "zip"\n', "kanaal.x.omhulsel"),
        (PROVEN + 'geheim_bestand = "geheim"\nmax_bytes = 10_000_000\n', "kanaal.x.max_bytes"),
        (PROVEN + 'geheim_bestand = "geheim"\nmax_byte = 10_000\n', "kanaal.x.max_byte"),
        (PROVEN + 'geheim_bestand = "geheim"\nkop = "X Key"\n', "kanaal.x.kop"),
        ('mapping = "mail"\nauthenticatie = "geen"\n', "kanaal.x.authenticatie"),
        ('mapping = "mail"\n', "no channel has `authenticatie`"),
    ],
)
def test_a_mistake_is_named(tmp_path: Path, table: str, told: str) -> None:
    assert told in refusal(tmp_path, table)


@pytest.mark.parametrize(
    ("secret", "told"),
    [
        (None, "kanaal.x.geheim_bestand: "),
        ("", "the file is empty"),
        ("\n \n", "the file is empty"),
        ("tooshort", "a secret has at least 16 characters"),
        (f"{SECRET}\ntooshort\n", "a secret has at least 16 characters"),
        ("x" * 5000, "is the wrong file"),
    ],
)
def test_a_secret_that_does_not_do_is_named_and_never_shown(tmp_path: Path, secret: str | None, told: str) -> None:
    said = refusal(tmp_path, PROVEN + 'geheim_bestand = "geheim"\n', secret=secret)
    assert told in said
    assert "tooshort" not in said


def test_certificate_and_key_go_together(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="INTAKE_KEY_FILE go together"):
        Settings(intake_certificate_file=tmp_path / "certificate.pem")
