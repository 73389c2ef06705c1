"""Registers with old and new settings judge contacts of the same klanten while a new key takes over."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import pytest
from pymongo import AsyncMongoClient, MongoClient
from pymongo.errors import ExecutionTimeout

from services.classifier.mongo.key import RegisterKey
from services.classifier.mongo.key_validators import GUARDED, validator
from services.classifier.mongo.key_versions import SLEUTELCONTROLE, KeyState
from services.classifier.mongo.register import BESLUITEN, PARTIJREGISTER, MongoRegister
from services.domain.case import prepare
from services.domain.outcome import Outcome
from services.domain.policy import DEFAULT
from services.domain.register import Register
from services.domain.sleutels import Sleutels
from services.local.logins import logged_in
from services.operations import rotate_key as rotating
from services.operations.mongo import Database
from services.operations.rotate_key import NothingToRotate, Rotated, rotate_key
from services.runtime.errors import InvalidSettings, TransientFailure
from services.runtime.letters.store import LETTER_KEYS
from services.runtime.mongo.client import Document
from services.runtime.mongo.roles import privileges
from services.runtime.settings import Settings
from tests.support.contacts import NOW
from tests.support.examples import contact, known, nth_bsn, received
from tests.support.kafka_tools import make_topics, topic_names

KLANTEN: Final = 40
JUDGED_SECONDS: Final = 60
"""A classifier that has to wait waits for good."""
KEYS: Final = (b"a key of the tests, thirty-two bytes", b"another key, just as long as the own")

Client = AsyncMongoClient[dict[str, Any]]


class Desk:
    """A process with some of the keys."""

    def __init__(self, client: Client, database: str, keys: int) -> None:
        self.sleutels = Sleutels(*KEYS[:keys])
        self.key = RegisterKey(client[database], self.sleutels)
        self.store = MongoRegister(client, database, DEFAULT, key=self.key.versions)

    async def judge(self, contact_id: str, klant: int) -> Outcome:
        """Judge a contact of a klant as a classifier does: wait while MongoDB asks for that."""
        data = contact(contact_id, betrokkenen=[known(number=nth_bsn(klant))])
        case = prepare(received(data), self.sleutels, DEFAULT)

        def judged(register: Register) -> list[Outcome]:
            return [register.judge(case, NOW)]

        while True:
            try:
                [outcome] = await self.store.transact([case], judged)
            except TransientFailure:
                await asyncio.sleep(0.05)
            else:
                return outcome


@pytest.fixture
async def client(mongo_uri: str) -> AsyncIterator[Client]:
    async with Client(mongo_uri, tz_aware=True, w="majority", readConcernLevel="majority") as made:
        yield made


async def _desk(client: Client, database: str, keys: int) -> Desk:
    desk = Desk(client, database, keys)
    await desk.key.claim()
    await desk.store.prepare()
    return desk


@pytest.fixture
def settings(kafka_bootstrap: str, mongo_uri: str, topics: str, database: str, tmp_path: Path) -> Settings:
    """Settings with both keys, and a topic for the audit trail."""
    files = [tmp_path / f"sleutel-{number}" for number in (1, 2)]
    for file, key in zip(files, KEYS, strict=True):
        file.write_bytes(key)
    made = Settings(
        kafka_bootstrap=kafka_bootstrap,
        mongo_uri=mongo_uri,
        mongo_database=database,
        sleutel_file=files[1],
        former_sleutel_files=(files[0],),
        **topic_names(topics),
    )
    make_topics(kafka_bootstrap, made.audit_topic)
    return made


async def _rotate(settings: Settings) -> Rotated:
    return await rotate_key(settings, request="Z-1", reason="a test", dry_run=False, show=lambda *_: None)


async def test_two_processes_never_make_two_partijen_of_one_klant(
    client: Client, database: str, settings: Settings
) -> None:
    old, new, other = [await _desk(client, database, keys) for keys in (1, 2, 2)]

    async def bring(desk: Desk, name: str) -> None:
        for klant in range(KLANTEN):
            await desk.judge(f"c-{name}-{klant}", klant)

    async def bring_for_ever() -> None:
        while True:
            await bring(old, "old")

    async def bring_until_refused() -> None:
        with pytest.raises(InvalidSettings):
            await bring_for_ever()

    rotated, *_ = await asyncio.gather(
        _rotate(settings), bring_until_refused(), bring(new, "new"), bring(other, "other")
    )

    assert rotated.left == {PARTIJREGISTER: 0, BESLUITEN: 0, LETTER_KEYS: 0}
    assert await client[database][PARTIJREGISTER].count_documents({}) == KLANTEN
    for name in (PARTIJREGISTER, BESLUITEN):
        assert '"1:' not in str(await client[database][name].find().to_list()).replace("'", '"')
    with pytest.raises(NothingToRotate):
        await _rotate(settings)


async def test_a_transaction_that_began_before_the_fence_stores_nothing_behind_it(
    client: Client, database: str, settings: Settings
) -> None:
    old, new = [await _desk(client, database, keys) for keys in (1, 2)]
    seen, go_on = asyncio.Event(), asyncio.Event()
    look_up = old.store._look_up

    async def slowly(*arguments: Any, **options: Any) -> None:  # noqa: ANN401
        await look_up(*arguments, **options)
        seen.set()
        await go_on.wait()

    old.store._look_up = slowly  # type: ignore[method-assign]
    before = asyncio.create_task(old.judge("c-1", 0))
    await seen.wait()
    rotating = asyncio.create_task(_rotate(settings))
    await asyncio.sleep(0.3)
    assert not rotating.done(), "it waits for the transaction"
    go_on.set()

    await asyncio.gather(before, return_exceptions=True)
    await rotating
    await new.judge("c-2", 0)

    assert await client[database][PARTIJREGISTER].count_documents({}) == 1


async def _goes_on(desk: Desk) -> None:
    async with asyncio.timeout(JUDGED_SECONDS):
        await desk.judge("c-after", KLANTEN)


@pytest.fixture
def may_guard_one(settings: Settings, tmp_path: Path) -> Settings:
    """The settings with a login that MongoDB lets guard one of the two collections alone."""
    granted = privileges(settings, "key")
    for each in granted:
        if each["resource"].get("collection") == BESLUITEN:
            each["actions"].remove("collMod")
    name = f"{settings.mongo_database}-less"
    with MongoClient[Document](settings.mongo_uri) as client:
        client.admin.command({"createRole": name, "privileges": granted, "roles": []})
        client.admin.command({"createUser": name, "pwd": name, "roles": [name]})
    file = tmp_path / "less"
    file.write_text(f"mongodb://{name}:{name}@{settings.mongo_uri.rsplit('@', 1)[1]}")
    file.chmod(0o600)
    return logged_in(settings, file)


async def test_classifiers_go_on_when_mongodb_refuses_to_guard_a_collection(
    client: Client, database: str, may_guard_one: Settings
) -> None:
    old = await _desk(client, database, 1)

    with pytest.raises(InvalidSettings, match="refuses this user"):
        await _rotate(may_guard_one)

    await _goes_on(old)


async def test_classifiers_go_on_when_mongodb_takes_too_long_to_guard_a_collection(
    client: Client, database: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, guard = await _desk(client, database, 1), rotating._guard

    async def slow(of: Database, name: str, rule: Document) -> None:
        if name == BESLUITEN and rule == validator(2):
            raise ExecutionTimeout("too long", 50)
        await guard(of, name, rule)

    monkeypatch.setattr(rotating, "_guard", slow)
    with pytest.raises(TransientFailure):
        await _rotate(settings)

    await _goes_on(old)


async def test_classifiers_go_on_when_a_transaction_outlasts_the_patience_of_the_command(
    client: Client, database: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = await _desk(client, database, 1)
    monkeypatch.setattr(rotating, "GUARD_SECONDS", 0.2)
    monkeypatch.setattr(rotating, "GUARD_PATIENCE_SECONDS", 0.0)
    async with client.start_session() as session, await session.start_transaction():
        await client[database][BESLUITEN].insert_one({"_id": "held", "digest": ""}, session=session)
        with pytest.raises(TransientFailure):
            await _rotate(settings)

    await _goes_on(old)


async def test_the_guard_stays_where_the_new_key_was_announced_and_the_answer_was_lost(
    client: Client, database: str
) -> None:
    old = await _desk(client, database, 1)
    sleutels = Sleutels(*KEYS)
    for name in GUARDED:
        await rotating._guard(client[database], name, validator(2))
    await client[database][SLEUTELCONTROLE].update_one({}, {"$set": {"controle": sleutels.controle()}})

    await rotating._unguard(client[database], sleutels, KeyState(1))

    with pytest.raises(InvalidSettings):
        await _goes_on(old)
