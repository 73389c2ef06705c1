"""How long each fault was felt: until contacts that are sent when it ends stand in MongoDB.

One goes to each partition of `contact.ended`, and some go to the intake as messages of the channel.
"""

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

from pymongo import MongoClient
from pymongo.errors import PyMongoError

from services.projector.mongo.writes import Collection
from tests.chaos.world import World

LOOK_SECONDS: Final = 0.1
ANSWER_MILLISECONDS: Final = 1_000


@dataclass(eq=False)
class Struck:
    """One fault that was injected. Moments are seconds of this machine's steady clock."""

    kind: str
    name: str
    target: str
    began: float
    ended: float
    recovered: float | None = None

    @property
    def recovery_seconds(self) -> float | None:
        """How long after its end the system was as before."""
        return None if self.recovered is None else self.recovered - self.ended


class Recovery(threading.Thread):
    """Probes after each fault, and looks in MongoDB for what comes of the probes."""

    def __init__(self, world: World, probe: Callable[[], Iterable[str]]) -> None:
        """`probe` sends contacts, and returns the ids of the klantcontacten that must come of them."""
        super().__init__(name="recovery", daemon=True)
        self.struck: list[Struck] = []
        self._probe = probe
        self._database = world.settings.mongo_database
        self._client = MongoClient[dict[str, Any]](
            world.mongo.uri,
            serverSelectionTimeoutMS=ANSWER_MILLISECONDS,
            socketTimeoutMS=ANSWER_MILLISECONDS,
            connectTimeoutMS=ANSWER_MILLISECONDS,
            readConcernLevel="majority",
        )
        self._awaited: dict[Struck, set[str]] = {}
        self._lock = threading.Lock()
        self._stopped = threading.Event()

    def ended(self, struck: Struck) -> None:
        """Begin to wait for the recovery from a fault that has just ended."""
        probes = set(self._probe())
        with self._lock:
            self.struck.append(struck)
            self._awaited[struck] = probes

    def run(self) -> None:
        """Look until stopped."""
        while not self._stopped.wait(LOOK_SECONDS):
            with self._lock:
                awaited = dict(self._awaited)
            if awaited:
                self._look(awaited)

    def _look(self, awaited: dict[Struck, set[str]]) -> None:
        found = self._found(set[str]().union(*awaited.values()))
        now = time.monotonic()
        with self._lock:
            for struck, probes in awaited.items():
                probes.difference_update(found)
                if not probes:
                    struck.recovered = now
                    del self._awaited[struck]

    def _found(self, ids: Iterable[str]) -> set[str]:
        try:
            stored = self._client[self._database][Collection.KLANTCONTACTEN]
            return {each["_id"] for each in stored.find({"_id": {"$in": sorted(ids)}}, {"_id": 1})}
        except PyMongoError:
            return set()

    def wait(self, seconds: float) -> None:
        """Wait until the system has recovered from every fault, so long at most."""
        deadline = time.monotonic() + seconds
        while self._awaited and time.monotonic() < deadline:
            time.sleep(LOOK_SECONDS)

    def stop(self) -> None:
        """Look no more."""
        self._stopped.set()
        self.join()
        self._client.close()
