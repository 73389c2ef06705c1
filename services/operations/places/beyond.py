"""Where data of a subject stays that can't be searched: MongoDB's oplog, backups, logs and traces."""

from collections.abc import AsyncIterator
from typing import Final

from services.operations.mongo_checks import oplog_days
from services.operations.places.place import PlaceFound, PlaceKind, StayTerm, days_after
from services.operations.places.searching import PlaceSearch

BACKUP_SETTING: Final = "KLANTCONTACT_BACKUP_DAYS"
LOG_SETTING: Final = "KLANTCONTACT_LOG_DAYS"


async def beyond(search: PlaceSearch) -> AsyncIterator[PlaceFound]:
    """Return until when these keep what was removed today."""
    yield await _oplog(search)
    yield _declared(search, "backups of MongoDB", PlaceKind.BACKUPS, search.settings.backup_days, BACKUP_SETTING)
    yield _declared(search, "logs and traces", PlaceKind.ELSEWHERE, search.settings.log_days, LOG_SETTING)


async def _oplog(search: PlaceSearch) -> PlaceFound:
    days = await oplog_days(search.register.client)
    if days is None:
        return PlaceFound(name="oplog", kind=PlaceKind.OPLOG, found=None, term=StayTerm.UNKNOWN)
    until = days_after(search.now, days)
    return PlaceFound(name="oplog", kind=PlaceKind.OPLOG, found=None, term=StayTerm.OPLOG, days=days, until=until)


def _declared(search: PlaceSearch, name: str, kind: PlaceKind, days: int | None, setting: str) -> PlaceFound:
    if days is None:
        return PlaceFound(name=name, kind=kind, found=None, term=StayTerm.UNDECLARED, settings=(setting,))
    return PlaceFound(
        name=name,
        kind=kind,
        found=None,
        term=StayTerm.DECLARED,
        days=days,
        until=days_after(search.now, days),
        settings=(setting,),
    )
