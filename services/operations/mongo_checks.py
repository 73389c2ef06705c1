"""The doctor's checks of MongoDB: that it does its work, and what it keeps beside the collections in use."""

import asyncio
import re
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError

from services.operations.checks import Check, failed
from services.operations.mongo import Database, Databases, databases_of
from services.operations.stop_checks import stop_checks
from services.operations.wording import counted
from services.projector.mongo.layout import Generation
from services.projector.mongo.swap import COLLECTION, ONLY
from services.projector.mongo.writes import Collection
from services.runtime.errors import InvalidSettings, KlantcontactError
from services.runtime.mongo.client import (
    DIRECT_MILLISECONDS,
    Client,
    Document,
    address,
    connect,
    mongo_uri,
    uri_variable,
)
from services.runtime.mongo.errors import REFUSED_USER, translate_mongo_errors
from services.runtime.mongo.roles import DECIDED
from services.runtime.settings import Settings

OLDEST_MONGODB: Final = (6, 0)
"""The oldest that the tests use."""

LONGEST_FORMER: Final = timedelta(days=7)
"""How long the collections of before a rebuild may stay: long enough to see that all is well."""

PLAIN: Final = "mongodb://"

EVERY_OPERATION: Final = 2
"""The level at which MongoDB's profiler keeps each operation, whatever the sample rate."""

NOT_SEEN: Final = "not seen: this user has no right to it"


async def mongo_checks(settings: Settings) -> list[Check]:
    """Check that MongoDB answers and has transactions, and what its log, its oplog and a rebuild keep."""
    try:
        client = await connect(settings)
    except InvalidSettings as error:
        return [failed("mongodb", error)]
    except KlantcontactError as error:
        return [failed("mongodb", error, f"Start it, or correct {uri_variable(settings)}.")]
    try:
        async with client:
            with translate_mongo_errors(settings, right="read, in a transaction,"):
                hello = await client.admin.command("hello")
                server = str((await client.server_info())["version"])
                databases = databases_of(client, settings)
                await _try_transaction(databases)
                return [
                    _server(settings, server, hello),
                    *await _apart(databases),
                    await _former(databases.projection),
                    await _slow_queries(settings, hello),
                    await _oplog(client),
                    *await stop_checks(databases, settings),
                ]
    except InvalidSettings as error:
        return [failed("mongodb", error)]
    except KlantcontactError as error:
        return [failed("mongodb", error, "See the log of MongoDB.")]


async def _try_transaction(databases: Databases) -> None:
    """Read in a transaction. Raises PyMongoError when that is impossible."""
    register = databases.register
    async with register.client.start_session() as session, await session.start_transaction():
        await register["besluiten"].find_one({}, {"_id": 1}, session=session)


def _server(settings: Settings, server: str, hello: Document) -> Check:
    found = f"{address(settings)}: MongoDB {server}, replica set {hello.get('setName')}, transactions work"
    fits = tuple(int(part) for part in server.split(".")[:2]) >= OLDEST_MONGODB
    return Check(name="mongodb", ok=fits, found=found, advice="" if fits else "Use MongoDB 6.0 or newer.")


# What it keeps -------------------------------------------------------------------------------------------------------


async def _apart(databases: Databases) -> list[Check]:
    """Where the register has a database of its own: whether an earlier one was left behind in the other."""
    if databases.register.name == databases.projection.name:
        return []
    left = sorted(set(await databases.projection.list_collection_names()).intersection(DECIDED))
    if not left:
        found = f"the register stands in {databases.register.name}, the documents in {databases.projection.name}"
        return [Check(name="databases", ok=True, found=found)]
    return [
        Check(
            name="databases",
            ok=False,
            found=f"{', '.join(left)} stand in {databases.projection.name}, where the classifier does not look",
            advice=f"Stop the classifier. Move them to {databases.register.name}, or leave out "
            "KLANTCONTACT_MONGO_REGISTER_DATABASE: with an empty register each klant gets a second partij.",
        )
    ]


async def _former(database: Database) -> Check:
    """The collections of before the last rebuild, which no later withdrawal reaches."""
    names = sorted(Generation.FORMER.name_of(each) for each in Collection)
    there = await database.list_collection_names(filter={"name": {"$in": names}})
    if not there:
        return Check(name="rebuild", ok=True, found="no collection of before a rebuild is left")
    record = await database[COLLECTION].find_one(ONLY) or {}
    since: datetime | None = record.get("swapped") or record.get("started")
    age = None if since is None else datetime.now(UTC) - since
    fits = age is not None and age <= LONGEST_FORMER
    stay = "since an unknown day" if age is None else f"for {counted(age.days, 'day')}"
    return Check(
        name="rebuild",
        ok=fits,
        found=f"{', '.join(sorted(there))} stand there {stay}",
        advice="" if fits else "No later withdrawal reaches them. Run `klantcontact rebuild --drop-old`.",
    )


async def _slow_queries(settings: Settings, hello: Document) -> Check:
    """Whether the log of a member holds contents: a `Slow query` line shows what was asked or written."""
    sampling, unseen = [], []
    members = [*hello.get("hosts", ()), *hello.get("passives", ())]
    for member in members:
        rate = await asyncio.to_thread(_sample_rate, settings, member)
        if rate is None:
            unseen.append(member)
        elif rate > 0:
            sampling.append(member)
    if sampling:
        return Check(
            name="slow queries",
            ok=False,
            found=f"{', '.join(sampling)} log them, with the contents that were asked or written",
            advice="Start every mongod with `--slowOpSampleRate 0`; for now, in mongosh: "
            "`db.setProfilingLevel(0, {sampleRate: 0})`.",
        )
    seen = f"none is logged by {counted(len(members) - len(unseen), 'member')}" if len(members) > len(unseen) else ""
    missed = f"{', '.join(unseen)} {NOT_SEEN}, or no way from here" if unseen else ""
    return Check(name="slow queries", ok=True, found="; ".join(filter(None, (seen, missed))) or NOT_SEEN)


def _sample_rate(settings: Settings, member: str) -> float | None:
    """Return which part of its slow queries a member logs; None when it does not tell."""
    uri = mongo_uri(settings)
    options: dict[str, Any] = {}
    if uri.startswith(PLAIN):  # the hosts of an srv address stand in DNS: those are asked as they are
        login_and_hosts = re.split("[/?]", uri.removeprefix(PLAIN), maxsplit=1)[0]
        login = login_and_hosts.removesuffix(address(settings))
        uri = f"{PLAIN}{login}{member}{uri.removeprefix(PLAIN + login_and_hosts)}"
        options = {"directConnection": True}
    try:
        with MongoClient[Document](uri, serverSelectionTimeoutMS=DIRECT_MILLISECONDS, **options) as client:
            told = client[settings.mongo_database].command("profile", -1)
    except PyMongoError:
        return None
    if told["was"] == EVERY_OPERATION:
        return 1.0
    return float(told.get("sampleRate", 1.0))


async def _oplog(client: Client) -> Check:
    """How far back the oplog reaches, and with it what was withdrawn or deleted."""
    days = await oplog_days(client)
    if days is None:
        return Check(name="oplog", ok=True, found=NOT_SEEN)
    return Check(name="oplog", ok=True, found=f"reaches back {days:.1f} days: it holds what was withdrawn since")


async def oplog_days(client: Client) -> float | None:
    """Return how far back the oplog reaches; None when this user may not know it. Raises PyMongoError."""
    # The oplog itself holds all contents. This tells its ends without showing one.
    try:
        ends = (await client.admin.command("serverStatus", oplog=1))["oplog"]
    except OperationFailure as error:
        if error.code not in REFUSED_USER:
            raise
        return None
    return float((ends["latestOptime"].time - ends["earliestOptime"].time) / timedelta(days=1).total_seconds())
