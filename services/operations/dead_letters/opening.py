"""The contents of sealed letters, opened with the register's key where the settings have it.

What stays shut is no error: all else of such a letter stands in its headers, and a command says why it has no content.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from schemas.dead_letters import key_id_in, tied_to
from services.operations.dead_letters.letters import AS_IT_STANDS, Letter, Opened, Withheld, letter_of
from services.operations.mongo import Database
from services.runtime.letters.sealing import NotAsSealed, SealedByAnotherKey, Sealer, configured_sealers
from services.runtime.letters.store import CONTACT, EXPIRES_AT, GONE, LETTER_KEYS, SLEUTELVERSIE, WRAPPED, KeyGone
from services.runtime.mongo.client import Document
from services.runtime.settings import Settings

if TYPE_CHECKING:
    from aiokafka import ConsumerRecord

_WHY: Final = {KeyGone.DISCARDED: Withheld.DISCARDED, KeyGone.ERASED: Withheld.ERASED}


def sealers_of(settings: Settings) -> Sequence[Sealer]:
    """Return what opens letters with the keys of the settings; nothing where they have none.

    Raises InvalidSettings for a key that can't be read.
    """
    if settings.sleutel is None and settings.sleutel_file is None:
        return ()
    return configured_sealers(settings)


@dataclass(frozen=True, slots=True)
class LetterOpener:
    """Makes letters of records, with their contents where these can be opened."""

    database: Database
    sealers: Sequence[Sealer] = field(repr=False)
    """One for each version of the register's key that the settings have."""
    retention_days: int
    """How long a letter has a key."""

    async def letters(self, records: Sequence["ConsumerRecord[bytes, bytes]"]) -> list[Letter]:
        """Return the letters of some records of the dead letter topic. Raises PyMongoError."""
        key_ids = [key_id for each in records if (key_id := key_id_in(each.headers)) is not None]
        known: dict[str, Document] = {}
        if key_ids:
            found = self.database[LETTER_KEYS].find({"_id": {"$in": key_ids}})
            known = {each["_id"]: each async for each in found}
        now = datetime.now(UTC)
        return [letter_of(each, self._opened(each, known, now)) for each in records]

    def _opened(self, record: "ConsumerRecord[bytes, bytes]", known: Mapping[str, Document], now: datetime) -> Opened:
        key_id = key_id_in(record.headers)
        if key_id is None:
            return AS_IT_STANDS
        kept = known.get(key_id)
        if kept is None:
            # The document of a key that has expired is gone, and with it why.
            days_old = (now - datetime.fromtimestamp(record.timestamp / 1000, UTC)).days
            return Opened(withheld=Withheld.EXPIRED if days_old >= self.retention_days else Withheld.LOST)
        value, withheld = self._contents(record, kept, now)
        return Opened(value, withheld, source=kept.get("source"), contact_key=kept.get(CONTACT))

    def _contents(
        self, record: "ConsumerRecord[bytes, bytes]", kept: Document, now: datetime
    ) -> tuple[bytes | None, Withheld | None]:
        if withheld := self._shut(kept, now):
            return None, withheld
        sealer = next((each for each in self.sealers if each.sleutelversie == kept[SLEUTELVERSIE]), None)
        if sealer is None:
            return None, Withheld.OTHER_KEY
        try:
            return sealer.open(record.value or b"", tied_to(record.headers), kept[WRAPPED]), None
        except SealedByAnotherKey:
            return None, Withheld.OTHER_KEY
        except NotAsSealed:
            return None, Withheld.CHANGED

    def _shut(self, kept: Document, now: datetime) -> Withheld | None:
        """Return why no letter with this key can be opened."""
        if kept[EXPIRES_AT] <= now:  # MongoDB deletes it within a minute
            return Withheld.EXPIRED
        if kept.get(GONE) is not None:
            return _WHY[KeyGone(kept[GONE])]
        return None if self.sealers else Withheld.NO_KEY
