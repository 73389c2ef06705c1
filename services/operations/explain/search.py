"""Finding the decision record that an operator means by a contactId, a klantcontactId or a number."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from shlex import quote
from typing import Any, Final

from services.classifier.mongo.documents import besluit_of
from services.classifier.mongo.register import BESLUITEN
from services.classifier.mongo.tallies import TELLINGEN
from services.domain.besluit import BesluitRecord
from services.domain.ids import contact_key
from services.operations.mongo import Database
from services.operations.wording import printable_id
from services.runtime.errors import KlantcontactError

MAX_FOUND: Final = 20
"""So many are listed. Each source may use the same contactId; a number belongs to one contact."""

_NUMMER: Final = re.compile(r"\d{1,10}", re.ASCII)
_IDENTIFIER: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Name(StrEnum):
    """What an operator can name a contact by."""

    CONTACT = "contactId"
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

    def conditions(self, sources: Sequence[str]) -> Iterator[dict[str, Any]]:
        """Return queries, each with an index. A decision record has to match one of them.

        A record without a trace holds no contactId, so a contact is found by the key that each source would give it.
        """
        if Name.CONTACT in self.names:
            yield {"_id": {"$in": [contact_key(source, self.text) for source in sources]}}
        if Name.KLANTCONTACT in self.names and _IDENTIFIER.fullmatch(self.text.lower()):
            yield {"uitgegeven.klantcontactId": self.text.lower()}
        if Name.NUMMER in self.names and is_nummer(self.text):
            yield {"uitgegeven.klantcontactNummer": self.text}

    def name_of(self, besluit: BesluitRecord) -> Name:
        """Return the name by which a record was found."""
        if Name.CONTACT in self.names and besluit.key == contact_key(besluit.source, self.text):
            return Name.CONTACT
        ids = {each.klantcontact_id for each in besluit.uitgegeven}
        return Name.KLANTCONTACT if self.text.lower() in ids else Name.NUMMER


async def find_besluit(database: Database, asked: Asked) -> BesluitRecord | None:
    """Return the one record that is meant, if there is one. Raises SeveralContacts when there are more."""
    sources = [asked.source] if asked.source is not None else await known_sources(database)
    conditions = list(asked.conditions(sources))
    if not conditions:
        return None
    query: dict[str, Any] = {"$or": conditions}
    if asked.source is not None:
        query["source"] = asked.source
    documents = database[BESLUITEN].find(query).sort("_id").limit(MAX_FOUND)
    found = [_named(besluit_of(each), asked) async for each in documents]
    if len(found) > 1:
        raise SeveralContacts(_choice(asked, found))
    return found[0] if found else None


async def known_sources(database: Database) -> list[str]:
    """Return the sources that are counted by name. A short record of another one is found with `--source`."""
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


class SeveralContacts(KlantcontactError):
    """The text means several contacts. The message names them, each with the command that asks for it alone."""
