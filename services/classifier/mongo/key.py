"""The key with which a register is made: the first that a classifier starts with, and no other ever after.

With another one no klant is found: each would get a second partij and number for good, and consent would be unknown.
"""

from typing import Final

import structlog
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import PyMongoError

from services.classifier.mongo.documents import Document
from services.classifier.mongo.register import BESLUITEN
from services.domain.sleutels import Sleutels
from services.runtime.errors import InvalidSettings
from services.runtime.mongo.errors import Meaning, meaning_of, mongo_is_away

log = structlog.get_logger()

SLEUTELCONTROLE: Final = "sleutelcontrole"

_REGISTER: Final[Document] = {"_id": "register"}
"""There is one."""


class RegisterKey:
    """Holds the key of the settings against that of the register, by a keyed digest of a constant."""

    def __init__(self, database: AsyncDatabase[Document], sleutels: Sleutels) -> None:
        self._database = database
        self._controles = database[SLEUTELCONTROLE]
        self._sleutels = sleutels

    async def claim(self) -> None:
        """Make this the register's key when it has none; of several instances that start at once one is first.

        Raises InvalidSettings when it has another, TransientFailure when the database is away.
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
            # An earlier release made it, and kept nothing by which its key could be known.
            log.warning("register.key_taken_unverified", database=self._database.name)

    async def check(self) -> bool:
        """Say whether the register has this key; False when it has none yet. Changes nothing.

        Raises InvalidSettings when it has another, PyMongoError as the driver does.
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
                f"a key of version {its_versie}. Set it to {its_versie}: replacing a register's key is not built."
            )
        raise InvalidSettings(
            f"KLANTCONTACT_SLEUTEL_FILE or KLANTCONTACT_SLEUTEL: this is not the key of the register in database "
            f"{self._database.name}. Put that key back, or correct KLANTCONTACT_MONGO_URI and "
            "KLANTCONTACT_MONGO_DATABASE: with another key no klant in it is found any more."
        )
