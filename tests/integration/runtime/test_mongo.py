"""Connecting to MongoDB: the accepted servers, and the words of each refusal."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from services.local.servers.mongod import mongod_binary
from services.local.servers.network import HOST, free_port
from services.local.servers.process import Server
from services.runtime.errors import InvalidSettings, TransientFailure
from services.runtime.mongo.client import address, connect
from services.runtime.settings import Settings


def _mongod(folder: Path, name: str, *options: str) -> Server:
    data = folder / name
    data.mkdir()
    port = free_port()
    return Server(
        name=name,
        port=port,
        command=[
            str(mongod_binary()),
            *("--dbpath", str(data)),
            *("--port", str(port)),
            *("--bind_ip", HOST),
            *("--wiredTigerCacheSizeGB", "0.25"),
            "--nounixsocket",
            *options,
        ],
        log_file=folder / f"{name}.log",
        is_ready=lambda _: True,
    )


@pytest.fixture(scope="module")
def standalone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with _mongod(tmp_path_factory.mktemp("standalone"), "standalone") as server:
        yield server.address


@pytest.fixture
def _short_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.runtime.mongo.client.SELECTION_MILLISECONDS", 200)


async def test_moments_come_back_in_utc_and_uuids_as_uuids(mongo_uri: str, database: str) -> None:
    document = {"_id": UUID(int=7), "moment": datetime(2026, 1, 2, 3, 4, tzinfo=UTC)}
    async with await connect(Settings(mongo_uri=mongo_uri)) as client:
        collection = client[database]["things"]
        await collection.insert_one(document)

        assert await collection.find_one() == document
        assert (collection.write_concern.document, collection.read_concern.level) == ({"w": "majority"}, "majority")


@pytest.mark.usefixtures("_short_patience")
@pytest.mark.parametrize("options", ["?replicaSet=rs0", ""])
async def test_a_standalone_server_is_refused_with_what_to_do(standalone: str, options: str) -> None:
    with pytest.raises(InvalidSettings) as refused:
        await connect(Settings(mongo_uri=f"mongodb://{standalone}/{options}"))

    assert str(refused.value) == (
        f"MongoDB at {standalone} is a standalone server. Transactions need a replica set, and one node is enough: "
        "start mongod with --replSet rs0, run rs.initiate() once, and end the address with ?replicaSet=rs0."
    )


@pytest.mark.usefixtures("_short_patience")
async def test_a_replica_set_that_was_not_initiated_is_refused_with_what_to_do(tmp_path: Path) -> None:
    with _mongod(tmp_path, "waiting", "--replSet", "rs0") as server, pytest.raises(InvalidSettings) as refused:
        await connect(Settings(mongo_uri=f"mongodb://{server.address}/?replicaSet=rs0"))

    assert str(refused.value) == (
        f"MongoDB at {server.address} waits to be made a replica set: run rs.initiate() on it once."
    )


@pytest.mark.usefixtures("_short_patience")
async def test_another_replica_set_is_refused_by_name(mongo_uri: str) -> None:
    host = address(Settings(mongo_uri=mongo_uri))

    with pytest.raises(InvalidSettings) as refused:
        await connect(Settings(mongo_uri=f"mongodb://{host}/?replicaSet=other"))

    assert str(refused.value) == (
        f"KLANTCONTACT_MONGO_URI asks for replica set other, and {host} belongs to klantcontact. Correct replicaSet "
        "in the address."
    )


async def test_a_refused_login_is_reported_without_the_password(mongo_uri: str) -> None:
    host = address(Settings(mongo_uri=mongo_uri))

    with pytest.raises(InvalidSettings) as refused:
        await connect(Settings(mongo_uri=f"mongodb://jan:geheim@{host}/?replicaSet=klantcontact"))

    assert str(refused.value) == (
        f"KLANTCONTACT_MONGO_URI: MongoDB at {host} refuses the login (code 18). Correct the user, the password or "
        "authSource."
    )


@pytest.mark.parametrize(
    "uri",
    [
        pytest.param("mongodb://:geheim@/", id="no host"),
        pytest.param("mongodb://host:99999/geheim", id="no port"),
        pytest.param("mongodb://jan:ge/heim@host/", id="a password that is not escaped"),
        pytest.param("mongodb://host/?geheim=1", id="unknown option"),
        pytest.param("mongodb://host/?tls=geheim", id="no value of an option"),
    ],
)
async def test_an_invalid_address_is_refused_without_repeating_it(uri: str) -> None:
    with pytest.raises(InvalidSettings) as refused:
        await connect(Settings(mongo_uri=uri))

    assert str(refused.value) == (
        "KLANTCONTACT_MONGO_URI: the address, or an option in it, can't be read. It looks like "
        "mongodb://user:password@host:27017/?replicaSet=rs0; a character such as @ or / in a password is written as "
        "%40 or %2F."
    )


@pytest.mark.usefixtures("_short_patience")
async def test_a_service_waits_for_a_server_that_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.runtime.mongo.client.DIRECT_MILLISECONDS", 200)
    uri = f"mongodb://jan:geheim@{HOST}:{free_port()}/?replicaSet=rs0"

    with pytest.raises(TransientFailure) as failed:
        await connect(Settings(mongo_uri=uri))

    assert str(failed.value) == f"MongoDB at {address(Settings(mongo_uri=uri))} does not answer."
    assert failed.value.part == "mongodb"


@pytest.mark.parametrize(
    ("uri", "shown"),
    [
        ("mongodb://host:27017/?replicaSet=rs0", "host:27017"),
        ("mongodb://jan:geheim@one,two/database", "one,two"),
        ("mongodb+srv://jan:ge%40heim@cluster?tls=true", "cluster"),
    ],
)
def test_an_address_is_shown_without_user_and_password(uri: str, shown: str) -> None:
    assert address(Settings(mongo_uri=uri)) == shown
