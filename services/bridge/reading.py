"""Reads what Open Klant has of a klantcontact or partij: as little as the comparison needs, or everything.

With a klantcontact Open Klant shows the uuids of most rows that hang on it. So one call tells the bridge which rows
exist. It reads each row only after a crash, or when an operator asks for it.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from services.bridge.errors import Absent, NummerBezet
from services.bridge.found import NOTHING_FOUND, FoundRow, FoundRows, row_of, unread
from services.bridge.parts import Noted, Ours, Signer, WantedPart, giver_of, resource_of
from services.bridge.ports import OpenKlant
from services.bridge.resources import ApiRow, Resource
from services.bridge.wanted import HERKOMST, WantedParts

SHOWN_WITH: Final = {
    "hadBetrokkenen": Resource.BETROKKENEN,
    "gingOverOnderwerpobjecten": Resource.ONDERWERPOBJECTEN,
    "omvatteBijlagen": Resource.BIJLAGEN,
    "leiddeTotInterneTaken": Resource.INTERNE_TAKEN,
}
"""The fields of a klantcontact with the uuids of what hangs on it."""

BY_KLANTCONTACT: Final = {
    Resource.BETROKKENEN: "hadKlantcontact__uuid",
    Resource.ONDERWERPOBJECTEN: "klantcontact__uuid",
    Resource.BIJLAGEN: "klantcontact__uuid",
    Resource.ACTORKLANTCONTACTEN: "klantcontact__uuid",
    Resource.INTERNE_TAKEN: "klantcontact__uuid",
}
"""The filter of each list."""


class RowReader:
    """Reads rows, and signs what they say."""

    def __init__(self, open_klant: OpenKlant, signer: Signer) -> None:
        self._open_klant = open_klant
        self._signer = signer

    async def klantcontact(
        self, klantcontact_id: str, nummer: str, wanted: WantedParts, ours: Ours, *, whole: bool
    ) -> FoundRows:
        """Return the rows of a klantcontact. `whole`: read each of them.

        Raises NummerBezet when our number is that of somebody else's row.
        """
        there = await self._open_klant.find(Resource.KLANTCONTACTEN, referentienummer=nummer)
        if not there:
            there = await self._open_klant.find(Resource.KLANTCONTACTEN, nummer=nummer)
        if not there:
            return NOTHING_FOUND
        root = there[0]
        if not _is_ours(root, klantcontact_id):
            raise NummerBezet(Resource.KLANTCONTACTEN)
        rows = [row_of(Resource.KLANTCONTACTEN, root, self._signer)]
        rows += await self._all_of(root) if whole else await self._some_of(root, wanted, ours)
        return FoundRows(tuple(rows))

    async def _all_of(self, root: ApiRow) -> list[FoundRow]:
        rows: list[FoundRow] = []
        for resource, named_by in BY_KLANTCONTACT.items():
            if any(root[field] for field in _fields_of(resource)):
                rows += await self._list(resource, **{named_by: root["uuid"]})
        for betrokkene in [each.uuid for each in rows if each.resource is Resource.BETROKKENEN]:
            rows += await self._list(Resource.DIGITALE_ADRESSEN, verstrektDoorBetrokkene__uuid=betrokkene)
        return rows

    async def _some_of(self, root: ApiRow, wanted: WantedParts, ours: Ours) -> list[FoundRow]:
        """Return the rows, and read only those that the bridge may not change or remove unread."""
        rows = {each.uuid: each for each in _shown_with(root)}
        rows |= {each.uuid: each for each in _taken_for_there(root, rows, ours)}
        for key in sorted(_needs_reading(wanted, ours)):
            uuid = ours.rows[key].uuid
            if uuid not in rows:
                continue
            if resource_of(key) is Resource.INTERNE_TAKEN:
                rows[uuid] = await self._read(Resource.INTERNE_TAKEN, uuid) or rows[uuid]
            else:
                addresses = await self._list(Resource.DIGITALE_ADRESSEN, verstrektDoorBetrokkene__uuid=uuid)
                rows |= {each.uuid: each for each in addresses}
        return list(rows.values())

    async def of_partij(self, root: ApiRow, *, whole: bool) -> FoundRows:
        """Return the rows of a partij that the bridge read. `whole`: read its addresses too."""
        uuid = root["uuid"]
        identificatoren = [
            self.identificator({**each, "identificeerdePartij": {"uuid": uuid}})
            for each in root.get("partijIdentificatoren") or ()
        ]
        if whole:
            addresses = await self._list(Resource.DIGITALE_ADRESSEN, verstrektDoorPartij__uuid=uuid)
        else:
            addresses = [
                unread(Resource.DIGITALE_ADRESSEN, each["uuid"], uuid) for each in root.get("digitaleAdressen") or ()
            ]
        return FoundRows((row_of(Resource.PARTIJEN, root, self._signer), *identificatoren, *addresses))

    def identificator(self, answer: ApiRow) -> FoundRow:
        """Return the row of an identificator from Open Klant's answer."""
        return row_of(Resource.PARTIJ_IDENTIFICATOREN, answer, self._signer)

    async def _list(self, resource: Resource, **filters: str) -> list[FoundRow]:
        answers: Sequence[ApiRow] = await self._open_klant.find(resource, **filters)
        return [row_of(resource, each, self._signer) for each in answers]

    async def _read(self, resource: Resource, uuid: str) -> FoundRow | None:
        try:
            return row_of(resource, await self._open_klant.read(resource, uuid), self._signer)
        except Absent:
            return None


def _is_ours(root: ApiRow, klantcontact_id: str) -> bool:
    metadata = root.get("metadata") or {}
    return metadata.get("herkomst") == HERKOMST and metadata.get("klantcontactId") == klantcontact_id


def _fields_of(resource: Resource) -> Iterator[str]:
    if resource is Resource.ACTORKLANTCONTACTEN:
        yield "hadBetrokkenActoren"
    yield from (field for field, each in SHOWN_WITH.items() if each is resource)


def _shown_with(root: ApiRow) -> Iterator[FoundRow]:
    for field, resource in SHOWN_WITH.items():
        yield from (unread(resource, each["uuid"], root["uuid"]) for each in root[field])


def _needs_reading(wanted: WantedParts, ours: Ours) -> frozenset[str]:
    """Return the keys of noted rows that the bridge must read before it changes or removes them.

    People may work on a taak, and others may have given a betrokkene an address.
    """
    by_key = wanted.by_key
    return frozenset(
        key
        for key, noted in ours.rows.items()
        if key not in wanted.undecided
        and (
            (resource_of(key) is Resource.BETROKKENEN and key not in by_key)
            or (resource_of(key) is Resource.INTERNE_TAKEN and _differs(by_key.get(key), noted))
        )
    )


def _differs(part: WantedPart | None, noted: Noted) -> bool:
    return part is None or (part.merk, part.toegewezen) != (noted.merk, noted.toegewezen)


def _taken_for_there(root: ApiRow, rows: dict[str, FoundRow], ours: Ours) -> Iterator[FoundRow]:
    """Yield noted rows that a klantcontact does not show: addresses of its betrokkenen, and links to actoren.

    The bridge assumes that they exist.
    """
    actoren = {each["uuid"] for each in root["hadBetrokkenActoren"]}
    for key, noted in ours.rows.items():
        resource = resource_of(key)
        if resource is Resource.DIGITALE_ADRESSEN:
            giver = ours.rows.get(giver_of(key))
            if giver is not None and giver.uuid in rows:
                yield unread(resource, noted.uuid, giver.uuid)
        elif resource is Resource.ACTORKLANTCONTACTEN and actoren:
            yield unread(resource, noted.uuid, root["uuid"])
