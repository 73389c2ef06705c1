"""`rotate-key`: the newest key of the settings takes over from the one that the register has.

What a hash was made of is not known, so the new key wraps it. The steps, each of which may be interrupted:

1. MongoDB refuses hashes of an older versie from now on, whoever writes them (`key_validators`). Classifiers wait.
2. The control document names the new versie, and the one that is being replaced. Classifiers go on: they look for both
   and write the new one.
3. Each document with an older hash gets the new one. A document that changed meanwhile has it already.
4. Nothing older was found in a whole pass: the control document says that it is done.

Started again, it goes on: the documents say themselves what is left.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

import pymongo
from pymongo import UpdateOne
from pymongo.errors import OperationFailure, PyMongoError

from services.classifier.mongo.key import RegisterKey, configured_sleutels
from services.classifier.mongo.key_validators import GUARDED, HASHES, validator
from services.classifier.mongo.key_versions import REGISTER, SLEUTELCONTROLE, KeyState, with_hashes
from services.domain.sleutels import Sleutels, versie_of
from services.operations.audit.chain import Action
from services.operations.audit.trail import record
from services.operations.lock import Lock, LockLost, operators_lock
from services.operations.mongo import Database, read_register
from services.operations.mongo_checks import oplog_days
from services.runtime.errors import KlantcontactError, TransientFailure
from services.runtime.letters.sealing import Sealer, configured_sealers
from services.runtime.letters.store import LETTER_KEYS, number_wrapped_before, rewrap
from services.runtime.mongo.client import Document
from services.runtime.mongo.errors import translate_mongo_errors
from services.runtime.settings import Settings

READ_AT_ONCE: Final = 2_000
"""Documents of a page: some hundred kilobytes of hashes."""

GUARD_SECONDS: Final = 2.0
"""Patience with one attempt to take a collection: other transactions wait behind it."""

GUARD_PATIENCE_SECONDS: Final = 150.0
"""In all. MongoDB ends a transaction that was left open, by a process that was stopped, after a minute or two."""

NAMESPACE_NOT_FOUND: Final = 26

ShowStep = Callable[[str, int, int | None], None]
"""Shows how far a step has come."""


class NothingToRotate(KlantcontactError):
    """The register has the newest key of the settings already, or has none yet. The message says which."""


@dataclass(slots=True)
class Rotated:
    """What was done, or would be done."""

    from_versie: int
    to_versie: int
    wrapped: dict[str, int] = field(default_factory=dict)
    """Documents with an older hash, by collection."""
    left: dict[str, int] = field(default_factory=dict)
    """Of those, how many were found in the last pass: none once it is done."""
    done_at: datetime | None = None
    oplog_days: float | None = None
    """How far the oplog reaches back; None when MongoDB does not tell."""


async def rotate_key(
    settings: Settings, *, request: str, reason: str, dry_run: bool, show: ShowStep, by: str | None = None
) -> Rotated:
    """Have the newest key take over, or count what that would change. `request` and `reason` go to the audit trail.

    Raises NothingToRotate, InvalidSettings, LockRefused, LockLost, and TransientFailure while MongoDB is away or busy.
    What was done by then stays, and a new run goes on.
    """
    sleutels, sealers = configured_sleutels(settings), configured_sealers(settings)
    async with read_register(settings) as database:
        with translate_mongo_errors(settings, right="read and change (the role key of docs/roles.md)"):
            key = RegisterKey(database, sleutels)
            if not await key.check():
                raise NothingToRotate("The register has no key yet: it takes the newest when a classifier starts.")
            state = key.versions.state
            if dry_run or state.former is None:
                _require_newer(state, sleutels)
            if dry_run:
                target = sleutels if state.former is None else sleutels.at(state.versie)
                return await _counted(database, state, target, show)
            counts = {"from_version": state.oldest, "to_version": sleutels.versie}
            await record(settings, Action(command="rotate-key", request=request, reason=reason, counts=counts, by=by))
            async with operators_lock(database, "rotate-key") as lock:
                if state.former is None:
                    await _begin(database, lock, sleutels, state, request)
                    state = KeyState(sleutels.versie, state.versie)
                return await _rotate(database, lock, sleutels.at(state.versie), sealers[: state.versie], state, show)


async def _counted(database: Database, state: KeyState, target: Sleutels, show: ShowStep) -> Rotated:
    rotated = Rotated(state.oldest, target.versie, oplog_days=await oplog_days(database.client))
    for name in GUARDED:
        rotated.left[name] = rotated.wrapped[name] = await _pass(database, name, target, show, write=None)
    older = await number_wrapped_before(database, target.versie)
    rotated.left[LETTER_KEYS] = rotated.wrapped[LETTER_KEYS] = older
    return rotated


async def _rotate(
    database: Database, lock: Lock, target: Sleutels, sealers: Sequence[Sealer], state: KeyState, show: ShowStep
) -> Rotated:
    rotated = Rotated(state.oldest, target.versie)
    for name in GUARDED:
        wrapped = 0
        while found := await _pass(database, name, target, show, write=lock):
            wrapped += found
        rotated.wrapped[name], rotated.left[name] = wrapped, 0
    await lock.confirm()
    rotated.wrapped[LETTER_KEYS], rotated.left[LETTER_KEYS] = await _rewrap_letters(database, sealers, show), 0
    rotated.done_at = datetime.now(UTC)
    await lock.confirm()
    await database[SLEUTELCONTROLE].update_one(
        {**REGISTER, "controle": target.controle()}, {"$set": {"rotatie.klaarOp": rotated.done_at.isoformat()}}
    )
    rotated.oplog_days = await oplog_days(database.client)
    return rotated


async def _rewrap_letters(database: Database, sealers: Sequence[Sealer], show: ShowStep) -> int:
    """Have the newest key wrap the key of each dead letter. Return how many an older one wrapped."""
    *older, newest = sealers
    number = 0
    for each in older:
        number += await rewrap(database, each, newest)
    show(LETTER_KEYS, number, number)
    return number


def _require_newer(state: KeyState, target: Sleutels) -> None:
    if state.former is None and state.versie == target.versie:
        raise NothingToRotate(
            f"The register has the newest key of the settings, version {state.versie}. Make another with `(umask 077; "
            "openssl rand -hex 32 > sleutel-new)`, give that as KLANTCONTACT_SLEUTEL_FILE and the file of the present "
            "one in KLANTCONTACT_FORMER_SLEUTEL_FILES, restart every process, and run this again."
        )


# Beginning


async def _begin(database: Database, lock: Lock, sleutels: Sleutels, state: KeyState, request: str) -> None:
    """Have MongoDB refuse older hashes, and then announce the new versie."""
    rotation = {"van": state.versie, "begonnenOp": datetime.now(UTC).isoformat(), "verzoek": request}
    await lock.confirm()
    try:
        for name in GUARDED:
            await _guard(database, name, validator(sleutels.versie))
        await lock.confirm()
        announced = await database[SLEUTELCONTROLE].update_one(
            {**REGISTER, "controle": sleutels.at(state.versie).controle()},
            {"$set": {"controle": sleutels.controle(), "rotatie": rotation}},
        )
    except LockLost:
        raise  # another command may have begun its own rotation behind this guard
    except BaseException:
        await _unguard(database, sleutels, state)
        raise
    if not announced.matched_count:
        raise TransientFailure("The control document of the key has just been changed. Try again.")


async def _guard(database: Database, name: str, rule: Document) -> None:
    """Set the validator of a collection, in short attempts: everything waits behind one."""
    until = time.monotonic() + GUARD_PATIENCE_SECONDS
    while True:
        try:
            with pymongo.timeout(GUARD_SECONDS):
                await database.command(
                    "collMod", name, validator=rule, validationLevel="strict", validationAction="error"
                )
        except OperationFailure as error:
            if error.code == NAMESPACE_NOT_FOUND:
                await database.create_collection(name)
                continue
            if not error.timeout or time.monotonic() > until:
                raise
        except PyMongoError as error:
            if not error.timeout:
                raise
            if time.monotonic() > until:
                raise TransientFailure(
                    f"A transaction holds {name}, so MongoDB can't guard it. Is a classifier stopped, and not ended?"
                ) from None
        else:
            return
        await asyncio.sleep(GUARD_SECONDS)


async def _unguard(database: Database, sleutels: Sleutels, state: KeyState) -> None:
    """Let classifiers go on as before, unless the new versie was announced: an answer of MongoDB may have been lost."""
    with suppress(PyMongoError, TransientFailure):
        former = {**REGISTER, "controle": sleutels.at(state.versie).controle()}
        if await database[SLEUTELCONTROLE].find_one(former) is None:
            return
    for name in GUARDED:
        with suppress(PyMongoError, TransientFailure):
            await _guard(database, name, validator(state.versie))


# Wrapping


async def _pass(database: Database, name: str, target: Sleutels, show: ShowStep, *, write: Lock | None) -> int:
    """Read a whole collection, and wrap what is older. Return how many documents were.

    A document that is stored or changed while this runs has the new hashes: MongoDB refuses others. So it does not
    matter whether the pass meets it.
    """
    collection = database[name]
    total = await collection.estimated_document_count()
    found = seen = 0
    last: str | None = None
    while page := await _page(database, name, last):
        last = page[-1]["_id"]
        seen += len(page)
        older = [each for each in page if is_older(each, target)]
        found += len(older)
        if older and write is not None:
            began = time.monotonic()
            await write.confirm()
            await collection.bulk_write([_wrapping(each, target) for each in older], ordered=False)
            # Half of the time is for the classifiers.
            await asyncio.sleep(time.monotonic() - began)
        show(name, seen, max(total, seen))
    return found


async def _page(database: Database, name: str, last: str | None) -> Sequence[Document]:
    after: Document = {} if last is None else {"_id": {"$gt": last}}
    return await database[name].find(after, HASHES, sort=[("_id", 1)], limit=READ_AT_ONCE).to_list()


def is_older(document: Document, target: Sleutels) -> bool:
    """Whether a document holds a hash that a newer key has to wrap."""
    found: list[int] = []

    def look(text: str) -> str:
        found.append(versie_of(text))
        return text

    with_hashes(document, look)
    return any(versie < target.versie for versie in found)


def _wrapping(document: Document, target: Sleutels) -> UpdateOne:
    """Return the update of a document that is still as it was read."""
    before = _flat(document)
    after = _flat(with_hashes(document, target.raised))
    return UpdateOne({"_id": document["_id"], **before}, {"$set": after})


def _flat(document: Document) -> Document:
    """Return the fields with hashes by their paths. The hashes of each partij of a decision have one of their own."""
    flat = {name: value for name, value in document.items() if name not in ("_id", "partijen")}
    for at, partij in enumerate(document.get("partijen", ())):
        if "sleutels" in partij:
            flat[f"partijen.{at}.sleutels"] = partij["sleutels"]
    return flat
