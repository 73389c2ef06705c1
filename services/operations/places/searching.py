"""What the readers of all places share."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime

from services.operations.mongo import Database
from services.operations.places.place import PlaceFound, Visitor
from services.operations.places.traces import Traces
from services.operations.topic_reader import Progress, TopicReader
from services.runtime.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceSearch:
    """One search through all places."""

    settings: Settings
    register: Database
    projection: Database
    reader: TopicReader
    traces: Traces
    visit: Visitor
    progress: Progress
    now: datetime


PlaceReader = Callable[[PlaceSearch], AsyncIterator[PlaceFound]]
"""Reads the places of one kind, and yields the answer of each. It raises as `topic_reader` and `read_databases` do."""
