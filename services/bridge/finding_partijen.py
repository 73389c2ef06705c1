"""Finds partijen in Open Klant, and the rows beside them that a partij of ours points at."""

from collections.abc import Mapping, Sequence
from typing import Final

from services.bridge.errors import CallRefused
from services.bridge.parts import PARTIJ
from services.bridge.ports import OpenKlant
from services.bridge.resources import ApiRow, Resource
from services.bridge.wanted import ShownDocument
from services.bridge.wanted_partij import KVK, company_of, own_identificatoren

CODES: Final = ("codeRegister", "codeObjecttype", "codeSoortObjectId", "objectId")


class PartijFinder:
    """Finds partijen: by an identificator as KISS does, else by our number."""

    def __init__(self, open_klant: OpenKlant) -> None:
        self._open_klant = open_klant

    async def by_identificator(self, soort: str, given: Sequence[ShownDocument]) -> ApiRow | None:
        """Return the partij with the strongest of these identificatoren that any has."""
        company = company_of(given)
        for each in own_identificatoren(given):
            filters = {f"partijIdentificator__{code}": each[code] for code in CODES}
            if company is not None:
                filters |= {f"subIdentificatorVan__{code}": company[code] for code in CODES}
            there = await self._open_klant.find(Resource.PARTIJEN, soortPartij=soort, **filters)
            if there:
                return there[0]
        return None

    async def by_nummer(self, nummer: str) -> ApiRow | None:
        """Return the partij with our number."""
        there = await self._open_klant.find(Resource.PARTIJEN, nummer=nummer)
        return there[0] if there else None

    async def loose(self, given: Sequence[ShownDocument]) -> Sequence[ApiRow]:
        """Return the rows of these identificatoren that belong to no partij."""
        rows: list[ApiRow] = []
        for each in own_identificatoren(given):
            filters = {f"partijIdentificator{code[0].upper()}{code[1:]}": each[code] for code in CODES}
            there = await self._open_klant.find(Resource.PARTIJ_IDENTIFICATOREN, **filters)
            rows += [row for row in there if row["identificeerdePartij"] is None]
        return rows

    async def links(self, document: ShownDocument) -> Mapping[str, str]:
        """Return the uuids that a partij points at: of the company of a vestiging, and of an employer."""
        links: dict[str, str] = {}
        if (company := company_of(document["partijIdentificatoren"])) is not None:
            links[KVK] = await self._company(company)
        if (employer := document.get("werkteVoorPartij")) is not None:
            there = await self.by_identificator("organisatie", employer["partijIdentificatoren"])
            links |= {PARTIJ: there["uuid"]} if there is not None else {}
        return links

    async def _company(self, identificator: ShownDocument) -> str:
        """Return the uuid of the identificator of a company, made without a partij where there is none."""
        filters = {f"partijIdentificator{code[0].upper()}{code[1:]}": identificator[code] for code in CODES}
        there = await self._open_klant.find(Resource.PARTIJ_IDENTIFICATOREN, **filters)
        if not there:
            body = {"identificeerdePartij": None, "partijIdentificator": dict(identificator)}
            try:
                there = [await self._open_klant.create(Resource.PARTIJ_IDENTIFICATOREN, body)]
            except CallRefused:  # another instance made it just now
                there = await self._open_klant.find(Resource.PARTIJ_IDENTIFICATOREN, **filters)
                if not there:
                    raise
        return str(there[0]["uuid"])

    async def is_needed(self, partij: ApiRow) -> bool:
        """Whether something hangs on a partij: a betrokkene, or a vestiging under its KVK number."""
        return bool(partij.get("betrokkenen")) or await self.has_vestigingen(partij)

    async def has_vestigingen(self, partij: ApiRow) -> bool:
        """Whether a vestiging stands under the KVK number of a partij."""
        for each in _identificatoren(partij):
            if each["codeSoortObjectId"] == KVK:
                filters = {f"subIdentificatorVan__{code}": each[code] for code in CODES}
                return bool(await self._open_klant.find(Resource.PARTIJEN, **filters))
        return False


def _identificatoren(partij: ApiRow) -> Sequence[ShownDocument]:
    return [each["partijIdentificator"] for each in partij.get("partijIdentificatoren") or ()]


def may_be_of(partij: ApiRow, document: ShownDocument) -> bool:
    """Whether a partij with our number can be the one of this document: it names nobody else."""
    named, ours = (
        {(each["codeSoortObjectId"], each["objectId"]) for each in given}
        for given in (_identificatoren(partij), document["partijIdentificatoren"])
    )
    return bool(partij["soortPartij"] == document["soortPartij"]) and named <= ours
