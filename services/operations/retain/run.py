"""`retain` from the settings on: its terms, its databases, and the lock under which it changes something."""

from datetime import datetime

from services.classifier.policy_file import load_policy_file
from services.operations.mongo import read_databases
from services.operations.retain.retain import Progressed, Retained, retain
from services.operations.retain.terms import Terms
from services.runtime.settings import PREFIX, Settings


def load_terms(settings: Settings) -> Terms:
    """Return the terms of the municipality; without a file nothing has a term. Raises InvalidSettings."""
    return load_policy_file(settings.bewaren_file, Terms, given_as=f"{PREFIX}BEWAREN_FILE")


async def run_retain(settings: Settings, now: datetime, *, most: int, progress: Progressed) -> Retained:
    """Count what is due at a moment. Raises InvalidSettings, and as `translate_mongo_errors` does."""
    terms = load_terms(settings)
    async with read_databases(settings) as databases:
        return await retain(databases, terms, now, eraser=None, most=most, progress=progress)
