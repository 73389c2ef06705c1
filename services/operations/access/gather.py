"""Everything about a subject, found in every place, for a command that shows it."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from services.operations.audit.trail import Action, record
from services.operations.places.place import FoundItem, PlaceFound
from services.operations.places.recipients import ReadingGroup, reading_groups
from services.operations.places.search import look_everywhere
from services.operations.places.traces import Traces
from services.operations.topic_reader import Progress, unseen
from services.runtime.errors import KlantcontactError
from services.runtime.logboek.logboek import Activity, record_for_command
from services.runtime.settings import Settings

MAX_ITEMS: Final = 20_000
"""Documents and records that are kept to be shown: some hundred MB at most. A klant has a few hundred at most."""


class TooMuch(KlantcontactError):
    """More than 20,000 documents and records are about this klant: this is no one person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """What was found."""

    at: datetime
    request: str
    traces: Traces
    items: Sequence[FoundItem] = field(repr=False)
    places: Sequence[PlaceFound]
    groups: Sequence[ReadingGroup]

    def in_places(self, *names: str) -> Sequence[FoundItem]:
        """Return what was found in some places."""
        return [each for each in self.items if each.place in names]


async def gather(
    settings: Settings,
    traces: Traces,
    *,
    request: str,
    reason: str | None = None,
    command: str = "access",
    activity: Activity = Activity.INZAGE,
    progress: Progress = unseen,
) -> Gathered:
    """Return everything about a subject, once the audit trail and the Logboek have that somebody is going to see it.

    Raises TooMuch, and as `look_everywhere` and `record` do; then nothing may be shown.
    """
    at, started_ns = datetime.now(UTC), time.time_ns()
    items: list[FoundItem] = []

    def keep(item: FoundItem) -> None:
        if len(items) >= MAX_ITEMS:
            raise TooMuch
        items.append(item)

    places = [each async for each in look_everywhere(settings, traces, visit=keep, progress=progress)]
    groups = await reading_groups(settings)
    counts = {each.name: each.found for each in places if each.found}
    ids = sorted(traces.partij_ids | traces.contacts.keys())
    await record(settings, Action(command=command, request=request, reason=reason, counts=counts, ids=ids))
    await record_for_command(command, settings, activity, sorted(traces.partij_ids), started_ns=started_ns)
    return Gathered(at=at, request=request, traces=traces, items=items, places=places, groups=groups)
