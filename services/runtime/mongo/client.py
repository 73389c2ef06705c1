"""How MongoDB is reached: the one place that makes clients, and finds out why none answers."""

import asyncio
import re
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from pymongo import AsyncMongoClient, MongoClient
from pymongo.errors import ConfigurationError, ConnectionFailure, OperationFailure, PyMongoError

from services.runtime.errors import InvalidSettings, TransientFailure
from services.runtime.observe.health import Part
from services.runtime.secret import load_secret
from services.runtime.setting_forms import MONGO_FORM
from services.runtime.settings import PREFIX, Settings

Document = dict[str, Any]
Client = AsyncMongoClient[Document]

SELECTION_MILLISECONDS = 5_000
"""Patience with finding a primary. An election takes about two seconds; readiness must show within 10 s that
there is none."""

DIRECT_MILLISECONDS = 2_000
"""Patience with a single server that has just been silent."""

OPERATION_MILLISECONDS = 10_000
"""Patience with one call, the driver's own retry included. The largest batch takes less than a second."""

COMMON: dict[str, Any] = {
    "appname": "klantcontact",
    "tz_aware": True,
    "uuidRepresentation": "standard",
    "w": "majority",
    "readConcernLevel": "majority",
}

ONE_NODE_SUFFICES = (
    "Transactions need a replica set, and one node is enough: start mongod with --replSet rs0, run "
    "rs.initiate() once, and end the address with ?replicaSet=rs0."
)


FILE_ADVICE = "It holds one line, such as mongodb://user:password@host:27017/?replicaSet=rs0."


async def connect(settings: Settings) -> Client:
    """Return a client of a replica set that answers: majority writes and reads, moments in UTC.

    Raises InvalidSettings for an invalid address, a refused login and a server outside the replica set;
    TransientFailure when no primary answers. The caller closes the client.
    """
    # In a thread: the asynchronous client leaves a socket open when it is closed while it tries to connect.
    await asyncio.to_thread(_examine, settings)
    with _address_read(settings):
        return AsyncMongoClient(mongo_uri(settings), **COMMON, **_patience(), timeoutMS=OPERATION_MILLISECONDS)


def mongo_uri(settings: Settings) -> str:
    """Return the address of MongoDB, with the login that it may hold: never to be shown.

    Raises InvalidSettings for a file that can't be read or holds no such address.
    """
    variable = uri_variable(settings)
    text = load_secret(None, settings.mongo_uri_file, file_variable=variable, advice=FILE_ADVICE)
    if text is None:
        return settings.mongo_uri
    uri = text.decode(errors="replace")
    if not re.fullmatch(MONGO_FORM, uri):
        raise InvalidSettings(f"{variable}: {settings.mongo_uri_file} holds no address of MongoDB. {FILE_ADVICE}")
    return uri


def uri_variable(settings: Settings) -> str:
    """Return the variable that holds the address, or names its file."""
    return f"{PREFIX}MONGO_URI" if settings.mongo_uri_file is None else f"{PREFIX}MONGO_URI_FILE"


def address(settings: Settings) -> str:
    """Return the hosts of the address without its login, fit to be shown."""
    return mongo_uri(settings).split("://", 1)[1].split("/", 1)[0].split("?", 1)[0].rsplit("@", 1)[-1]


def _examine(settings: Settings) -> None:
    """Raise InvalidSettings or TransientFailure when the address does not lead to the primary of a replica set."""
    with _address_read(settings):
        client = MongoClient[Document](mongo_uri(settings), **COMMON, **_patience())
    with client:
        try:
            hello = client.admin.command("hello")
        except ConnectionFailure as error:
            _ask_one_server(settings, replica_set=client.options.replica_set_name)
            raise TransientFailure(f"MongoDB at {address(settings)} does not answer.", part=Part.MONGODB) from error
        except OperationFailure as error:
            raise InvalidSettings(
                f"{uri_variable(settings)}: MongoDB at {address(settings)} refuses the login (code {error.code}). "
                "Correct the user, the password or authSource."
            ) from error
    _refuse_standalone(settings, hello)


def _patience() -> dict[str, Any]:
    return {"serverSelectionTimeoutMS": SELECTION_MILLISECONDS, "connectTimeoutMS": SELECTION_MILLISECONDS}


def _ask_one_server(settings: Settings, *, replica_set: str | None) -> None:
    """Find out why there is no primary: a single server that is asked directly answers in any state.

    Raises InvalidSettings or TransientFailure with the reason; returns when it does not answer either.
    """
    one = {"directConnection": True, "replicaSet": None, "serverSelectionTimeoutMS": DIRECT_MILLISECONDS}
    try:
        with MongoClient[Document](mongo_uri(settings), **COMMON | one) as client:
            hello = client.admin.command("hello")
    except PyMongoError:
        return
    _refuse_standalone(settings, hello)
    if replica_set is not None and hello.get("setName") != replica_set:
        raise InvalidSettings(
            f"{uri_variable(settings)} asks for replica set {replica_set}, and {address(settings)} belongs to "
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


@contextmanager
def _address_read(settings: Settings) -> Iterator[None]:
    """Raise InvalidSettings for an address that the driver can't read, or that has an option unknown to it.

    The driver's own text may repeat a password.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", UserWarning)
            yield
    except (ConfigurationError, ValueError, TypeError, UserWarning) as error:
        raise InvalidSettings(
            f"{uri_variable(settings)}: the address, or an option in it, can't be read. It looks like "
            "mongodb://user:password@host:27017/?replicaSet=rs0; a character such as @ or / in a password is "
            "written as %40 or %2F."
        ) from error
