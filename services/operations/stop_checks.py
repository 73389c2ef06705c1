"""The doctor's checks of partitions that have stopped, and of the records that were skipped."""

from collections.abc import Sequence
from typing import Final

from services.operations.checks import Check
from services.operations.mongo import Databases
from services.operations.skip import all_stops
from services.operations.wording import counted, to_the_second
from services.runtime.settings import Settings
from services.runtime.stops.stop import StoredStop
from services.runtime.stops.store import SKIPPED

SHOWN: Final = 10
"""The newest skipped events that are named."""


async def stop_checks(databases: Databases, settings: Settings) -> list[Check]:
    """Check whether partitions have stopped, and whether the register lacks events that were skipped."""
    stops = await all_stops(databases)
    outputs = {"topic": {"$in": list(settings.output_topics)}}
    skipped = await databases.projection[SKIPPED].find(outputs).sort("at", -1).to_list()
    lacking = [f"{each['topic']} partition {each['partition']} offset {each['offset']}" for each in skipped]
    return [_stops(stops), *([_skipped(lacking)] if lacking else [])]


def _stops(stops: Sequence[StoredStop]) -> Check:
    if not stops:
        return Check(name="stops", ok=True, found="no partition has stopped")
    return Check(
        name="stops",
        ok=False,
        found="; ".join(map(_told, stops)),
        advice="\n".join(
            [
                "A release without that bug goes on by itself. To make the record a dead letter instead:",
                *(_command(each) for each in stops if each.skip is None),
            ]
        ),
    )


def _told(stored: StoredStop) -> str:
    asked = "" if stored.skip is None else f", to be skipped for {stored.skip.by}"
    return f"{stored.stop}; since {to_the_second(stored.since)}, met by {counted(stored.starts, 'start')}{asked}"


def _command(stored: StoredStop) -> str:
    stop = stored.stop
    return f"`klantcontact skip {stop.topic} {stop.partition} {stop.offset} --reason …`"


def _skipped(lacking: Sequence[str]) -> Check:
    more = f", and {len(lacking) - SHOWN} more" if len(lacking) > SHOWN else ""
    return Check(
        name="skipped",
        ok=True,
        found=f"the register lacks {counted(len(lacking), 'event')}: {', '.join(lacking[:SHOWN])}{more}",
        advice="With a release that can project them, run `klantcontact rebuild`.",
    )
