"""Small batches that wait at once are recorded in one transaction, and fail by themselves."""

import asyncio
from collections.abc import Callable, Sequence

import pytest

from schemas.reading.decoding import Received, decode
from services.classifier.mongo.joint import SMALL_BATCH, JointRegister
from services.domain.case import Case, prepare
from services.domain.outcome import Decided, Outcome
from services.domain.policy import DEFAULT
from services.domain.register import Register
from services.domain.sleutels import Sleutels
from services.runtime.errors import TransientFailure
from tests.fakes.register_store import FakeRegisterStore
from tests.support.contacts import NOW, contact_ended, encoded

SLEUTELS = Sleutels(b"a key of the tests, thirty-two bytes")


class _Slow(FakeRegisterStore):
    """Records while the others come, and no sooner than it is told."""

    def __init__(self, *, failures: Sequence[Exception] = ()) -> None:
        super().__init__(failures=failures)
        self.may_go_on = asyncio.Event()

    async def transact(
        self, batch: Sequence[Case], judge: Callable[[Register], Sequence[Outcome]]
    ) -> Sequence[Outcome]:
        await self.may_go_on.wait()
        return await super().transact(batch, judge)


def _case(contact_id: str) -> Case:
    received = decode(encoded(contact_ended(contact_id)), (), NOW)
    assert isinstance(received, Received)
    return prepare(received, SLEUTELS, DEFAULT)


def _recording(joint: JointRegister, *contact_ids: str) -> asyncio.Task[Sequence[Outcome]]:
    cases = [_case(each) for each in contact_ids]
    return asyncio.create_task(_judge(joint, cases))


async def _judge(joint: JointRegister, cases: Sequence[Case]) -> Sequence[Outcome]:
    return await joint.transact(cases, lambda register: [register.judge(case, NOW) for case in cases])


def _contacts(outcomes: Sequence[Outcome]) -> list[str]:
    decided = [each for each in outcomes if isinstance(each, Decided)]
    return [each.received.contact.contact_id for each in decided]


async def test_batches_that_wait_while_another_is_recorded_go_together_and_each_gets_its_own_outcomes() -> None:
    store = _Slow()
    joint = JointRegister(store)
    tasks = [_recording(joint, "a"), _recording(joint, "b", "c"), _recording(joint, "d")]
    await asyncio.sleep(0)
    store.may_go_on.set()
    assert [_contacts(await task) for task in tasks] == [["a"], ["b", "c"], ["d"]]
    assert store.batches == [["a"], ["b", "c", "d"]]


async def test_a_batch_whose_judging_fails_fails_alone() -> None:
    store = _Slow()
    joint = JointRegister(store)

    def fail(_: Register) -> Sequence[Outcome]:
        raise KeyError

    first, good = _recording(joint, "a"), _recording(joint, "b")
    await asyncio.sleep(0)
    bad = asyncio.create_task(joint.transact([_case("bad")], fail))
    await asyncio.sleep(0)
    store.may_go_on.set()
    with pytest.raises(KeyError):
        await bad
    assert [_contacts(await each) for each in (first, good)] == [["a"], ["b"]]
    assert sorted(store.batches) == [["a"], ["b"]]


async def test_a_batch_that_is_cancelled_takes_no_other_along() -> None:
    store = _Slow()
    joint = JointRegister(store)
    first, second, third = _recording(joint, "a"), _recording(joint, "b"), _recording(joint, "c")
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    second.cancel()  # it records for both by now
    store.may_go_on.set()
    assert _contacts(await third) == ["c"]
    assert store.batches == [["c"]]


async def test_every_batch_hears_that_the_database_is_away() -> None:
    away = TransientFailure("away")
    store = _Slow(failures=[away] * 4)
    joint = JointRegister(store)
    tasks = [_recording(joint, "a"), _recording(joint, "b"), _recording(joint, "c")]
    await asyncio.sleep(0)
    store.may_go_on.set()
    assert await asyncio.gather(*tasks, return_exceptions=True) == [away] * 3


async def test_a_larger_batch_waits_for_nobody_and_a_joint_one_has_no_more_than_a_full_one() -> None:
    store = _Slow()
    joint = JointRegister(store)
    small = [_recording(joint, *(f"{number}-{each}" for each in range(SMALL_BATCH))) for number in range(7)]
    large = _recording(joint, *(f"large-{each}" for each in range(SMALL_BATCH + 1)))
    await asyncio.sleep(0)
    store.may_go_on.set()
    await asyncio.gather(large, *small)
    assert [len(batch) // SMALL_BATCH for batch in store.batches] in ([1, 1, 5, 1], [1, 5, 1, 1])
