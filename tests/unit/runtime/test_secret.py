"""The register's key: the accepted forms, and the refusals."""

import base64
from pathlib import Path

import pytest
from pydantic import SecretStr

from services.runtime.errors import InvalidSettings
from services.runtime.secret import load_sleutel, readable_by_others
from services.runtime.settings import Settings

KEY = bytes(range(200, 232))

HOW = (
    "A register that is in use can only be read with the key that it has: put that back and never make another. For a "
    "new register, make one with `(umask 077; openssl rand -hex 32 > sleutel)` and set "
    "KLANTCONTACT_SLEUTEL_FILE=sleutel."
)

FORMS = [
    pytest.param(KEY.hex(), KEY, id="hexadecimal, as openssl rand -hex makes it"),
    pytest.param(KEY.hex().upper(), KEY, id="hexadecimal in capitals"),
    pytest.param(f"  {KEY.hex()}\n", KEY, id="white space around it"),
    pytest.param(base64.b64encode(KEY).decode(), KEY, id="base64"),
    pytest.param(base64.urlsafe_b64encode(KEY).decode(), KEY, id="base64 for URLs"),
    pytest.param("een lange zin die niemand zal raden", b"een lange zin die niemand zal raden", id="text as it stands"),
    pytest.param("x" * 32, b"x" * 32, id="text that is base64 too, but of fewer than 32 bytes"),
]


@pytest.mark.parametrize(("text", "key"), FORMS)
def test_a_key_is_read_in_each_form(text: str, key: bytes, tmp_path: Path) -> None:
    file = tmp_path / "sleutel"
    file.write_text(text)

    assert load_sleutel(Settings(sleutel=SecretStr(text))) == key
    assert load_sleutel(Settings(sleutel_file=file)) == key


def test_a_missing_key_is_refused_with_how_to_make_one() -> None:
    with pytest.raises(InvalidSettings) as refused:
        load_sleutel(Settings())

    assert str(refused.value) == f"The register has no key. {HOW}"


@pytest.mark.parametrize(("text", "size"), [("geheim", 6), ("a" * 31, 31), ("\n", 0)])
def test_a_short_key_is_refused_by_its_length_alone(text: str, size: int, tmp_path: Path) -> None:
    file = tmp_path / "sleutel"
    file.write_text(text)

    with pytest.raises(InvalidSettings) as refused:
        load_sleutel(Settings(sleutel_file=file))

    assert str(refused.value) == f"The register's key has {size} bytes and needs at least 32. {HOW}"


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidSettings) as refused:
        load_sleutel(Settings(sleutel_file=tmp_path / "sleutel"))

    assert str(refused.value) == (
        f"KLANTCONTACT_SLEUTEL_FILE: {tmp_path}/sleutel can't be read (No such file or directory). {HOW}"
    )


def test_a_file_that_is_too_large_for_a_key_is_not_read_to_its_end(tmp_path: Path) -> None:
    file = tmp_path / "sleutel"
    file.write_bytes(b"x" * 5000)

    with pytest.raises(InvalidSettings, match="has more than 4096 bytes and is the wrong file"):
        load_sleutel(Settings(sleutel_file=file))


@pytest.mark.parametrize("setting", ["sleutel_file", "mongo_uri_file", "kafka_password_file", "kafka_key_file"])
@pytest.mark.parametrize(("mode", "number"), [(0o600, 0), (0o640, 0), (0o644, 1), (0o604, 1)])
def test_a_file_of_a_secret_that_everybody_may_read_is_named(
    setting: str,
    mode: int,
    number: int,
    tmp_path: Path,
) -> None:
    file = tmp_path / "secret"
    file.write_text("geheim")
    file.chmod(mode)

    named = list(readable_by_others(Settings().model_copy(update={setting: file})))

    assert named == [(f"KLANTCONTACT_{setting.upper()}", file)] * number


def test_a_file_of_a_secret_that_is_not_there_is_named_elsewhere(tmp_path: Path) -> None:
    assert list(readable_by_others(Settings(sleutel_file=tmp_path / "sleutel"))) == []
