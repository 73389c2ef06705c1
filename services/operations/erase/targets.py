"""What an erasure has to do with each contact and each partij, found anew in the register each time.

Nothing here changes anything. What is erased already is not found any more, so a run that was interrupted goes on.
"""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import pymongo

from schemas.outputs import Reden
from services.classifier.mongo.documents import besluit_of, gewist_of, partij_of
from services.classifier.mongo.register import BESLUITEN, PARTIJREGISTER
from services.domain.besluit import BesluitRecord
from services.domain.partij import PartijRecord
from services.domain.wissing import SoortWissing, Wissing
from services.operations.erase.asking import AskedWissing, new_id
from services.operations.erase.composing import (
    Composed,
    Stored,
    brings_details,
    without_betrokkene,
    without_details,
)
from services.operations.explain.search import READING_ALL_SECONDS
from services.operations.mongo import Databases
from services.projector.mongo.writes import Collection, places_of
from services.runtime.mongo.client import Document


class Mode(StrEnum):
    """What an operator asks to erase."""

    CONTACT = "contact"
    PARTIJ = "partij"
    DETAILS = "details"
    BETROKKENE = "betrokkene"
    """One klant out of one contact: only where a restored backup brought it back."""


@dataclass(frozen=True, slots=True)
class Target:
    """One contact or one partij, and for which request."""

    mode: Mode
    verzoek: str
    reden: Reden = Reden.GEWIST
    contact_key: str | None = None
    partij_id: str | None = None

    def wissing(self, soort: SoortWissing, besluit: BesluitRecord | None = None) -> Wissing:
        """Return an instruction for the decision in force, still without its contents."""
        return Wissing(
            opdracht=new_id(),
            soort=soort,
            verzoek=self.verzoek,
            reden=self.reden,
            contact_key=besluit.key if besluit is not None else self.contact_key,
            partij_id=None if soort is SoortWissing.CONTACT else self.partij_id,
            revisie=besluit.revisie if besluit is not None else 0,
            besluitversie=besluit.besluitversie if besluit is not None else 0,
        )

    def of_partij(self, soort: SoortWissing) -> Wissing:
        """Return an instruction about the partij itself."""
        return replace(self.wissing(soort), contact_key=None)


@dataclass(frozen=True, slots=True)
class Finder:
    """Finds what is left to erase."""

    databases: Databases
    withdraw_missing: bool = False

    async def partij(self, target: Target) -> PartijRecord | None:
        """Return the partij as the register has it; None: it is erased."""
        document = await self.databases.register[PARTIJREGISTER].find_one({"_id": target.partij_id})
        return partij_of(document) if document is not None else None

    async def contact(self, target: Target) -> AskedWissing | None:
        """Return the instruction for the contact of a target; None: it is erased."""
        document = await self.databases.register[BESLUITEN].find_one({"_id": target.contact_key})
        if document is None:
            return AskedWissing(target.wissing(SoortWissing.CONTACT))
        if gewist_of(document) is not None:
            return None
        besluit = besluit_of(document)
        return AskedWissing(target.wissing(SoortWissing.CONTACT, besluit), besluit)

    async def restricted(self, target: Target) -> list[str]:
        """Return the numbers of the partijen of a target whose processing is restricted (AVG 18)."""
        ids = {target.partij_id} if target.mode is not Mode.CONTACT else set()
        if target.mode is Mode.CONTACT and (asked := await self.contact(target)) is not None and asked.besluit:
            ids = {each.partij_id for each in asked.besluit.partijen}
        query: Document = {"_id": {"$in": sorted(each for each in ids if each is not None)}}
        partijen = [partij_of(each) async for each in self.databases.register[PARTIJREGISTER].find(query)]
        return [each.nummer for each in partijen if each.beperkt is not None]

    async def is_back(self, target: Target) -> bool:
        """Whether the register has what a target names, or could be given it by a publisher."""
        if target.mode is Mode.CONTACT:
            return await self.contact(target) is not None
        if target.mode is Mode.PARTIJ and await self.partij(target) is not None:
            return True
        async for besluit in self.contacts(target):
            if target.mode is not Mode.DETAILS or besluit.gewist is None:
                return True
        return False

    async def is_unknown(self, contact_key: str) -> bool:
        """Whether the register has neither a decision nor a tombstone of a contact."""
        return await self.databases.register[BESLUITEN].find_one({"_id": contact_key}, {"_id": 1}) is None

    async def contacts(self, target: Target) -> AsyncIterator[BesluitRecord]:
        """Yield the decisions that name the partij of a target and that an erasure has to change, all of them."""
        besluiten = self.databases.register[BESLUITEN]
        if target.contact_key is not None:
            document = await besluiten.find_one({"_id": target.contact_key})
            besluit = besluit_of(document) if document is not None and gewist_of(document) is None else None
            if besluit is not None and target.partij_id in besluit.partijen_ever:
                yield besluit
            return
        query: Document = {"partijen.partijId": target.partij_id}
        async for document in besluiten.find(query).sort("_id"):
            besluit = besluit_of(document)
            if target.mode is not Mode.DETAILS or _may_carry_details(besluit, target.partij_id):
                yield besluit
        if target.mode is Mode.DETAILS:
            return
        taken_back = {"intrekkingen.partijId": target.partij_id, "partijen.partijId": {"$ne": target.partij_id}}
        with pymongo.timeout(READING_ALL_SECONDS):  # nobody else asks for these, so there is no index
            documents = await besluiten.find(taken_back).to_list()
        for document in documents:
            yield besluit_of(document)

    async def asked(self, target: Target, besluiten: Sequence[BesluitRecord], *, leegt: bool) -> list[AskedWissing]:
        """Return the instructions for contacts of a partij. With `leegt` the first one also empties the partij.

        Raises NotStored.
        """
        stored = await self.stored(besluiten)
        asked: list[AskedWissing] = []
        for besluit in besluiten:
            if target.mode is Mode.DETAILS:
                empties = leegt and not asked
                composed = without_details(besluit, target.partij_id or "", stored)
                if composed.opnieuw or composed.vervallen or empties:
                    asked.append(_asked(target, SoortWissing.GEGEVENS, besluit, composed, leegt=empties))
                continue
            asked.append(self._without_partij(target, besluit, stored))
        return asked

    def _without_partij(self, target: Target, besluit: BesluitRecord, stored: Stored) -> AskedWissing:
        assert target.partij_id is not None, "a target of this mode names a partij"
        if not any(each.partij_id == target.partij_id for each in besluit.partijen):
            return _asked(target, SoortWissing.BETROKKENE, besluit, Composed())
        composed = without_betrokkene(besluit, target.partij_id, stored)
        soort = SoortWissing.BETROKKENE if composed.others_stay else SoortWissing.CONTACT
        return _asked(target, soort, besluit, composed if composed.others_stay else Composed())

    async def stored(self, besluiten: Iterable[BesluitRecord]) -> Stored:
        """Return what the projector stored of contacts."""
        klantcontacten = {each.klantcontact_id for besluit in besluiten for each in besluit.uitgegeven}
        partijen = {each.partij_id for besluit in besluiten for each in besluit.partijen}
        return Stored(
            await self._documents(places_of(Collection.KLANTCONTACTEN), klantcontacten),
            await self._documents((Collection.PARTIJEN,), partijen),
            self.withdraw_missing,
        )

    async def _documents(self, collections: Iterable[Collection], ids: Iterable[str]) -> Mapping[str, Document]:
        return {
            document["_id"]: document
            for name in collections
            async for document in self.databases.projection[name].find({"_id": {"$in": sorted(ids)}})
        }


def _asked(
    target: Target, soort: SoortWissing, besluit: BesluitRecord, composed: Composed, *, leegt: bool = False
) -> AskedWissing:
    wissing = target.wissing(soort, besluit)
    contents = replace(wissing, leegt=leegt, opnieuw=tuple(composed.opnieuw), vervallen=tuple(composed.vervallen))
    return AskedWissing(contents, besluit)


def _may_carry_details(besluit: BesluitRecord, partij_id: str | None) -> bool:
    """Whether an event of a contact may show a name or an address of a partij."""
    own = [each for each in besluit.partijen if each.partij_id == partij_id]
    return any(map(brings_details, own)) or any(
        each.interne_taak or each.regel in {"V0", "V2"} for each in besluit.onderwerpen
    )
