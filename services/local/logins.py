"""The users of one register in the local MongoDB: one for each role, so that each command has rights of its own.

A password is drawn anew at each start, and stands only in the file with the address that the user logs in with.
"""

import secrets
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from pymongo import MongoClient
from pymongo.errors import OperationFailure
from pymongo.uri_parser import parse_uri

from services.local.servers.mongod import ADMINISTRATOR
from services.runtime.mongo.roles import ROLES, privileges, role_name
from services.runtime.settings import Settings

EXISTS: Final = frozenset({51002, 51003})
"""The role, the user."""


def may_make_logins(uri: str) -> bool:
    """Whether an address is that of the administrator of a MongoDB of ours. Others manage their users themselves."""
    user: object = parse_uri(uri)["username"]
    return user == ADMINISTRATOR


def make_logins(uri: str, settings: Settings, folder: Path) -> Mapping[str, Path]:
    """Make a user for each role, and return the files with their addresses, which only their owner can read.

    `uri` is the address of the administrator.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with MongoClient[dict[str, Any]](uri) as client:
        return {role: make_login(client, uri, settings, role, folder) for role in ROLES}


def make_login(client: MongoClient[dict[str, Any]], uri: str, settings: Settings, role: str, folder: Path) -> Path:
    """Make a user with one role, and return the file with its address."""
    name, password = role_name(settings, role), secrets.token_urlsafe(24)
    _make(client, "Role", name, privileges=privileges(settings, role), roles=[])
    _make(client, "User", name, pwd=password, roles=[name], mechanisms=["SCRAM-SHA-256"])
    hosts = uri.rsplit("@", 1)[1]
    file = folder / name
    file.touch(mode=stat.S_IRUSR | stat.S_IWUSR)
    file.write_text(f"mongodb://{name}:{password}@{hosts}")
    return file


def _make(client: MongoClient[dict[str, Any]], what: str, name: str, **fields: Any) -> None:  # noqa: ANN401 - MongoDB's
    try:
        client.admin.command({f"create{what}": name, **fields})
    except OperationFailure as error:
        if error.code not in EXISTS:
            raise
        client.admin.command({f"update{what}": name, **fields})


def logged_in(settings: Settings, file: Path) -> Settings:
    """Return the settings of a process that logs in with the address in a file."""
    given = {name: getattr(settings, name) for name in settings.model_fields_set - {"mongo_uri"}}
    return Settings.model_validate(given | {"mongo_uri_file": file})
