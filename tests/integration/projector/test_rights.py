"""MongoDB's rights part confidential contacts from the rest, by the table in `docs/security.md`."""

import base64
import re
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.errors import OperationFailure

from services.local.servers.mongod import mongo_uri as uri_of
from services.local.servers.mongod import mongod_server
from services.local.servers.network import HOST
from services.local.servers.process import Server
from services.projector.mongo.layout import Generation
from services.projector.mongo.register import MongoProjection
from services.projector.mongo.writes import CONFIDENTIAL, Collection
from services.runtime.mongo.client import connect
from services.runtime.settings import Settings
from tests.support.projector_examples import fact, partij, registered, taak_created

ROW = re.compile(r"^\| (sees [a-z ]+) \| ((?:`\w+`(?:, )?)+) \|$", re.MULTILINE)
GRANTED = {
    application: re.findall(r"`(\w+)`", names)
    for application, names in ROW.findall(Path("docs/security.md").read_text(encoding="utf-8"))
}
ORDINARY, ALL = "sees ordinary contacts", "sees confidential ones too"

PASSWORD = "password"  # noqa: S105 - of a server that lives for a test

APART = {"vertrouwelijk": True}
EVENTS = [
    registered("c-1", partijen=[partij()]),
    taak_created("c-1"),
    registered("c-2", fields=APART),
    taak_created("c-2", fields=APART),
]

UNAUTHORIZED = 13


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A mongod with a user for each row of the table, which may do what it says and no more."""
    folder = tmp_path_factory.mktemp("guarded")
    key = folder / "key"
    key.write_bytes(base64.b64encode(secrets.token_bytes(48)))
    key.chmod(0o600)
    server = mongod_server(folder / "mongod")
    server._command += ["--auth", "--keyFile", str(key)]
    with server:
        with MongoClient[dict[str, Any]](HOST, server.port, directConnection=True) as client:
            client.admin.command("createUser", "root", pwd=PASSWORD, roles=["root"])
        with MongoClient[dict[str, Any]](login(server, "root", "admin")) as client:
            for number, names in enumerate(GRANTED.values()):
                rights = [
                    {"resource": {"db": "klantcontact", "collection": name}, "actions": ["find"]} for name in names
                ]
                client.klantcontact.command("createRole", f"role-{number}", privileges=rights, roles=[])
                client.klantcontact.command("createUser", f"user-{number}", pwd=PASSWORD, roles=[f"role-{number}"])
        yield server


def login(server: Server, user: str, source: str = "klantcontact") -> str:
    return uri_of(server.port).replace("//", f"//{user}:{PASSWORD}@") + f"&authSource={source}"


def may_read(server: Server, application: str, names: list[str]) -> dict[str, bool]:
    """Return whether an application may read each of these collections. What it may read holds something."""
    user = f"user-{list(GRANTED).index(application)}"
    with MongoClient[dict[str, Any]](login(server, user)) as client:
        return {name: _finds(client, name) for name in names}


def _finds(client: MongoClient[dict[str, Any]], name: str) -> bool:
    try:
        found = client.klantcontact[name].find_one()
    except OperationFailure as error:
        if error.code != UNAUTHORIZED:
            raise
        return False
    assert found is not None
    return True


async def test_an_application_reads_the_collections_that_the_table_names_and_no_others(guarded: Server) -> None:
    settings = Settings(mongo_uri=login(guarded, "root", "admin"), mongo_database="klantcontact")
    async with await connect(settings) as client:
        for generation in Generation:
            register = MongoProjection(client, settings.mongo_database, generation=generation)
            await register.prepare(1_000_000)
            await register.apply([fact(event) for event in EVENTS])
    names = [generation.name_of(each) for generation in Generation for each in Collection]

    for application, granted in GRANTED.items():
        assert may_read(guarded, application, names) == {name: name in granted for name in names}


def test_the_table_parts_what_is_confidential() -> None:
    assert set(GRANTED) == {ORDINARY, ALL}
    assert set(GRANTED[ALL]) - set(GRANTED[ORDINARY]) == set(CONFIDENTIAL.values())
    assert set(GRANTED[ALL]) == set(Collection) - {Collection.VERVALLEN}
