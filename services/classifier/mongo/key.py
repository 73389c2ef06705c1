"""The key of a register: the first that a classifier starts with, and no other ever after.

With another key the register finds no klant: each would get a second partij and number for good, and its consent would
be unknown.
"""

from typing import Final

import structlog
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import PyMongoError

from services.classifier.mongo.register import BESLUITEN
from services.domain.sleutels import Sleutels
from services.runtime.errors import InvalidSettings
from services.runtime.mongo.client import Document
from services.runtime.mongo.errors import Meaning, meaning_of, mongo_is_away

log = structlog.get_logger()

SLEUTELCONTROLE: Final = "sleutelcontrole"

_REGISTER: Final[Document] = {"_id": "register"}
"""A database holds one register."""


class RegisterKey:
    """Compares the key of the settings with that of the register, by a keyed digest of a constant."""

    def __init__(self, database: AsyncDatabase[Document], sleutels: Sleutels) -> None:
        self._database = database
        self._controles = database[SLEUTELCONTROLE]
        self._sleutels = sleutels

    async def claim(self) -> None:
        """Make this the register's key when it has none. Of several instances that start at once, one is first.

        Raises InvalidSettings when the register has another key, TransientFailure when the database is away.
        """
        try:
            in_use = await self._database[BESLUITEN].find_one({}, {"_id": 1})
            before = await self._controles.find_one_and_update(
                _REGISTER, {"$setOnInsert": {"controle": self._sleutels.controle()}}, upsert=True
            )
        except PyMongoError as error:
            if meaning_of(error) is not Meaning.OURS:
                raise mongo_is_away(error) from error
            raise
        if before is not None:
            self._compare(before)
        elif in_use is None:
            log.info("register.key_taken", database=self._database.name)
        else:
            # An earlier release made the register, and kept nothing by which its key could be verified.
            log.warning("register.key_taken_unverified", database=self._database.name)

    async def check(self) -> bool:
        """Whether the register has this key; False when it has none yet. Changes nothing.

        Raises InvalidSettings when the register has another key, and PyMongoError.
        """
        stored = await self._controles.find_one(_REGISTER)
        if stored is not None:
            self._compare(stored)
        return stored is not None

    def _compare(self, stored: Document) -> None:
        its, ours = str(stored["controle"]), self._sleutels.controle()
        if its == ours:
            return
        its_versie, our_versie = (each.partition(":")[0] for each in (its, ours))
        if its_versie != our_versie:
            raise InvalidSettings(
                f"KLANTCONTACT_SLEUTELVERSIE is {our_versie}, and the register in database {self._database.name} has "
                f"a key of version {its_versie}. Set it to {its_versie}: a register's key can't be replaced yet."
            )
        raise InvalidSettings(
            f"KLANTCONTACT_SLEUTEL_FILE or KLANTCONTACT_SLEUTEL: this is not the key of the register in database "
            f"{self._database.name}. Put that key back, or correct KLANTCONTACT_MONGO_URI and "
            "KLANTCONTACT_MONGO_DATABASE: with another key the classifier finds none of its klanten any more."
        )
