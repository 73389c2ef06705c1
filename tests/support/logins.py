"""Services and commands of the tests log in to MongoDB with their role, and the tests themselves as administrator."""

import atexit
import shutil
import socket
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from pymongo import MongoClient

from services.local.logins import logged_in, make_login, may_make_logins
from services.runtime.mongo.client import Document, address
from services.runtime.mongo.roles import role_of_command
from services.runtime.settings import Settings

ANSWER_SECONDS = 1.0


def as_role(settings: Settings, arguments: Sequence[str]) -> Settings:
    """Return the settings with the login of the role under which a command runs.

    They stay as they are for a command that does not reach MongoDB, for a MongoDB that manages its users itself, and
    for one that does not run.
    """
    role = role_of_command(arguments)
    if role is None or settings.mongo_uri_file is not None or not may_make_logins(settings.mongo_uri):
        return settings
    if not _runs(address(settings)):
        return settings
    databases = settings.mongo_database, settings.mongo_register_database
    return logged_in(settings, login(settings.mongo_uri, *databases, role))


@cache
def login(uri: str, projection: str, register: str | None, role: str) -> Path:
    """Return the file with the address for a role on these databases. `uri` is that of the administrator."""
    settings = Settings(mongo_uri=uri, mongo_database=projection, mongo_register_database=register)
    folder = Path(tempfile.mkdtemp(prefix="klantcontact-logins-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    with MongoClient[Document](uri) as client:
        return make_login(client, uri, settings, role, folder)


def _runs(hosts: str) -> bool:
    host, _, port = hosts.partition(":")
    try:
        socket.create_connection((host, int(port)), timeout=ANSWER_SECONDS).close()
    except OSError:
        return False
    return True
