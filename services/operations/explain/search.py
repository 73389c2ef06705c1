"""Finding the decision record that an operator means by a contactId, a klantcontactId or a number.

The register has no index of numbers: each decision would pay for it, and only operators ask. The projector's
collections have one, but hold no klantcontact that was withdrawn. So this reads all decisions for a number that they do
not know.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from shlex import quote
from typing import Any, Final

import pymongo

from services.classifier.mongo.documents import besluit_of, gewist_of
from services.classifier.mongo.register import BESLUITEN
from services.classifier.mongo.tallies import TELLINGEN
from services.domain.besluit import BesluitRecord
from services.domain.ids import change_key, contact_key
from services.operations.mongo import Database, Databases
from services.operations.origin import UnknownContact
from services.operations.wording import printable, printable_id, to_the_second
from services.projector.mongo.writes import Collection, places_of
from services.runtime.errors import WrongUse
from services.runtime.mongo.client import Document

MAX_FOUND: Final = 20
"""So many are listed. Each source may use the same contactId; a number belongs to one contact."""

READING_ALL_SECONDS: Final = 3600
"""How long reading all decisions may take: enough for some hundred GB from a slow disk."""

_NUMMER: Final = re.compile(r"\d{1,10}", re.ASCII)
_IDENTIFIER: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Name(StrEnum):
    """What an operator can name a contact by."""

    CONTACT = "contactId"
    CHANGE = "wijzigingId"
    KLANTCONTACT = "klantcontactId"
    NUMMER = "klantcontactnummer"


EVERY_NAME: Final = frozenset(Name)


def is_nummer(text: str) -> bool:
    """Whether a text has the form of the number of a klantcontact."""
    return _NUMMER.fullmatch(text) is not None


@dataclass(frozen=True, slots=True)
class Asked:
    """The text that an operator typed, and which names it may be."""

    text: str
    names: frozenset[Name] = EVERY_NAME
    source: str | None = None

    @property
    def may_be_nummer(self) -> bool:
        """Whether it may be the number of a klantcontact."""
        return Name.NUMMER in self.names and is_nummer(self.text)

    def conditions(self, sources: Sequence[str], numbered: Sequence[str]) -> Iterator[dict[str, Any]]:
        """Return queries, each with an index. A decision record has to match one of them.

        `numbered`: the ids of the klantcontacten that have it as their number. A record without a trace holds no
        contactId, so a contact is found by the key that each source would give it.
        """
        if Name.CONTACT in self.names:
            keys = [key(source, self.text) for source in sources for key in (contact_key, change_key)]
            yield {"_id": {"$in": keys}}
        ids = list(numbered)
        if Name.KLANTCONTACT in self.names and _IDENTIFIER.fullmatch(self.text.lower()):
            ids.append(self.text.lower())
        if ids:
            yield {"uitgegeven.klantcontactId": {"$in": ids}}

    def name_of(self, besluit: BesluitRecord) -> Name:
        """Return the name by which a record was found."""
        if Name.CONTACT in self.names and besluit.key == contact_key(besluit.source, self.text):
            return Name.CONTACT
        if Name.CONTACT in self.names and besluit.key == change_key(besluit.source, self.text):
            return Name.CHANGE
        ids = {each.klantcontact_id for each in besluit.uitgegeven}
        return Name.KLANTCONTACT if self.text.lower() in ids else Name.NUMMER


TellLine = Callable[[str], None]
"""Shows a line to the operator."""


def untold(_line: str) -> None:
    """Show nothing."""


async def find_besluit(databases: Databases, asked: Asked, tell: TellLine = untold) -> BesluitRecord | None:
    """Return the one record that is meant, if there is one. Raises SeveralContacts when there are more, and
    ErasedContact when it was erased.

    When nothing is found and it may be the number of a klantcontact that is not stored, this reads all decisions, and
    says so first.
    """
    sources = [asked.source] if asked.source is not None else await known_sources(databases.register)
    numbered = await _numbered(databases.projection, asked.text) if asked.may_be_nummer else []
    conditions = list(asked.conditions(sources, numbered))
    of_source = {} if asked.source is None else {"source": asked.source}
    found: list[BesluitRecord] = []
    if conditions:
        documents = databases.register[BESLUITEN].find({"$or": conditions, **of_source}).sort("_id").limit(MAX_FOUND)
        found = [_named(_besluit(each), asked) async for each in documents]
    if len(found) > 1:
        raise SeveralContacts(_choice(asked, found))
    if found or numbered or not asked.may_be_nummer:
        return found[0] if found else None
    tell(f"No stored klantcontact has the number {asked.text}. Looking for it in all decisions, which takes a while.")
    return await _found_in_all(databases.register, {"uitgegeven.klantcontactNummer": asked.text, **of_source})


async def _numbered(database: Database, nummer: str) -> list[str]:
    """Return the ids of the klantcontacten that are stored under a number: of one, unless it moves just now."""
    return [
        each["_id"]
        for place in places_of(Collection.KLANTCONTACTEN)
        async for each in database[place].find({"klantcontact.nummer": nummer}, {"_id": 1})
    ]


async def _found_in_all(database: Database, query: dict[str, Any]) -> BesluitRecord | None:
    with pymongo.timeout(READING_ALL_SECONDS):
        document = await database[BESLUITEN].find_one(query)
    return besluit_of(document) if document is not None else None


def _besluit(document: Document) -> BesluitRecord:
    if (gewist := gewist_of(document)) is not None:
        raise ErasedContact(
            f"This contact was erased {to_the_second(gewist.op)}, for request {printable(gewist.verzoek)}. Nothing "
            "else is known of it. When it comes again, the classifier neither judges nor publishes it."
        )
    return besluit_of(document)


async def known_sources(database: Database) -> list[str]:
    """Return the sources that are counted by name. A record of another one is found with `--source`."""
    return sorted(await database[TELLINGEN].distinct("_id.source"))


def _named(besluit: BesluitRecord, asked: Asked) -> BesluitRecord:
    """Return a record with the contactId that found it: its short form has none."""
    return replace(besluit, contact_id=asked.text) if besluit.is_shortened else besluit


def _choice(asked: Asked, found: list[BesluitRecord]) -> str:
    lines = [
        f"  by its {asked.name_of(each)}: klantcontact explain {_typed(each.contact_id)} --contact "
        f"--source {_typed(each.source)}"
        for each in found
    ]
    return "\n".join([f"{printable_id(asked.text)} means several contacts. Ask for one of them:", *lines])


def _typed(text: str) -> str:
    return quote(printable_id(text))


class SeveralContacts(WrongUse):
    """The text means several contacts. The message names them, each with the command that asks for it alone."""


class ErasedContact(UnknownContact):
    """The contact was erased. The message says when, and for which request."""
