"""The one way to reach MongoDB."""

import warnings
from collections.abc import Mapping
from typing import Any

from pymongo import AsyncMongoClient
from pymongo.errors import ConfigurationError, ConnectionFailure, OperationFailure, PyMongoError

from services.runtime.errors import InvalidSettings, TransientFailure
from services.runtime.health import Part
from services.runtime.settings import Settings

Document = dict[str, Any]
Client = AsyncMongoClient[Document]

SELECTION_MILLISECONDS = 5_000
"""Patience with finding a primary. An election takes about two seconds; readiness must show within 10 s that
there is none."""

DIRECT_MILLISECONDS = 2_000
"""Patience with a single server that has just been silent."""

ASK_ONCE = {"serverMonitoringMode": "poll"}
"""For a client that asks one thing: without it a second connection, of the monitor, may still be under way when the
client is closed, and is then left open."""

OPERATION_MILLISECONDS = 10_000
"""Patience with one call, tried again by the driver or not. The largest batch takes less than a second."""

ONE_NODE_SUFFICES = (
    "Transactions need a replica set, and one node is enough: start mongod with --replSet rs0, run "
    "rs.initiate() once, and end the address with ?replicaSet=rs0."
)


async def connect(settings: Settings) -> Client:
    """Give a client of a replica set that answers: majority writes and reads, moments in UTC.

    Raises InvalidSettings for an address that is none, a refused login and a server outside the replica set;
    TransientFailure when no primary answers. The caller closes the client.
    """
    await _examine(settings)
    return _client(
        settings,
        {
            "serverSelectionTimeoutMS": SELECTION_MILLISECONDS,
            "connectTimeoutMS": SELECTION_MILLISECONDS,
            "timeoutMS": OPERATION_MILLISECONDS,
        },
    )


def address(settings: Settings) -> str:
    """Give the hosts of `mongo_uri` alone, fit to be shown."""
    return settings.mongo_uri.split("://", 1)[1].split("/", 1)[0].split("?", 1)[0].rsplit("@", 1)[-1]


async def _examine(settings: Settings) -> None:
    """Raise InvalidSettings or TransientFailure when the address does not lead to the primary of a replica set."""
    client = _client(settings, ASK_ONCE | {"serverSelectionTimeoutMS": SELECTION_MILLISECONDS})
    async with client:
        try:
            hello = await client.admin.command("hello")
        except ConnectionFailure as error:
            await _ask_one_server(settings, replica_set=client.options.replica_set_name)
            raise TransientFailure(f"MongoDB at {address(settings)} does not answer.", part=Part.MONGODB) from error
        except ConfigurationError as error:  # the name of a mongodb+srv:// address is looked up only now
            raise _unreadable() from error
        except OperationFailure as error:
            raise InvalidSettings(
                f"KLANTCONTACT_MONGO_URI: MongoDB at {address(settings)} refuses the login (code {error.code}). "
                "Correct the user, the password or authSource."
            ) from error
    _refuse_standalone(settings, hello)


async def _ask_one_server(settings: Settings, *, replica_set: str | None) -> None:
    """Find out why there is no primary: a single server that is asked directly answers whatever set it is in.

    Raises InvalidSettings or TransientFailure with the reason; returns when it does not answer either.
    """
    directly = {"directConnection": True, "replicaSet": None, "serverSelectionTimeoutMS": DIRECT_MILLISECONDS}
    async with _client(settings, ASK_ONCE | directly) as client:
        try:
            hello = await client.admin.command("hello")
        except PyMongoError:
            return
    _refuse_standalone(settings, hello)
    if replica_set is not None and hello.get("setName") != replica_set:
        raise InvalidSettings(
            f"KLANTCONTACT_MONGO_URI asks for replica set {replica_set}, and {address(settings)} belongs to "
            f"{hello.get('setName')}. Correct replicaSet in the address."
        )
    raise TransientFailure(
        f"The replica set at {address(settings)} has no primary that can be reached from here; its members call "
        f"themselves {', '.join(hello.get('hosts', []))}.",
        part=Part.MONGODB,
    )


def _refuse_standalone(settings: Settings, hello: Mapping[str, Any]) -> None:
    """Raise InvalidSettings for a server that has no transactions; mongos of a sharded cluster has them."""
    if "setName" in hello or hello.get("msg") == "isdbgrid":
        return
    if hello.get("isreplicaset"):
        raise InvalidSettings(
            f"MongoDB at {address(settings)} waits to be made a replica set: run rs.initiate() on it once."
        )
    raise InvalidSettings(f"MongoDB at {address(settings)} is a standalone server. {ONE_NODE_SUFFICES}")


def _client(settings: Settings, options: Mapping[str, Any]) -> Client:
    """Make a client; what the driver only warns of (an option that it does not know) is refused."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            return AsyncMongoClient(
                settings.mongo_uri,
                appname="klantcontact",
                tz_aware=True,
                uuidRepresentation="standard",
                w="majority",
                readConcernLevel="majority",
                **options,
            )
    except (ConfigurationError, ValueError, TypeError, UserWarning) as error:
        raise _unreadable() from error


def _unreadable() -> InvalidSettings:
    """Say what is wanted, and not the driver's text, which may repeat a password."""
    return InvalidSettings(
        "KLANTCONTACT_MONGO_URI: the address, or an option in it, can't be read. It looks like "
        "mongodb://user:password@host:27017/?replicaSet=rs0; a character such as @ or / in a password is written as "
        "%40 or %2F."
    )
