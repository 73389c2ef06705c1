"""The demo beside Open Klant: everything that is registered stands there too, and a taak that is closed there is closed
here.

The Open Klant is that of the tests, which answers as the real one does. It runs from the checkout, as a process.
"""

import json
import os
import secrets
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx
from pymongo import MongoClient
from pymongo.database import Database

from services.local.scenarios import Scenario
from services.local.servers.errors import StartFailed
from services.local.servers.network import HOST, free_port
from services.local.servers.process import Server
from services.local.system import System
from services.runtime.mongo.client import Document
from services.runtime.settings import Settings

CHECKOUT: Final = Path(__file__).parents[2]
FAKE: Final = "tests.fakes.open_klant"

API: Final = "/klantinteracties/api/v1"

ANSWER_SECONDS: Final = 30
"""Patience with one answer of the Open Klant on this machine."""

EQUAL_SECONDS: Final = 60.0
"""Patience with the bridge; an idle machine needs a few seconds."""

LOOK_SECONDS: Final = 0.5


@dataclass(frozen=True, slots=True)
class Beside:
    """An Open Klant beside the system."""

    url: str
    token_file: Path

    def settings(self, settings: Settings, scenarios: Sequence[Scenario]) -> Settings:
        """Return the settings with which the bridge sends everything there."""
        sources = sorted({each["source"] for scenario in scenarios for each in scenario.gebeurtenissen})
        given = {
            "openklant_url": self.url,
            "openklant_token_file": self.token_file,
            "bridge_sources": ",".join(sources),
        }
        return Settings.model_validate({**settings.model_dump(exclude_unset=True), **given})

    def client(self) -> httpx.Client:
        """Return a client of it."""
        token = self.token_file.read_text(encoding="utf-8")
        headers = {"Authorization": f"Token {token}"}
        return httpx.Client(base_url=f"{self.url}{API}", headers=headers, timeout=ANSWER_SECONDS)


@contextmanager
def open_klant_beside(folder: Path) -> Iterator[Beside]:
    """Run an Open Klant for the block. Raises StartFailed where there is no checkout to run it from."""
    if not CHECKOUT.joinpath(*FAKE.split(".")).is_dir():
        raise StartFailed("The Open Klant of the demo runs from a checkout of the project: `make setup` there.")
    token_file, port = folder / "openklant.token", free_port()
    token_file.write_text(secrets.token_hex(20), encoding="utf-8")
    token_file.chmod(0o600)
    with Server(
        name="open-klant",
        port=port,
        command=[sys.executable, "-m", FAKE, str(port), str(token_file)],
        log_file=folder / "open-klant.log",
        is_ready=_answers,
        environment={**os.environ, "PYTHONPATH": str(CHECKOUT)},
    ):
        yield Beside(f"http://{HOST}:{port}", token_file)


def _answers(server: Server) -> bool:
    try:
        return httpx.get(f"http://{server.address}{API}/openapi.json").is_success
    except httpx.TransportError:
        return False


# What the demo shows -------------------------------------------------------------------------------------------------

KindOfRow = tuple[str, int, int]
"""A kind of row, how many of it this register has, and how many Open Klant."""


def until_equal(system: System) -> Mapping[str, Any]:
    """Return what `bridge reconcile` says once it finds no difference, or at the end of our patience."""
    deadline = time.monotonic() + EQUAL_SECONDS
    while True:
        looked = system.run("bridge", "reconcile", "--json")
        found: Mapping[str, Any] = json.loads(looked.stdout) if looked.stdout else {"stopped": looked.stderr}
        if has_no_difference(found) or time.monotonic() > deadline:
            return found
        time.sleep(LOOK_SECONDS)


def has_no_difference(found: Mapping[str, Any]) -> bool:
    """Whether `bridge reconcile` looked at everything, and found no difference."""
    return found.get("differences") == {} and not found.get("failed") and not found.get("stopped")


def compared(system: System, beside: Beside) -> list[KindOfRow]:
    """Return how many rows of each kind stand here and there."""
    with MongoClient[Document](system.stack.mongo_uri) as client, beside.client() as asked:
        ours = _ours(client[system.settings.mongo_database], sorted(system.settings.sources_to_open_klant))
        return [(name, number, asked.get(f"/{name}?pageSize=1").json()["count"]) for name, number in ours.items()]


def _ours(database: Database[Document], sources: Sequence[str]) -> Mapping[str, int]:
    chosen = {"herkomst.source": {"$in": sources}}
    klantcontacten = list(database["klantcontacten"].find(chosen))
    betrokkenen = [each for document in klantcontacten for each in document["betrokkenen"]]
    ids = {each["wasPartij"]["partijId"] for each in betrokkenen if "wasPartij" in each}
    partijen = list(database["partijen"].find({"_id": {"$in": sorted(ids)}}))
    return {
        "klantcontacten": len(klantcontacten),
        "betrokkenen": len(betrokkenen),
        "partijen": len(partijen),
        "digitaleadressen": _addresses(betrokkenen) + _addresses(partijen),
        "internetaken": database["interne_taken"].count_documents(chosen),
    }


def _addresses(givers: Iterable[Document]) -> int:
    return sum(len(each["digitaleAdressen"]) for each in givers)


def close_a_taak(system: System, beside: Beside) -> bool:
    """Close a taak in Open Klant as an employee does in ITA, and return whether it is closed here as well."""
    with beside.client() as asked:
        taak = asked.get("/internetaken?status=te_verwerken&pageSize=1").json()["results"][0]
        asked.patch(f"/internetaken/{taak['uuid']}", json={"status": "verwerkt"}).raise_for_status()
    # The bridge reads the statuses when it starts, and every ten minutes.
    system.services["bridge"].stop()
    system.services["bridge"].start()
    deadline = time.monotonic() + EQUAL_SECONDS
    with MongoClient[Document](system.stack.mongo_uri) as client:
        taken = client[system.settings.mongo_database]["interne_taken"]
        while time.monotonic() < deadline:
            if taken.find_one({"interneTaak.nummer": taak["nummer"], "interneTaak.status": "verwerkt"}):
                return True
            time.sleep(LOOK_SECONDS)
    return False
