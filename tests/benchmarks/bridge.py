"""The bridge between real servers and an Open Klant of the tests: how busy its lanes keep that, and a long backlog.

Open Klant answers over HTTP, in a thread of this process.
"""

import os
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import accumulate
from pathlib import Path
from typing import Final

from services.runtime.settings import Settings
from tests.benchmarks.contest import say
from tests.benchmarks.figures import Spread
from tests.benchmarks.ground import Ground
from tests.benchmarks.processes import cpu_seconds, peak_mb
from tests.benchmarks.rows import Row, of_values
from tests.fakes.open_klant.faults import Weather
from tests.fakes.open_klant.server import OpenKlant
from tests.support.bridge_process import bridge_process, bridge_settings
from tests.support.projector_examples import Event, email, identifier, nummer, registered, taak_created
from tests.support.projector_process import count_committed, projector_process, publish
from tests.support.service_process import ServiceProcess
from tests.support.waiting import wait_for

LATENCY_SECONDS: Final = 0.05
BUSY: Final = 0.95
CONTACTS: Final = 400
CALLS: Final = 4
"""Of one contact: the klantcontact, an address, the agent, the taak."""
MEASURED: Final = (0.2, 0.8)
"""The part of the calls that is measured: every lane has work."""

BACKLOG: Final = 100_000
"""Contacts; `KLANTCONTACT_BENCH_BACKLOG` names another number."""
SECONDS: Final = 40.0
"""Of work on the backlog. The bridge has all that it keeps in memory long before."""
MOST_MB: Final = 150.0
MOST_AHEAD: Final = 0.05

PATIENCE_SECONDS: Final = 600.0


def bridge_rows(ground: Ground) -> Sequence[Row]:
    """Return the rows of the bridge."""
    return [*_busy(ground), *_backlog(ground)]


def _contact(name: str) -> Event:
    """Return a contact of somebody unknown, who gave an address."""
    event = registered(name)
    beller = {"betrokkeneId": identifier(f"beller|{name}"), "rol": "klant", "initiator": True}
    event["data"]["betrokkenen"] = [{**beller, "digitaleAdressen": [email(f"{name}@example.nl")]}]
    return event


def _busy(ground: Ground) -> Sequence[Row]:
    events = [event for each in range(CONTACTS) for event in (_contact(f"c-{each}"), taak_created(f"c-{each}"))]
    with _running(ground, "busy", events, len(events)) as (settings, open_klant, bridge):
        weather = open_klant.weather
        weather.latency_seconds = LATENCY_SECONDS
        looks = []
        for share in MEASURED:
            number = share * CALLS * CONTACTS
            wait_for("it is so far", partial(_has_answered, weather, number), seconds=PATIENCE_SECONDS)
            looks.append((time.monotonic(), weather.busy_seconds, cpu_seconds(bridge.server.pid)))
    (began, busy, cpu), (ended, busy_then, cpu_then) = looks
    what = f"bridge: how busy {settings.openklant_lanes} lanes keep Open Klant, {LATENCY_SECONDS * 1000:.0f} ms a call"
    value = (busy_then - busy) / (settings.openklant_lanes * (ended - began))
    say(f"{what}: {value:.1%}")
    a_call = (cpu_then - cpu) / ((MEASURED[1] - MEASURED[0]) * CALLS * CONTACTS)
    return [
        Row(what=what, value=Spread.of([value]), at_least=BUSY),
        of_values("bridge: CPU of the process, a call", [a_call * 1000], unit=" ms"),
    ]


def _has_answered(weather: Weather, number: float) -> bool:
    return len(weather.calls) >= number


def _backlog(ground: Ground) -> Sequence[Row]:
    size = int(os.environ.get("KLANTCONTACT_BENCH_BACKLOG") or BACKLOG)
    names = [f"c-{each}" for each in range(size)]
    with _running(ground, "backlog", map(registered, names), size) as (_, open_klant, bridge):
        wait_for("the bridge works on its backlog", lambda: open_klant.weather.calls, seconds=PATIENCE_SECONDS)
        time.sleep(SECONDS)
        peak = peak_mb(bridge.server.pid)
        made = [row["nummer"] for row in list(open_klant.register["klantcontacten"].rows.values())]
    places = {nummer(f"klantcontact|{name}|0"): place for place, name in enumerate(names)}
    say(f"bridge: {len(made) / SECONDS:,.0f} contacts a second of a backlog of {size:,}")
    return [
        of_values(f"memory of the bridge with a backlog of {size:,}", [peak], unit=" MB", at_most=MOST_MB),
        of_values(
            "backlog: how far ahead of an older contact one is made, as a share of the backlog",
            [furthest_ahead([places[each] for each in made]) / size],
            unit="",
            at_most=MOST_AHEAD,
        ),
    ]


def furthest_ahead(places: Sequence[int]) -> int:
    """Return by how many places a thing came before an older one, at most."""
    newest = accumulate(places, max)
    return max(so_far - place for so_far, place in zip(newest, places, strict=True))


@contextmanager
def _running(
    ground: Ground, name: str, events: Iterable[Event], number: int
) -> Iterator[tuple[Settings, OpenKlant, ServiceProcess]]:
    """Project events, then start a bridge for the block."""
    folder = Path(ground.folder, name)
    folder.mkdir()
    with OpenKlant().running() as open_klant:
        base = bridge_settings(ground.bootstrap, ground.mongo_uri, name, f"bench-{name}", open_klant, folder)
        settings = base.model_copy(update={"openklant_timeout": 10.0, "projector_batch_size": 500})
        say(f"bridge: projecting {number:,} events …")
        publish(settings, events)
        with projector_process(settings, folder):
            wait_for("all is projected", lambda: count_committed(settings) >= number, seconds=PATIENCE_SECONDS)
        with bridge_process(settings, folder) as bridge:
            yield settings, open_klant, bridge
        ground.forget(database=settings.mongo_database)
