"""What an erasure takes from Open Klant. The bridge removes it; this says whose rows they are, and what went."""

import asyncio
from dataclasses import dataclass, field
from typing import Final

from services.domain.wissing import SoortWissing
from services.operations.erase.asking import AskedWissing
from services.operations.erase.targets import Mode, Target
from services.operations.mongo import Database
from services.operations.places.open_klant import OpenKlantRows, names_of, rows_in_open_klant

BRIDGE_SECONDS: Final = 15
"""How long the command waits for the bridge, whose queue may be long. `erase-report` counts what goes later."""


@dataclass(slots=True)
class GoneWithThem:
    """The contacts and klanten that are erased as a whole, and their rows in Open Klant."""

    names: set[str] = field(default_factory=set)
    """Of the bridge's states."""

    def add_contact(self, asked: AskedWissing) -> None:
        """Note a contact, if it is erased as a whole."""
        if asked.wissing.soort is SoortWissing.CONTACT and asked.besluit is not None:
            ids = [each.klantcontact_id for each in asked.besluit.uitgegeven]
            self.names.update(names_of(klantcontact_ids=ids))

    def add_klant(self, target: Target) -> None:
        """Note the klant of a target, if it is erased as a whole."""
        if target.mode is Mode.PARTIJ and target.partij_id is not None:
            self.names.update(names_of(partij_ids=[target.partij_id]))

    async def rows(self, database: Database) -> OpenKlantRows | None:
        """Return the rows as they are; None where no bridge runs."""
        return await rows_in_open_klant(database, self.names)

    async def rows_once_removed(self, database: Database) -> OpenKlantRows | None:
        """Return the rows once the bridge has removed them, or as they are after some time."""
        for _ in range(BRIDGE_SECONDS):
            rows = await self.rows(database)
            if rows is None or not rows.there:
                return rows
            await asyncio.sleep(1)
        return await self.rows(database)
