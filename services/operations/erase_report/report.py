"""The report of an erasure, as values: for the municipality's own file, and for the page that the citizen gets."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from services.domain.wissing import GewistItem
from services.operations.access.gather import Gathered, gather
from services.operations.erase_report.ledger import add_erased, erased_for
from services.operations.erase_report.remains import is_gone
from services.operations.mongo import read_databases
from services.operations.pages import places
from services.operations.places.numbers import KlantNumbers
from services.operations.places.open_klant import OpenKlantRows, names_in, rows_in_open_klant
from services.operations.places.place import PlaceFound
from services.operations.places.recipients import ReadingGroup
from services.operations.places.search import traces_of
from services.operations.places.traces import Traces
from services.operations.subjects import Subject
from services.operations.topic_reader import Progress, unseen
from services.runtime.errors import KlantcontactError
from services.runtime.logboek.logboek import Activity
from services.runtime.settings import Settings

KIND: Final = "nl.klantinteracties.wisverslag"
VERSION: Final = 1

ErasureReport = dict[str, Any]


class NothingErased(KlantcontactError):
    """The ledger has nothing of this request: nothing was erased for it, or not yet."""


async def report_of(
    settings: Settings,
    request: str,
    *,
    subject: Subject | None = None,
    reason: str | None = None,
    progress: Progress = unseen,
) -> ErasureReport:
    """Return what is left, place by place, of what was erased for a request. Every place is searched anew.

    `subject` lets the topics of publishers be searched for a number of the klant too: the ledger has only ids.
    Raises NothingErased, and as `gather` does.
    """
    items = await erased_for(settings, request)
    if not items:
        raise NothingErased
    if subject is not None:
        traces = await traces_of(settings, subject)
    else:
        traces = Traces(is_klant=any(each.partij_id for each in items), numbers=KlantNumbers(None, ()))
    add_erased(traces, items)
    found = await gather(
        settings,
        traces,
        request=request,
        reason=reason,
        command="erase-report",
        activity=Activity.WISSEN,
        progress=progress,
    )
    async with read_databases(settings) as databases:
        in_open_klant = await rows_in_open_klant(databases.projection, names_in(found.traces))
    return _report(found, items, settings, in_open_klant, with_numbers=traces.numbers.are_sought)


def _report(
    found: Gathered,
    items: Sequence[GewistItem],
    settings: Settings,
    in_open_klant: OpenKlantRows | None,
    *,
    with_numbers: bool,
) -> ErasureReport:
    groups = [_group(each, found, settings) for each in found.groups]
    return {
        "soort": KIND,
        "versie": VERSION,
        "gemaaktOp": found.at,
        "verzoek": found.request,
        "gewist": [{"soort": each.soort, "op": each.op, "reden": each.reden} for each in items],
        "opNummerGezocht": with_numbers,
        "plaatsen": [_place(each) for each in found.places],
        "openKlant": _in_open_klant(in_open_klant),
        "afnemers": groups,
        "klaar": is_gone(items, found.places, found.items),
    }


def _place(place: PlaceFound) -> Mapping[str, Any]:
    return {**places.shown(place), "aantal": place.found, "metInhoud": place.with_contents}


def _in_open_klant(rows: OpenKlantRows | None) -> Mapping[str, Any] | None:
    """Return what went from Open Klant; None where no bridge runs."""
    if rows is None:
        return None
    others = [{"soort": each["resource"], "uuid": each["uuid"]} for each in rows.went_with]
    return {"aanwezig": rows.there, "verwijderd": rows.gone, "vanAnderenMee": others}


def _group(group: ReadingGroup, found: Gathered, settings: Settings) -> Mapping[str, Any]:
    """Return how many withdrawals of this erasure a group has not read yet, of the topics that it reads."""
    unread = 0
    for item in found.in_places(*settings.output_topics):
        topic, partition, offset = item.id.rsplit("/", 2)
        if "reden" in item.content and group.has_read(topic, int(partition), int(offset)) is False:
            unread += 1
    return {"groep": group.name, "topics": group.topics, "nogTeLezen": unread}
