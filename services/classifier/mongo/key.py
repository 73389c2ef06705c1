"""The key of a register: the first that a classifier starts with, and later those that `rotate-key` puts in its place.

With another key the register finds no klant: each would get a second partij and number for good, and its consent would
be unknown.
"""

import structlog
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import PyMongoError

from services.classifier.mongo.key_versions import REGISTER, SLEUTELCONTROLE, KeyVersions
from services.classifier.mongo.register import BESLUITEN
from services.domain.sleutels import Sleutels, versie_of
from services.runtime.mongo.client import Document
from services.runtime.mongo.errors import Meaning, meaning_of, mongo_is_away
from services.runtime.secret import load_sleutels
from services.runtime.settings import Settings

log = structlog.get_logger()


def configured_sleutels(settings: Settings) -> Sleutels:
    """Return what makes the hashes of the register. Raises InvalidSettings as `load_sleutels` does."""
    return Sleutels(*load_sleutels(settings))


class RegisterKey:
    """Compares the keys of the settings with those of the register, by a keyed digest of a constant."""

    def __init__(self, database: AsyncDatabase[Document], sleutels: Sleutels) -> None:
        self._database = database
        self._controles = database[SLEUTELCONTROLE]
        self._sleutels = sleutels
        self.versions = KeyVersions(database, sleutels)
        """What the register says of its key, once `claim` or `check` has asked."""

    async def claim(self) -> None:
        """Make this the register's key when it has none. Of several instances that start at once, one is first.

        Raises InvalidSettings when the register has another key, TransientFailure when the database is away.
        """
        try:
            in_use = await self._database[BESLUITEN].find_one({}, {"_id": 1})
            judged = await self._database[BESLUITEN].find_one({"digest": {"$gt": ""}}, {"digest": 1})
            own = self._sleutels if judged is None else self._sleutels.at(versie_of(judged["digest"]))
            before = await self._controles.find_one_and_update(
                REGISTER, {"$setOnInsert": {"controle": own.controle()}}, upsert=True
            )
        except PyMongoError as error:
            if meaning_of(error) is not Meaning.OURS:
                raise mongo_is_away(error) from error
            raise
        if before is not None:
            self.versions.accept(before)
            return
        await self.versions.refresh()
        if in_use is None:
            log.info("register.key_taken", database=self._database.name)
        else:
            # An earlier release made the register, and kept nothing by which its key could be verified.
            log.warning("register.key_taken_unverified", database=self._database.name)

    async def check(self) -> bool:
        """Whether the register has this key; False when it has none yet. Changes nothing.

        Raises InvalidSettings when the register has another key, and PyMongoError.
        """
        stored = await self._controles.find_one(REGISTER)
        if stored is not None:
            self.versions.accept(stored)
        return stored is not None
