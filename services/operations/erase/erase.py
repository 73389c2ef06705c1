"""`klantcontact erase`: has the classifier erase a contact, a klant, or the details of a klant.

Each step finds anew what is left, asks for it and waits for the answers. So an interruption leaves nothing half known:
the same request, given again, goes on.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from services.classifier.mongo.key import RegisterKey, configured_sleutels
from services.domain.besluit import BesluitRecord
from services.domain.outcome import Executed, InstructionAnswer
from services.domain.wissing import SoortWissing
from services.operations.audit.trail import Action, record
from services.operations.erase.asking import AskedWissing, Instructions, instructions
from services.operations.erase.composing import NotStored
from services.operations.erase.declined import CannotErase, is_asked_again
from services.operations.erase.open_klant import GoneWithThem
from services.operations.erase.request import ErasureRequests
from services.operations.erase.targets import Finder, Mode, Target
from services.operations.mongo import Databases, read_databases
from services.operations.places.open_klant import OpenKlantRows
from services.operations.subjects import ContactSubject, Subject, SubjectUnknown, find_contact, find_partij
from services.operations.topic_reader import Progress, unseen
from services.projector.mongo.layout import Generation
from services.runtime.settings import Settings

AT_ONCE: Final = 50
"""Contacts that are asked for before the answers are awaited: some seconds of the classifier."""

ROUNDS: Final = 20
"""How often contacts that were corrected or judged again meanwhile are read anew."""

STORED_SECONDS: Final = 60
"""How long the projector may need for what was just decided."""


GRANTED: Final = """This request was granted before, and its erasure has begun: it can't be refused any more.
Start it again without --refuse to complete it. Another request of the klant has a --request of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToErase:
    """What an operator asks."""

    mode: Mode
    verzoek: str
    reason: str
    refuse: str | None = None
    """The ground on which the request is refused; None: it is granted."""
    dry_run: bool = False
    withdraw_missing: bool = False


@dataclass(slots=True)
class Erasure:
    """What came of it, or would come of it: ids and counts."""

    targets: Sequence[Target] = ()
    counts: Counter[str] = field(default_factory=Counter)
    executed: bool = False
    was_done: bool = False
    """Whether an earlier run had erased all of it."""
    open_klant: OpenKlantRows | None = None
    """What Open Klant has, and had, of the contacts and klanten that are erased as a whole; None: no bridge runs."""
    before_rebuild: bool = False
    """Whether collections still stand that a rebuild replaced. An erasure does not reach them."""

    restricted: list[str] = field(default_factory=list)
    """The numbers of the partijen whose processing is restricted: nothing of their targets is erased."""

    def as_json(self) -> dict[str, Any]:
        """Return it for a program to read."""
        return {
            "contacts": [each.contact_key for each in self.targets if each.contact_key],
            "partijen": [each.partij_id for each in self.targets if each.partij_id],
            "counts": dict(self.counts),
            "executed": self.executed,
            "wasDone": self.was_done,
            "restricted": self.restricted,
            "openKlant": self.open_klant,
            "beforeRebuild": self.before_rebuild,
        }


async def erase(settings: Settings, subject: Subject, asked: ToErase, progress: Progress = unseen) -> Erasure:
    """Erase what is meant; with `dry_run` show what would be erased, and with `refuse` record that it is not.

    Raises SubjectUnknown and SeveralPartijen, CannotErase, Unanswered, NotExecuted, InvalidSettings, and
    TransientFailure when Kafka or MongoDB is away. What was erased by then stays erased.
    """
    sleutels = configured_sleutels(settings)
    async with read_databases(settings) as databases:
        await RegisterKey(databases.register, sleutels).check()
        requests = ErasureRequests(databases.register)
        targets = await _targets(settings, databases, subject, asked, requests)
        erasure = Erasure(targets, was_done=not targets, before_rebuild=await _before_rebuild(databases))
        if asked.refuse is not None:
            if await requests.were_granted(targets):
                raise CannotErase(GRANTED)
            if not asked.dry_run:
                await _record(settings, targets, asked)
                await requests.refuse(targets, asked.reason, asked.refuse)
            return erasure
        finder = Finder(databases, asked.withdraw_missing)
        targets = erasure.targets = await unrestricted(finder, targets, erasure.restricted)
        eraser = Eraser(finder, erasure.counts, progress)
        if asked.dry_run:
            for each in targets:
                await eraser.count(each)
            erasure.open_klant = await eraser.gone_with_them.rows(databases.projection)
            return erasure
        if not targets:
            return erasure
        await _record(settings, targets, asked)
        await requests.begin(targets, asked.reason)
        async with instructions(settings, databases.register, sleutels) as asking:
            for each in targets:
                await eraser.erase(each, asking)
                await requests.finish(each, dict(erasure.counts))
        erasure.executed = True
        erasure.open_klant = await eraser.gone_with_them.rows_once_removed(databases.projection)
        return erasure


async def unrestricted(finder: Finder, targets: Sequence[Target], restricted: list[str]) -> list[Target]:
    """Return the targets that may be erased; add the numbers of the partijen of the others to `restricted`."""
    free: list[Target] = []
    for each in targets:
        numbers = await finder.restricted(each)
        restricted += numbers
        if not numbers:
            free.append(each)
    return free


async def _before_rebuild(databases: Databases) -> bool:
    names = await databases.projection.list_collection_names()
    return any(name.endswith(Generation.FORMER) for name in names)


async def _record(settings: Settings, targets: Sequence[Target], asked: ToErase) -> None:
    """Have the audit trail say what is going to be erased, or refused, before that is done."""
    refused = " --refuse" if asked.refuse is not None else ""
    action = Action(
        command=f"erase --{asked.mode}{refused}",
        request=asked.verzoek,
        reason=asked.reason if asked.refuse is None else f"{asked.reason} ({asked.refuse})",
        counts={"targets": len(targets)},
        ids=[each.partij_id or each.contact_key or "" for each in targets],
    )
    await record(settings, action)


async def _targets(
    settings: Settings, databases: Databases, subject: Subject, asked: ToErase, requests: ErasureRequests
) -> list[Target]:
    """Return what is meant. Once the links of a klant are forgotten, only the request still says who it was."""
    begun = await requests.unfinished(asked.verzoek, asked.mode)
    if isinstance(subject, ContactSubject):
        contact = await find_contact(databases, subject)
        return [Target(asked.mode, asked.verzoek, contact_key=contact.key)]
    try:
        partij = await find_partij(settings, databases.register, subject)
    except SubjectUnknown:
        if begun or await requests.is_known(asked.verzoek, asked.mode):
            return begun
        raise
    target = Target(asked.mode, asked.verzoek, partij_id=partij.partij_id)
    return [*(each for each in begun if each != target), target]


@dataclass(slots=True)
class Eraser:
    """Erases one target after another."""

    finder: Finder
    counts: Counter[str]
    progress: Progress = unseen
    gone_with_them: GoneWithThem = field(default_factory=GoneWithThem)
    _counted: set[tuple[str | None, str | None]] = field(default_factory=set)
    """The contacts and partijen that a dry run has counted."""

    async def count(self, target: Target) -> None:
        """Count what would be asked for, and change nothing."""
        if target.mode is Mode.CONTACT:
            async for asked in self._contact(target):
                self._count(asked)
            return
        self.gone_with_them.add_klant(target)
        async for batch in self._batches(target):
            self._count(await self._composed(target, batch, leegt=False))

    def _count(self, asked: Sequence[AskedWissing]) -> None:
        for each in asked:
            counted = (each.wissing.contact_key, each.wissing.partij_id)
            if counted in self._counted:
                continue
            self._counted.add(counted)
            self.gone_with_them.add_contact(each)
            self.counts[each.wissing.soort.value] += 1
            self.counts["klantcontacten_opnieuw"] += len(each.wissing.opnieuw)

    async def erase(self, target: Target, asking: Instructions) -> None:
        """Erase a target, as far as it is not erased yet. Raises CannotErase, and as `Instructions.answers` does."""
        self.gone_with_them.add_klant(target)
        if target.mode is Mode.CONTACT:
            await self._until_done(lambda: self._contact(target), asking)
            return
        if target.mode is Mode.PARTIJ and await self.finder.partij(target) is not None:
            await self._of_partij(target, SoortWissing.KOPPELINGEN, asking)
        await self._until_done(lambda: self._contacts(target), asking)
        if target.mode is Mode.PARTIJ and await self._of_partij(target, SoortWissing.PARTIJ, asking):
            raise CannotErase("A contact came to know this klant again meanwhile. Start this again.")

    async def _of_partij(self, target: Target, soort: SoortWissing, asking: Instructions) -> int:
        return await self._tell(await asking.answers([AskedWissing(target.of_partij(soort))]), asking)

    async def _contact(self, target: Target) -> AsyncIterator[list[AskedWissing]]:
        asked = await self.finder.contact(target)
        if asked is not None:
            yield [asked]

    async def _contacts(self, target: Target) -> AsyncIterator[list[AskedWissing]]:
        partij = await self.finder.partij(target)
        leegt = target.mode is Mode.DETAILS and partij is not None and not partij.stand.leeg
        async for batch in self._batches(target):
            asked = await self._composed(target, batch, leegt=leegt)
            leegt &= not asked
            yield asked

    async def _batches(self, target: Target) -> AsyncIterator[list[BesluitRecord]]:
        batch: list[BesluitRecord] = []
        async for besluit in self.finder.contacts(target):
            batch.append(besluit)
            if len(batch) == AT_ONCE:
                yield batch
                batch = []
        if batch:
            yield batch

    async def _composed(self, target: Target, batch: Sequence[BesluitRecord], *, leegt: bool) -> list[AskedWissing]:
        """Compose as soon as the projector has stored what was decided."""
        nummer = ""
        for _ in range(STORED_SECONDS):
            try:
                return await self.finder.asked(target, batch, leegt=leegt)
            except NotStored as missing:
                nummer = missing.nummer
            await asyncio.sleep(1)
        raise CannotErase(
            f"Klantcontact {nummer} may have to go out again for others, and is not stored as it was decided. Either "
            "the projector has not come so far: start this again later. Or somebody deleted it: `klantcontact rebuild` "
            "brings it back. Where the topics no longer hold it, --withdraw-missing withdraws it."
        )

    async def _until_done(self, find: Any, asking: Instructions) -> None:  # noqa: ANN401 - a function that yields
        """Ask for what is left until nothing is: a contact can be corrected between look and answer."""
        for _ in range(ROUNDS):
            left = 0
            async for asked in find():
                for each in asked:
                    self.gone_with_them.add_contact(each)
                answers = await asking.answers(asked)
                left += await self._tell(answers, asking)
            if not left:
                return
        raise CannotErase("Contacts of it are corrected or judged again faster than they are erased. Start this again.")

    async def _tell(self, answers: Sequence[InstructionAnswer], asking: Instructions) -> int:
        """Count what was erased, and return how much has to be asked for again. Raises CannotErase."""
        again = 0
        for each in answers:
            if isinstance(each, Executed):
                self.counts[each.wissing.soort.value] += 1
                self.counts["klantcontacten_opnieuw"] += len(each.anew)
                self.progress(self.counts.total(), None)
            else:
                again += is_asked_again(each)
        await asking.forget(answers)
        return again
