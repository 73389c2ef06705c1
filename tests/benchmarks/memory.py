"""The most memory that a service has while a long backlog waits for it."""

import os
import time
from collections.abc import Iterator, Sequence
from itertools import count
from typing import Final

from services.local.system import committed_messages
from tests.benchmarks.contest import say
from tests.benchmarks.contestants import MORE_PARTITIONS, Contestants
from tests.benchmarks.ground import Filled, Ground
from tests.benchmarks.processes import peak_mb
from tests.benchmarks.product import Services
from tests.benchmarks.rows import Row, of_values
from tests.benchmarks.watch import running
from tests.support.kafka_tools import committed_offsets, make_topics
from tests.support.waiting import wait_for

BACKLOG: Final = 1_000_000
"""Records; `KLANTCONTACT_BENCH_BACKLOG` names another number."""

SECONDS: Final = 15.0
"""Of work on the backlog. A service has all that it keeps in memory long before."""

START_SECONDS: Final = 60.0
MOST_MB: Final = 150.0
TOPIC: Final = "contact.ended.backlog"

Batch = Sequence[tuple[bytes, bytes]]


def memory_rows(contestants: Contestants) -> Sequence[Row]:
    """Return the rows of both services."""
    ground = contestants.ground
    size = int(os.environ.get("KLANTCONTACT_BENCH_BACKLOG") or BACKLOG)
    contacts = _records(ground, contestants.contacts)
    events = {topic: _records(ground, Filled((topic,), 0, {})) for topic in contestants.published.topics}
    services = contestants.services("backlog", Filled((TOPIC,), 0, {}))
    services.make_topics(partitions=MORE_PARTITIONS)
    make_topics(ground.bootstrap, TOPIC, partitions=MORE_PARTITIONS)
    say(f"filling topics with {size:,} contacts and as many events …")
    ground.publish(TOPIC, _many(contacts, size))
    for made, kept in zip(services.outputs, events.values(), strict=True):
        if kept:
            ground.publish(made, _many(kept, size * len(kept) // sum(map(len, events.values()))))
    busiest = {"classifier": TOPIC, "projector": services.outputs[0]}
    rows = [_row(ground, services, service, topic, size) for service, topic in busiest.items()]
    services.forget()
    ground.forget(topics=[TOPIC])
    return rows


def _records(ground: Ground, filled: Filled) -> Batch:
    return [(each.key() or b"", each.value() or b"") for each in committed_messages(ground.bootstrap, filled.topics)]


def _many(records: Batch, size: int) -> Iterator[tuple[bytes, bytes]]:
    """Yield so many records. Those of a later round are about other contacts, so that they are no repeats."""
    made = 0
    for round_number in count():
        mark = f'"contactId": "{round_number}-'.encode()
        for key, value in records:
            if made == size:
                return
            yield key, value.replace(b'"contactId": "', mark)
            made += 1


def _row(ground: Ground, services: Services, service: str, topic: str, size: int) -> Row:
    job = services.job(service, services.contacts)
    with running(job, ground.folder) as [process]:

        def has_begun() -> bool:
            return any(committed_offsets(ground.bootstrap, group=job.group, topic=topic, partitions=MORE_PARTITIONS))

        wait_for(f"the {service} works on its backlog", has_begun, seconds=START_SECONDS)
        time.sleep(SECONDS)
        peak = peak_mb(process.pid)
    what = f"memory of the {service} with a backlog of {size:,}, {MORE_PARTITIONS} partitions"
    return of_values(what, [peak], unit=" MB", at_most=MOST_MB)
