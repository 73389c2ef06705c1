"""How far the projector is, with whose documents the bridge compares, and how far the bridge is itself."""

from typing import Final

from services.operations.checks import Check, failed
from services.operations.topic_reader import count_to_read, next_offsets, still_to_read, topic_reader
from services.operations.wording import counted
from services.runtime.errors import KlantcontactError
from services.runtime.kafka.clients import admin_client
from services.runtime.settings import Settings

MANY: Final = 10_000
"""Records behind, as the alert KlantcontactBehind has them."""

PROJECTOR_ADVICE: Final = (
    "The bridge compares with what the projector shows: until the projector has read them, Open Klant is equal to what "
    "was there before. See that the projector runs."
)
BRIDGE_ADVICE: Final = "See that the bridge runs (`klantcontact run bridge`). An outage of Open Klant holds it up too."


async def lag_checks(settings: Settings) -> list[Check]:
    """Check how many records the projector and the bridge have to read. Commits no offset."""
    services = {
        "projector": (settings.projector_group, PROJECTOR_ADVICE),
        "bridge": (settings.openklant_group, BRIDGE_ADVICE),
    }
    checks = list[Check]()
    try:
        async with topic_reader(settings) as reader, admin_client(settings) as admin:
            whole = await reader.whole(*settings.bridge_topics)
            for name, (group, advice) in services.items():
                left = still_to_read(whole, await next_offsets(admin, settings, group))
                checks.append(_check(name, await count_to_read(reader, left), advice))
    except KlantcontactError as error:
        checks.append(failed("records to read", error))
    return checks


def _check(name: str, number: int, advice: str) -> Check:
    if not number:
        return Check(name=name, ok=True, found="has read everything")
    found = f"has at most {counted(number, 'record')} to read"
    return Check(name=name, ok=number <= MANY, found=found, advice=advice)
