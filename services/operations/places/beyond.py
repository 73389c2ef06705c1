"""Where data of a subject stays that can't be searched: MongoDB's oplog, backups, logs and traces."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Final

from pymongo.errors import OperationFailure
from pymongo.read_concern import ReadConcern

from services.operations.places.place import PlaceFound, PlaceKind, Term, days_after
from services.operations.places.searching import PlaceSearch
from services.runtime.mongo.client import Client, Document
from services.runtime.mongo.errors import REFUSED_USER

BACKUP_SETTING: Final = "KLANTCONTACT_BACKUP_DAYS"
LOG_SETTING: Final = "KLANTCONTACT_LOG_DAYS"


async def beyond(search: PlaceSearch) -> AsyncIterator[PlaceFound]:
    """Return until when these keep what was removed today."""
    yield await _oplog(search)
    yield _declared(search, "backups of MongoDB", PlaceKind.BACKUPS, search.settings.backup_days, BACKUP_SETTING)
    yield _declared(search, "logs and traces", PlaceKind.ELSEWHERE, search.settings.log_days, LOG_SETTING)


async def _oplog(search: PlaceSearch) -> PlaceFound:
    window = await oplog_window(search.register.client)
    if window is None:
        return PlaceFound(name="oplog", kind=PlaceKind.OPLOG, found=None, term=Term.UNKNOWN)
    days = window / timedelta(days=1)
    return PlaceFound(
        name="oplog",
        kind=PlaceKind.OPLOG,
        found=None,
        term=Term.OPLOG,
        days=days,
        until=days_after(search.now, days),
    )


async def oplog_window(client: Client) -> timedelta | None:
    """Return how far back MongoDB's oplog reaches; None where this user has no right to see it. Raises PyMongoError."""
    oplog = client["local"].get_collection("oplog.rs", read_concern=ReadConcern("local"))
    try:
        first: Document | None = await oplog.find_one({}, {"ts": 1}, sort=[("$natural", 1)])
        last: Document | None = await oplog.find_one({}, {"ts": 1}, sort=[("$natural", -1)])
    except OperationFailure as error:
        if error.code not in REFUSED_USER:
            raise
        return None
    if first is None or last is None:
        return timedelta()
    return timedelta(seconds=last["ts"].time - first["ts"].time)


def _declared(search: PlaceSearch, name: str, kind: PlaceKind, days: int | None, setting: str) -> PlaceFound:
    if days is None:
        return PlaceFound(name=name, kind=kind, found=None, term=Term.UNDECLARED, settings=(setting,))
    return PlaceFound(
        name=name,
        kind=kind,
        found=None,
        term=Term.DECLARED,
        days=days,
        until=days_after(search.now, days),
        settings=(setting,),
    )
