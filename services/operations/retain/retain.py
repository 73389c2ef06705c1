"""`retain`: what has been kept long enough goes, by the terms of the municipality.

Klantcontacten, details and partijen go as any other erasure does: the classifier executes an instruction in the
partition of the contact, with `reden: bewaartermijn`, so that every subscriber hears of it. This module only finds what
is due and asks, a page of decisions at a time. Nothing is remembered of how far a run came: the next one finds what is
left.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, Protocol

from services.classifier.mongo.register import BESLUITEN
from services.classifier.mongo.tallies import TELLINGEN, others_id
from services.domain.besluit import BesluitRecord
from services.operations.mongo import Database, Databases
from services.operations.retain.reading import (
    DONE,
    READ_AT_ONCE,
    Page,
    contactless,
    forget_gone,
    known_and_restricted,
    let_go,
    pages,
)
from services.operations.retain.selection import (
    Fate,
    StoredPartij,
    changes_due,
    judge_contact,
    judge_details,
    judge_partij,
)
from services.operations.retain.terms import Terms

NAMED: Final = 1_000
"""The most ids of a kind that a report names; it counts all."""

NOTHING_REGISTERED: Final = "geen"
"""In place of a rule: the contact has no klantcontact any more."""

Progressed = Callable[[int, int | None], None]


class ContactEraser(Protocol):
    """Has the classifier erase, and waits for its answers."""

    async def contacts(self, due: Sequence[BesluitRecord]) -> int:
        """Erase contacts as a whole. Return how many were: another decision may be in force by now."""

    async def details(self, due: Sequence[BesluitRecord]) -> int:
        """Erase name and addresses at the betrokkenen of contacts. Return of how many."""

    async def partijen(self, due: Sequence[str]) -> int:
        """Erase the entries of partijen that no contact knows. Return how many were."""


@dataclass(slots=True)
class Retained:
    """What a run found and did."""

    at: datetime
    contacts: dict[str, Counter[Fate]] = field(default_factory=dict)
    """By the rule whose term decided."""
    details: Counter[Fate] = field(default_factory=Counter)
    partijen: Counter[Fate] = field(default_factory=Counter)
    days_of_tellingen: int = 0
    erased_contacts: int = 0
    erased_details: int = 0
    erased_partijen: int = 0
    restricted: list[str] = field(default_factory=list)
    """The numbers of restricted partijen whose contacts, or whose own entry, would have gone."""
    unseen: list[str] = field(default_factory=list)
    """The keys of contacts whose klantcontact or taak is not stored, so that nobody knows of a zaak or an open taak."""
    declined: dict[str, int] = field(default_factory=dict)
    """What the classifier did not erase, by its reason: it waits for the next run."""
    changes: list[BesluitRecord] = field(default_factory=list)
    """The changes outside a contact that were met: each goes with the last contact of its partij."""
    erased_changes: int = 0
    markers: int = 0
    """Output partitions that got a marker, so that Kafka cleans them."""
    not_asked: int = 0
    """Contacts that are due and wait for the next run."""

    def as_json(self) -> dict[str, Any]:
        """Return it for a program to read."""
        return {
            "at": self.at,
            "contacts": {rule: _counts(fates) for rule, fates in sorted(self.contacts.items())},
            "details": _counts(self.details),
            "partijen": _counts(self.partijen),
            "daysOfTellingen": self.days_of_tellingen,
            "erased": {
                "contacts": self.erased_contacts,
                "changes": self.erased_changes,
                "details": self.erased_details,
                "partijen": self.erased_partijen,
            },
            "declined": self.declined,
            "restricted": self.restricted,
            "unseen": self.unseen,
            "markers": self.markers,
            "notAsked": self.not_asked,
        }


def _counts(fates: Counter[Fate]) -> dict[str, int]:
    return {each.value: fates[each] for each in Fate if fates[each]}


async def retain(
    databases: Databases,
    terms: Terms,
    now: datetime,
    *,
    eraser: ContactEraser | None,
    most: int,
    progress: Progressed = lambda _done, _of: None,
) -> Retained:
    """Find what is due at a moment, and have `eraser` erase at most so many contacts; None: only count.

    Raises PyMongoError, and what `eraser` raises. What was erased by then stays so; a new run finds the rest.
    """
    retained, seen = Retained(now), 0
    total = await databases.register[BESLUITEN].estimated_document_count()
    entries = await contactless(databases.register) if terms.partijen_zonder_contact is not None else []
    let_go_of: dict[str, datetime] = {}
    wanted = {each.partij_id: each for each in entries}
    async for page in pages(databases, now):
        await _keep_what_was_seen(databases.register, page, eraser)
        for partij_id, since in let_go(page.besluiten.values(), wanted).items():
            let_go_of[partij_id] = max(since, let_go_of.get(partij_id, since))
        await retain_page(page, terms, retained, eraser, most)
        seen += len(page.besluiten)
        progress(seen, max(seen, total))
    if terms.klantcontacten.regels:
        await _changes(databases.register, retained, eraser)
    await retain_partijen(entries, let_go_of, terms, retained, eraser)
    if eraser is not None:
        await forget_gone(databases)
    await _tellingen(databases.register, terms, retained, delete=eraser is not None)
    return retained


async def _keep_what_was_seen(register: Database, page: Page, eraser: ContactEraser | None) -> None:
    if eraser is not None and page.newly_done:
        documents = [{"_id": taak, "gezienOp": since} for taak, since in page.newly_done.items()]
        await register[DONE].insert_many(documents, ordered=False)


async def retain_page(page: Page, terms: Terms, retained: Retained, eraser: ContactEraser | None, most: int) -> None:
    """Judge the contacts of a page, and have erased what is due, as far as there is room in this run."""
    due: list[BesluitRecord] = []
    without_details: list[BesluitRecord] = []
    retained.unseen += page.unseen[: NAMED - len(retained.unseen)]
    # The oldest first: a withdrawal of consent can't go before the consent that it took back.
    for contact in sorted(page.contacts, key=lambda each: each.op):
        besluit = page.besluiten[contact.key]
        if not besluit.onderwerpen:
            retained.changes.append(besluit)
            continue
        judged = judge_contact(contact, terms, retained.at)
        rule = judged.regel.value if judged.regel is not None else NOTHING_REGISTERED
        retained.contacts.setdefault(rule, Counter())[judged.standing] += 1
        if judged.standing is Fate.RESTRICTED:
            _name(retained, [each.nummer for each in besluit.partijen])
        if judged.standing is Fate.GOES:
            due.append(besluit)
            continue
        standing = judge_details(contact, terms, retained.at)
        retained.details[standing] += 1
        if standing is Fate.GOES:
            without_details.append(besluit)
    room = max(0, most - retained.erased_contacts)
    retained.not_asked += len(due[room:])
    if eraser is not None and (asked := due[:room]):
        retained.erased_contacts += await eraser.contacts(asked)
    if eraser is not None and without_details:
        retained.erased_details += await eraser.details(without_details)


async def _changes(register: Database, retained: Retained, eraser: ContactEraser | None) -> None:
    for start in range(0, len(retained.changes), READ_AT_ONCE):
        some = retained.changes[start : start + READ_AT_ONCE]
        due = changes_due(some, *await known_and_restricted(register, some))
        if eraser is not None and due:
            retained.erased_changes += await eraser.contacts(due)


async def retain_partijen(
    entries: Sequence[StoredPartij],
    let_go_of: Mapping[str, datetime],
    terms: Terms,
    retained: Retained,
    eraser: ContactEraser | None,
) -> None:
    """Judge the entries of partijen that no contact knows, and have erased those that are due."""
    due: list[str] = []
    for each in entries:
        standing = judge_partij(each, let_go_of, terms, retained.at)
        retained.partijen[standing] += 1
        if standing is Fate.GOES:
            due.append(each.partij_id)
        if standing is Fate.RESTRICTED:
            _name(retained, [each.nummer])
    if eraser is not None and due:
        retained.erased_partijen += await eraser.partijen(due)


async def _tellingen(register: Database, terms: Terms, retained: Retained, *, delete: bool) -> None:
    """Delete the counts of days that are past their term: numbers only, of which no subscriber knows."""
    term = terms.tellingen
    if term is None:
        return
    days = [each for each in await register[TELLINGEN].distinct("_id.dag") if isinstance(each, str)]
    due = [day for day in days if term.after(datetime.fromisoformat(day).replace(tzinfo=UTC)) <= retained.at]
    retained.days_of_tellingen = len(due)
    if delete and due:
        await register[TELLINGEN].delete_many({"_id.dag": {"$in": due}})
        await register[TELLINGEN].delete_many({"_id": {"$in": [others_id(day) for day in due]}})


def _name(retained: Retained, numbers: Iterable[str]) -> None:
    for number in numbers:
        if number not in retained.restricted and len(retained.restricted) < NAMED:
            retained.restricted.append(number)
