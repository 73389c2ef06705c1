"""The Open Klant that a contract test runs against: always the one in memory, and a real one where it is named.

- `KLANTCONTACT_OPENKLANT_URL` and `KLANTCONTACT_OPENKLANT_TOKEN_FILE` name a real one, and the file with its token.
  Each test takes away what it made and touches nothing else. One test blocks addresses of the soort `overig` for a
  moment, so name a scratch instance.
- `KLANTCONTACT_OPENKLANT_OPENAPI` names Open Klant's own description: each answer is then validated by it.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.contract.open_klant.description import Description
from tests.contract.open_klant.visitor import Seen, Visitor
from tests.fakes.open_klant.server import OpenKlant

REAL = os.environ.get("KLANTCONTACT_OPENKLANT_URL")
OPENAPI = os.environ.get("KLANTCONTACT_OPENKLANT_OPENAPI")


@pytest.fixture(scope="session")
def fake() -> Iterator[OpenKlant]:
    """The Open Klant in memory. Tests share it, as they share a real one."""
    with OpenKlant().running() as running:
        yield running


@pytest.fixture(scope="session")
def description() -> Description:
    """Open Klant's own description."""
    assert OPENAPI
    return Description(Path(OPENAPI))


@pytest.fixture(scope="session")
def seen(request: pytest.FixtureRequest) -> Seen:
    """Whatever looks at each answer."""
    if OPENAPI is None:
        return lambda _: None
    described: Description = request.getfixturevalue("description")
    return described.validate


@pytest.fixture(scope="session")
def client() -> Iterator[httpx.Client]:
    """One client for all visitors: each would read all certificates of this machine again."""
    with httpx.Client(timeout=30) as client:
        yield client


@pytest.fixture(params=["fake", "real"] if REAL else ["fake"])
def visitor(request: pytest.FixtureRequest, fake: OpenKlant, client: httpx.Client, seen: Seen) -> Iterator[Visitor]:
    """A visitor with a token."""
    url, token = fake.url, fake.token
    if REAL and request.param == "real":
        url, token = REAL, Path(os.environ["KLANTCONTACT_OPENKLANT_TOKEN_FILE"]).read_text(encoding="utf-8").strip()
    visitor = Visitor(url, token, client, seen)
    yield visitor
    visitor.leave()
