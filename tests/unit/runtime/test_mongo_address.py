"""The address of MongoDB: in the variable, or in a file."""

from pathlib import Path

import pytest

from services.runtime.errors import InvalidSettings
from services.runtime.mongo.client import address, connect, mongo_uri
from services.runtime.settings import Settings

URI = "mongodb://klant:geheim@mongo-0:27017,mongo-1:27017/?replicaSet=rs0"


def test_the_address_is_read_from_its_file_and_shown_without_the_login(tmp_path: Path) -> None:
    file = tmp_path / "mongo"
    file.write_text(f"{URI}\n")

    assert mongo_uri(Settings(mongo_uri_file=file)) == URI
    assert address(Settings(mongo_uri_file=file)) == "mongo-0:27017,mongo-1:27017"
    assert mongo_uri(Settings(mongo_uri=URI)) == URI


@pytest.mark.parametrize("content", [b"geheim", b"http://geheim", b"", b"\xff\xfe"])
def test_a_file_that_holds_no_address_is_refused_without_what_it_holds(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "mongo"
    file.write_bytes(content)

    with pytest.raises(InvalidSettings) as refused:
        mongo_uri(Settings(mongo_uri_file=file))

    assert str(refused.value) == (
        f"KLANTCONTACT_MONGO_URI_FILE: {file} holds no address of MongoDB. It holds one line, such as "
        "mongodb://user:password@host:27017/?replicaSet=rs0."
    )


async def test_an_address_that_the_driver_can_not_read_is_refused_by_the_variable_that_names_it(tmp_path: Path) -> None:
    file = tmp_path / "mongo"
    file.write_text("mongodb://user:gehe@im@host:27017/?unknownOption=1")

    with pytest.raises(InvalidSettings, match=r"KLANTCONTACT_MONGO_URI_FILE: the address, or an option") as refused:
        await connect(Settings(mongo_uri_file=file))

    assert "gehe" not in str(refused.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidSettings, match=r"KLANTCONTACT_MONGO_URI_FILE: .*/mongo can't be read"):
        mongo_uri(Settings(mongo_uri_file=tmp_path / "mongo"))
