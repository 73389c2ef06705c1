"""`retain` from the settings on: its terms, its databases, and the lock under which it changes something."""

from datetime import datetime

from services.classifier.mongo.key import RegisterKey, configured_sleutels
from services.operations.audit.chain import Action
from services.operations.audit.trail import record
from services.operations.erase.asking import instructions
from services.operations.erase.targets import Finder
from services.operations.lock import operators_lock
from services.operations.markers import append_due_markers
from services.operations.mongo import Databases, read_databases
from services.operations.retain.erasing import RetentionEraser
from services.operations.retain.retain import Progressed, Retained, retain
from services.operations.retain.terms import Terms
from services.runtime.settings import PREFIX, Settings
from services.runtime.toml_file import load_toml_file


def load_terms(settings: Settings) -> Terms:
    """Return the terms of the municipality; without a file nothing has a term. Raises InvalidSettings."""
    return load_toml_file(settings.bewaren_file, Terms, given_as=f"{PREFIX}BEWAREN_FILE")


async def run_retain(  # noqa: PLR0913 - each is an option of the command
    settings: Settings,
    now: datetime,
    *,
    request: str,
    reason: str,
    by: str | None = None,
    dry_run: bool,
    most: int,
    progress: Progressed,
) -> Retained:
    """Have erased what is due at a moment, or count it.

    Raises InvalidSettings, LockRefused, Unanswered, and TransientFailure when Kafka or MongoDB is away. What was erased
    by then stays erased, and a new run finds the rest.
    """
    terms = load_terms(settings)
    async with read_databases(settings) as databases:
        if dry_run:
            return await retain(databases, terms, now, eraser=None, most=most, progress=progress)
        action = Action(command="retain", request=request, reason=reason, counts={"most": most}, by=by)
        await record(settings, action)
        async with operators_lock(databases.register, "retain"):
            retained = await _erase(settings, databases, terms, now, request, most, progress)
    # What a withdrawal replaced leaves a quiet partition only once somebody writes there.
    retained.markers = len(await append_due_markers(settings, now))
    return retained


async def _erase(
    settings: Settings,
    databases: Databases,
    terms: Terms,
    now: datetime,
    verzoek: str,
    most: int,
    progress: Progressed,
) -> Retained:
    sleutels = configured_sleutels(settings)
    await RegisterKey(databases.register, sleutels).check()
    async with instructions(settings, databases.register, sleutels) as asking:
        eraser = RetentionEraser(asking, Finder(databases), verzoek)
        retained = await retain(databases, terms, now, eraser=eraser, most=most, progress=progress)
    retained.declined = dict(eraser.declined)
    return retained
