"""The operators' lock, on real MongoDB."""

import asyncio
import os
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pymongo import AsyncMongoClient
from pymongo.asynchronous.client_session import AsyncClientSession

from services.operations import lock as module
from services.operations.lock import COLLECTION, ONLY, Lock, LockLost, LockRefused, operator_name, operators_lock
from services.operations.mongo import Database
from services.runtime.errors import TransientFailure

pytestmark = pytest.mark.usefixtures("never_renewed")


@pytest.fixture
async def there(mongo_uri: str, database: str) -> AsyncIterator[Database]:
    async with AsyncMongoClient[dict[str, Any]](mongo_uri, tz_aware=True, w="majority") as client:
        yield client[database]


async def let_lease_lapse(there: Database) -> None:
    """Move the last renewal into the past."""
    await there[COLLECTION].update_one(ONLY, [{"$set": {"seen": {"$subtract": ["$seen", 60_000]}}}])


async def stored(there: Database) -> dict[str, Any]:
    return await there[COLLECTION].find_one(ONLY) or {}


async def test_the_second_command_hears_the_holder_of_the_lock_and_the_end_of_its_lease(there: Database) -> None:
    async with operators_lock(there, "dlq redrive"):
        held = await stored(there)
        with pytest.raises(LockRefused) as refused:
            async with operators_lock(there, "rebuild"):
                pass
    assert str(refused.value) == (
        f"`klantcontact dlq redrive` holds the operators' lock: process {os.getpid()} of {operator_name()}, since "
        f"{held['since']:%Y-%m-%d %H:%M:%SZ}, with a sign of life at {held['seen']:%Y-%m-%d %H:%M:%SZ}. Nothing was "
        f"done. Try again when it has ended; if it was killed, after "
        f"{held['seen'] + timedelta(seconds=16):%Y-%m-%d %H:%M:%SZ}."
    )
    assert timedelta() <= datetime.now(UTC) - held["since"] < timedelta(minutes=1)


async def test_a_lock_that_was_released_is_free_at_once_and_leaves_nothing_of_its_holder(there: Database) -> None:
    for _ in range(2):
        async with operators_lock(there, "rebuild"):
            pass
    assert await stored(there) == ONLY


async def test_one_of_many_commands_at_once_gets_the_lock(there: Database) -> None:
    holders = [Lock(there, str(number)) for number in range(8)]
    outcomes = await asyncio.gather(*(each.take("rebuild") for each in holders), return_exceptions=True)
    assert Counter(map(type, outcomes)) == {type(None): 1, LockRefused: 7}


async def test_a_holder_renews_its_lease(there: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "RENEW_SECONDS", 0.01)
    renewed = asyncio.Event()
    renew = Lock.renew

    async def noted(lock: Lock) -> None:
        await renew(lock)
        renewed.set()

    monkeypatch.setattr(Lock, "renew", noted)
    async with operators_lock(there, "rebuild"):
        await let_lease_lapse(there)
        renewed.clear()
        async with asyncio.timeout(30):
            await renewed.wait()
        with pytest.raises(LockRefused):
            await Lock(there, "another").take("dlq discard")


async def test_a_holder_whose_lease_lapsed_can_do_nothing_once_another_command_has_the_lock(
    there: Database,
) -> None:
    async def write(session: AsyncClientSession) -> None:
        await there["written"].insert_one({}, session=session)

    async with operators_lock(there, "dlq discard") as first:
        await let_lease_lapse(there)
        async with operators_lock(there, "rebuild") as second:
            first._renewed_at -= 60  # as if the process had slept
            first.heed_loss()
            with pytest.raises(LockLost):
                await first.confirm()
            with pytest.raises(LockLost):
                first.heed_loss()
            with pytest.raises(LockLost):
                await first.write(write)
            await second.write(write)
            assert await there["written"].count_documents({}) == 1
            held = await stored(there)
    assert held["command"] == "rebuild"


async def test_a_holder_that_lost_the_lock_does_not_release_that_of_another(there: Database) -> None:
    async with operators_lock(there, "rebuild"):
        await let_lease_lapse(there)
        other = Lock(there, "another")
        await other.take("dlq discard")
    assert (await stored(there))["holder"] == "another"


async def test_a_holder_whose_lease_lapsed_continues_when_nobody_took_the_lock(there: Database) -> None:
    async with operators_lock(there, "rebuild") as lock:
        await let_lease_lapse(there)
        lapsed = (await stored(there))["seen"]
        lock._renewed_at -= 60
        await lock.confirm()
        assert (await stored(there))["seen"] > lapsed


async def test_a_write_of_the_holder_is_whole_before_another_command_gets_the_lock(there: Database) -> None:
    """The lease lapsed before the write began; the take-over comes while its transaction is open, and is refused."""
    writing, go_on = asyncio.Event(), asyncio.Event()

    async def write(session: AsyncClientSession) -> None:
        await there["written"].insert_one({}, session=session)
        writing.set()
        await go_on.wait()

    async with operators_lock(there, "dlq discard") as first:
        await there["written"].insert_one({})
        await let_lease_lapse(there)
        work = asyncio.create_task(first.write(write))
        await writing.wait()
        taking = asyncio.create_task(Lock(there, "another").take("rebuild"))
        done, _ = await asyncio.wait([taking], timeout=0.5)
        go_on.set()
        await work
        assert not done
        with pytest.raises(LockRefused, match="`klantcontact dlq discard` holds"):
            await taking
    assert await there["written"].count_documents({}) == 2


async def test_a_failed_write_leaves_nothing_behind(there: Database) -> None:
    async def write(session: AsyncClientSession) -> None:
        await there["written"].insert_one({}, session=session)
        raise TransientFailure("Kafka is away.")

    async with operators_lock(there, "dlq discard") as lock:
        with pytest.raises(TransientFailure):
            await lock.write(write)
    assert await there["written"].count_documents({}) == 0
