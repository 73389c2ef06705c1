"""Which partitions get which end at the start of a writer.

What Kafka makes of it: `tests/integration/runtime/test_publisher.py`.
"""

from types import SimpleNamespace
from typing import cast

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.errors import ConcurrentTransactions, InvalidTxnState, KafkaError, NoError
from aiokafka.protocol.transaction import AddOffsetsToTxnRequest, AddPartitionsToTxnRequest, EndTxnRequest

from services.runtime.exactly_once import kafka_20734
from services.runtime.exactly_once.kafka_20734 import POSITIONS, End, LastEnd, repeat_end

OUTPUTS = {("registered", 0), ("registered", 1), ("taak", 0)}
POSITION = "the position"


class _Coordinator:
    """Takes requests, and notes for each end what it was an end of. Its first answers are these errors."""

    def __init__(self, *answers: type[KafkaError]) -> None:
        self.ends: list[tuple[End, set[object]]] = []
        self._open: set[object] = set()
        self._answers = list(answers)

    async def coordinator_lookup(self, *_: object) -> int:
        return 1

    async def send(self, _: int, request: object, *, group: object) -> object:  # noqa: ARG002 - as the real one
        answer = self._answers.pop(0) if self._answers else NoError
        if answer is not NoError:
            return SimpleNamespace(error_code=answer.errno)
        match request:
            case AddPartitionsToTxnRequest():
                self._open |= {(topic, number) for topic, numbers in request._topics for number in numbers}
            case AddOffsetsToTxnRequest():
                self._open.add(POSITION)
            case EndTxnRequest():
                self.ends.append((End(request._transaction_result), self._open))
                self._open = set()
        return SimpleNamespace(error_code=NoError.errno)


class _Producer:
    def __init__(self, coordinator: _Coordinator) -> None:
        self.client = coordinator
        self._txn_manager = SimpleNamespace(producer_id=7, producer_epoch=3)

    async def partitions_for(self, topic: str) -> set[int]:
        return {number for name, number in OUTPUTS if name == topic}


async def _ends(last: LastEnd, *answers: type[KafkaError]) -> list[tuple[End, set[object]]]:
    coordinator = _Coordinator(*answers)
    producer = cast("AIOKafkaProducer", _Producer(coordinator))
    await repeat_end(producer, transactional_id="t", last=last, group="g", topics=["registered", "taak"])
    return coordinator.ends


@pytest.mark.parametrize("end", End)
async def test_an_end_is_repeated_everywhere(end: End) -> None:
    assert await _ends(LastEnd(end)) == [(end, {*OUTPUTS, POSITION})]


async def test_where_an_unfinished_transaction_wrote_its_abort_is_repeated_and_elsewhere_the_commit_before_it() -> None:
    last = LastEnd(End.COMMIT, frozenset({("registered", 1), (POSITIONS, 17)}))
    assert await _ends(last) == [
        (End.COMMIT, {("registered", 0), ("taak", 0)}),
        (End.ABORT, {("registered", 1), POSITION}),
    ]


async def test_a_position_that_it_had_not_moved_yet_keeps_the_commit_before_it() -> None:
    last = LastEnd(End.COMMIT, frozenset({("registered", 1), ("taak", 0), ("of another release", 0)}))
    assert await _ends(last) == [
        (End.COMMIT, {("registered", 0), POSITION}),
        (End.ABORT, {("registered", 1), ("taak", 0)}),
    ]


async def test_it_waits_while_an_end_is_still_being_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kafka_20734, "pauses", lambda: iter([0.0] * 3))
    last = LastEnd(End.ABORT)
    assert await _ends(last, ConcurrentTransactions, ConcurrentTransactions) == [(End.ABORT, {*OUTPUTS, POSITION})]


async def test_any_other_refusal_is_raised() -> None:
    with pytest.raises(InvalidTxnState):
        await _ends(LastEnd(End.ABORT), ConcurrentTransactions, InvalidTxnState)
