"""How long a contact takes from being published to standing in MongoDB, at several rates."""

import json
import math
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import count, cycle
from typing import Any, Final

from confluent_kafka import Producer
from pymongo import MongoClient

from services.local.sample import made_up_bsns
from tests.benchmarks.contest import say
from tests.benchmarks.contestants import MORE_PARTITIONS, Contestants
from tests.benchmarks.ground import Filled
from tests.benchmarks.rows import Row, of_values
from tests.benchmarks.trees import ROOT
from tests.benchmarks.watch import running
from tests.support.kafka_tools import make_topics
from tests.support.waiting import wait_for

RATES: Final = (10, 300, 1000)
"""Contacts a second."""

GOALS: Final[Mapping[int, tuple[float, float]]] = {10: (50, 150), 300: (80, 250), 1000: (150, 500)}
"""By rate: milliseconds at the median, and of all but one in a hundred."""

SECONDS: Final = 10.0
"""Of one rate in one round."""

DRAIN_SECONDS: Final = 30.0
"""After that, what has not come counts as never."""

START_SECONDS: Final = 60.0
TOPIC: Final = "contact.ended.paced"
EXAMPLE: Final = ROOT / "schemas/examples/contact.ended.gekende-klant.json"
BSN: Final = "999990007"

WATCHED: Final = {"besluiten": "contactId", "klantcontacten": "herkomst.contactId"}
"""Collections of the classifier and of the projector, with the field that names the contact."""


@dataclass(frozen=True)
class Arrivals:
    """By collection and contact: the moment at which a change stream showed the document."""

    moments: Mapping[str, dict[str, float]] = field(default_factory=lambda: {each: {} for each in WATCHED})

    def watch(self, uri: str, database: str, stopped: threading.Event) -> None:
        """Note what comes, until it is told to stop."""
        wanted = [{"$match": {"operationType": "insert", "ns.coll": {"$in": list(WATCHED)}}}]
        fields = {f"fullDocument.{name}": 1 for name in WATCHED.values()}
        shown = [{"$project": {"ns": 1, **fields}}]
        with MongoClient[dict[str, Any]](uri) as client, client[database].watch([*wanted, *shown]) as stream:
            while not stopped.is_set():
                change = stream.try_next()
                if change is None:
                    continue
                document = change["fullDocument"]
                contact_id = document.get("contactId") or document.get("herkomst", {}).get("contactId")
                if contact_id is not None:
                    self.moments[change["ns"]["coll"]].setdefault(contact_id, time.monotonic())


def latency_rows(contestants: Contestants, rounds: int) -> Sequence[Row]:
    """Return the rows of each rate: until the klantcontact is stored, and until the decision is."""
    found = defaultdict[tuple[int, str], list[Sequence[float]]](list)
    with _services(contestants) as (publisher, arrivals):
        for _ in range(rounds):
            for rate in RATES:
                sent = publisher.publish(rate, SECONDS)
                _drained(arrivals, sent)
                for collection, moments in arrivals.moments.items():
                    took = [(moments.get(each, math.inf) - at) * 1000 for each, at in sent.items()]
                    found[rate, collection].append(took)
                say(f"{rate}/s: stored after {percentile(found[rate, 'klantcontacten'][-1], 0.5):,.0f} ms")
    return [row for rate in RATES for row in _rows(rate, found)]


def _rows(rate: int, found: Mapping[tuple[int, str], Sequence[Sequence[float]]]) -> Iterator[Row]:
    for (share, name), goal in zip(((0.5, "p50"), (0.99, "p99")), GOALS[rate], strict=True):
        stored, decided = (
            [percentile(took, share) for took in found[rate, collection]]
            for collection in ("klantcontacten", "besluiten")
        )
        note = f"the decision after {sorted(decided)[len(decided) // 2]:,.0f} ms"
        yield of_values(
            f"published → stored at {rate}/s, {MORE_PARTITIONS} partitions, {name}",
            stored,
            unit=" ms",
            at_most=goal,
            note=note,
        )


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value that a share of all do not pass."""
    return sorted(values)[max(math.ceil(share * len(values)) - 1, 0)]


class Publisher:
    """Publishes contacts of gekende klanten. Each leads to a klantcontact and a taak."""

    def __init__(self, bootstrap: str) -> None:
        self._producer = Producer({"bootstrap.servers": bootstrap, "linger.ms": 0})
        self._make = _events()

    def publish(self, rate: float, seconds: float) -> Mapping[str, float]:
        """Publish evenly at a rate. Returns the moment of each contact."""
        sent: dict[str, float] = {}
        began = time.monotonic()
        for number in range(round(rate * seconds)):
            contact_id, key, value = next(self._make)
            time.sleep(max(began + number / rate - time.monotonic(), 0))
            sent[contact_id] = time.monotonic()
            self._producer.produce(TOPIC, value, key)
            self._producer.poll(0)
        assert self._producer.flush(DRAIN_SECONDS) == 0, "Kafka did not take all contacts"
        return sent


def _events() -> Iterator[tuple[str, bytes, bytes]]:
    example = json.loads(EXAMPLE.read_text(encoding="utf-8"))
    contact_id = example["data"]["contactId"]
    text = json.dumps(example)
    for number, bsn in zip(count(), cycle(made_up_bsns()), strict=False):
        made = f"paced-{number}"
        yield made, bsn.encode(), text.replace(contact_id, made).replace(BSN, bsn).encode()


@contextmanager
def _services(contestants: Contestants) -> Iterator[tuple[Publisher, Arrivals]]:
    """Run both services and watch what they store, once the first contact has come through."""
    ground = contestants.ground
    make_topics(ground.bootstrap, TOPIC, partitions=MORE_PARTITIONS)
    nothing = Filled((TOPIC,), 0, {})
    services = contestants.services("paced", nothing)
    services.make_topics(partitions=MORE_PARTITIONS)
    arrivals, stopped = Arrivals(), threading.Event()
    watcher = threading.Thread(target=arrivals.watch, args=(ground.mongo_uri, services.name, stopped), daemon=True)
    publisher = Publisher(ground.bootstrap)
    with ExitStack() as undo:
        for service in ("classifier", "projector"):
            undo.enter_context(running(services.job(service, nothing), ground.folder))
        undo.callback(stopped.set)
        watcher.start()
        first = publisher.publish(100, 1)
        wait_for("the first contacts are stored", _all_in(arrivals, first), seconds=START_SECONDS)
        yield publisher, arrivals
    services.forget()


def _drained(arrivals: Arrivals, sent: Mapping[str, float]) -> None:
    came = _all_in(arrivals, sent)
    deadline = time.monotonic() + DRAIN_SECONDS
    while not came() and time.monotonic() < deadline:
        time.sleep(0.05)


def _all_in(arrivals: Arrivals, sent: Mapping[str, float]) -> Callable[[], bool]:
    return lambda: sent.keys() <= arrivals.moments["klantcontacten"].keys()
