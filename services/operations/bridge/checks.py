"""The checks of the bridge: whether Open Klant can be kept equal, and what stands in the way."""

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from typing import Any, Final

from services.bridge.errors import TokenRefused
from services.bridge.resources import Resource
from services.bridge.wanted import HERKOMST
from services.operations.bridge.equipment import Equipment
from services.operations.checks import Check, failed
from services.operations.wording import counted
from services.runtime.errors import KlantcontactError

NEWER: Final = {"Klantcontact": "referentienummer", "InterneTaak": "referentienummer"}
"""Fields that Open Klant has since 2.16. An older one passes over a field that it does not know, without a word."""

SHOWN: Final = 5
"""Uuids and names of a kind that fit a screen."""

OLD_ADVICE: Final = "Use Open Klant 2.16 or newer: an older one loses the number by which a repeat is found."
LOGIN_ADVICE: Final = (
    "Make a token in Open Klant's admin, and put it into the file of KLANTCONTACT_OPENKLANT_TOKEN_FILE."
)
ORPHAN_ADVICE: Final = (
    "Until they are removed, Open Klant refuses every address of that soort of any betrokkene, also from KISS. Remove "
    "them: DELETE /digitaleadressen/{uuid}."
)
NUMMER_ADVICE: Final = (
    "Choose a series for our numbers that theirs do not reach, or let nothing else number klantcontacten: where two "
    "meet, ours becomes a dead letter (nummer_bezet)."
)
NAMES_ADVICE: Final = (
    "ITA shows a taak to those whose afdeling or groep bears the name of its actor. Correct the names in the events, "
    "or in the list."
)


async def bridge_checks(equipment: Equipment, afdelingen: Collection[str] | None) -> list[Check]:
    """Check Open Klant, and what the bridge sends there. `afdelingen`: the names that ITA knows. Changes nothing."""
    checks = [
        await _checked("open klant", lambda: _release(equipment)),
        await _checked("token", lambda: _token(equipment)),
    ]
    if all(check.ok for check in checks):
        checks.append(await _checked("standard addresses", lambda: _orphans(equipment)))
        checks.append(await _checked("numbers", lambda: _numbers(equipment)))
    if afdelingen is not None:
        checks.append(await _checked("names", lambda: _names(equipment, afdelingen)))
    return checks


async def _checked(name: str, check: Callable[[], Awaitable[Check]]) -> Check:
    try:
        return await check()
    except TokenRefused as error:
        return failed(name, error, LOGIN_ADVICE)
    except KlantcontactError as error:
        return failed(name, error, "Correct KLANTCONTACT_OPENKLANT_URL, or start Open Klant.")


async def _release(equipment: Equipment) -> Check:
    described = await equipment.open_klant.description()
    schemas: Mapping[str, Any] = described["components"]["schemas"]
    missing = [f"{name}.{field}" for name, field in NEWER.items() if field not in schemas[name]["properties"]]
    found = f"API {described['info']['version']}"
    if missing:
        return Check(name="open klant", ok=False, found=f"{found}, without {', '.join(missing)}", advice=OLD_ADVICE)
    return Check(name="open klant", ok=True, found=f"{found}, of release 2.16 or newer")


async def _token(equipment: Equipment) -> Check:
    await equipment.open_klant.probe()
    return Check(name="token", ok=True, found="accepted")


async def _orphans(equipment: Equipment) -> Check:
    """The standard addresses that belong to nobody: one keeps its soort from all betrokkenen."""
    orphans = [
        f"{row['uuid']} ({row['soortDigitaalAdres']})"
        async for row in _rows(equipment, Resource.DIGITALE_ADRESSEN, isStandaardAdres="true")
        if row["verstrektDoorPartij"] is None
    ]
    if not orphans:
        return Check(name="standard addresses", ok=True, found="none without a partij")
    return Check(
        name="standard addresses",
        ok=False,
        found=f"{counted(len(orphans), 'standard one')} without a partij: {', '.join(orphans[:SHOWN])}",
        advice=ORPHAN_ADVICE,
    )


async def _numbers(equipment: Equipment) -> Check:
    """Whether others give numbers that lie among ours."""
    number = {"$toLong": "$klantcontact.nummer"}
    ends = {"_id": None, "lowest": {"$min": number}, "highest": {"$max": number}}
    ours = await (await equipment.projection["klantcontacten"].aggregate([{"$group": ends}])).to_list()
    highest = 0
    async for row in _rows(equipment, Resource.KLANTCONTACTEN):
        if (row.get("metadata") or {}).get("herkomst") != HERKOMST and row["nummer"]:
            highest = max(highest, int(row["nummer"]))
    if not ours:
        return Check(name="numbers", ok=True, found=f"the highest of others is {highest}; we have none")
    series = f"ours go from {ours[0]['lowest']} to {ours[0]['highest']}"
    meet = highest >= ours[0]["lowest"]
    found = f"the highest of others is {highest}, {series}"
    return Check(name="numbers", ok=not meet, found=found, advice=NUMMER_ADVICE if meet else "")


async def _names(equipment: Equipment, afdelingen: Collection[str]) -> Check:
    """Whether each afdeling and groep that has a taak is one that ITA knows."""
    known = {each.strip().casefold() for each in afdelingen}
    query = {"interneTaak.toegewezenAan.soortActor": "organisatorische_eenheid"}
    names = await equipment.projection["interne_taken"].distinct("interneTaak.toegewezenAan.naam", query)
    unknown = sorted(each for each in names if each.strip().casefold() not in known)
    if not unknown:
        return Check(name="names", ok=True, found=f"all {len(names)} stand in the list")
    found = f"{counted(len(unknown), 'name')} not in the list: {', '.join(unknown[:SHOWN])}"
    return Check(name="names", ok=False, found=found, advice=NAMES_ADVICE)


async def _rows(equipment: Equipment, resource: Resource, **filters: str) -> AsyncIterator[Mapping[str, Any]]:
    async for page in equipment.open_klant.pages(resource, **filters):
        for row in page:
            yield row
