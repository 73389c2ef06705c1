"""The servers of the tests, with a MongoDB that asks who a client is."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from services.local.logins import may_make_logins
from services.local.servers.mongod import administrator_uri, mongod_server
from services.local.servers.stack import Stack


@contextmanager
def guarded_stack(stack: Stack, folder: Path) -> Iterator[Stack]:
    """Provide servers with a MongoDB on which tests can make a login for each role.

    A MongoDB in a container asks for no login, and the one that KLANTCONTACT_TEST_MONGO names manages its users itself.
    A mongod of ours takes the place of either for the block.
    """
    if may_make_logins(stack.mongo_uri):
        yield stack
        return
    with mongod_server(folder) as server:
        yield replace(stack, mongo_uri=administrator_uri(server))
