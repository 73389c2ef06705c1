"""Bugs that the simulation has to find. Only tests and the report plant them, by replacing parts of the product.

The first six are mistakes that the author of such a service makes easily. The others were made here, or leave out the
protection against a bug of Kafka.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from typing import Any, Final
from unittest.mock import patch

from aiokafka.protocol.commit import OffsetFetchRequest
from pymongo import ReturnDocument

from services.classifier.mongo import numbers
from services.classifier.mongo.numbers import NumberBlocks
from services.domain import change, intrekkingen, new_besluit
from services.domain.besluit import BesluitRecord, Intrekking
from services.domain.case import Case
from services.domain.numbers import NumberKind
from services.domain.register import Register
from services.projector.mongo import register, writes
from services.projector.mongo.writes import Claim, Placed
from services.runtime.exactly_once import publisher
from services.runtime.exactly_once.bulk import send_in_bulk
from services.runtime.exactly_once.committed_offset import _answer
from services.runtime.exactly_once.partition import Partition
from services.runtime.exactly_once.ports import Message
from services.runtime.exactly_once.publisher import KafkaPublisher
from tests.simulate.town import LETTERS

Plant = Callable[[], AbstractContextManager[object]]

_TRANSACTION: Final = KafkaPublisher._transaction
_START: Final = KafkaPublisher._start
_TAKEN_BACK: Final = intrekkingen.taken_back
_PLAN: Final = writes.plan
_TOUCHABLE: Final = Register.touchable


async def _commit_first(self: KafkaPublisher, messages: Sequence[Message], next_offset: int) -> None:
    await _TRANSACTION(self, (), next_offset)
    await _TRANSACTION(self, messages, next_offset)


async def _letters_apart(self: KafkaPublisher, messages: Sequence[Message], next_offset: int) -> None:
    letters = [each for each in messages if each.topic == LETTERS.topic]
    producer = self._producer
    if letters and producer is not None:
        await producer.begin_transaction()
        await asyncio.gather(*await send_in_bulk(producer, letters))
        await producer.commit_transaction()
    await _TRANSACTION(self, [each for each in messages if each not in letters], next_offset)


async def _read_before_fencing(self: KafkaPublisher) -> None:
    client = self._make_producer(transactional_id=self._name).client
    question = OffsetFetchRequest(self._group, [(self._partition.topic, [self._partition.partition])])
    before = await _answer(client, self._group, question)
    await _START(self)
    self._committed = before


async def _never_stale(self: Partition) -> bool:
    return not self._active


async def _raise_later(self: NumberBlocks, short: Mapping[NumberKind, int]) -> None:
    """Use a block at once, and write a second later that it is used."""
    counters = {"_id": numbers._COUNTERS}
    before = await self._collection.find_one(counters) or {}
    for kind, number in short.items():
        first = before.get(kind.value, 0) + 1
        self._left[kind].extend(range(first, first + number))

    async def write() -> None:
        await asyncio.sleep(1)
        update = [{"$set": {kind.value: numbers._raised(kind, number) for kind, number in short.items()}}]
        await self._collection.find_one_and_update(counters, update, upsert=True, return_document=ReturnDocument.BEFORE)

    self.__dict__["writing"] = asyncio.create_task(write())


def _only_new(besluit: BesluitRecord, *rest: Any) -> Iterator[Intrekking]:  # noqa: ANN401 - handed on
    return (each for each in _TAKEN_BACK(besluit, *rest) if besluit.gave(each))


def _withdrawals_once() -> AbstractContextManager[object]:
    both = ExitStack()
    both.enter_context(patch.object(new_besluit, "taken_back", _only_new))
    both.enter_context(patch.object(change, "taken_back", _only_new))
    return both


def _unclaimed(*known: Any) -> Iterator[Placed]:  # noqa: ANN401 - handed on
    return (each for each in _PLAN(*known) if not isinstance(each[1], Claim))


async def _no_repetition(*_: object, **__: object) -> None:
    pass


def _too_few(self: Register, revised: Sequence[Case], _batch: Sequence[Case]) -> set[str]:
    """Return what `Register.touchable` did until the simulation found what it leaves out."""
    return _TOUCHABLE(self, revised, revised)


PLANTED: Final[Mapping[str, Plant]] = {
    "commit before publish": lambda: patch.object(KafkaPublisher, "_transaction", _commit_first),
    "claim without read-back": lambda: patch.object(KafkaPublisher, "_start", _read_before_fencing),
    "dead letter outside the transaction": lambda: patch.object(KafkaPublisher, "_transaction", _letters_apart),
    "stale batch not dropped": lambda: patch.object(Partition, "_is_stale", _never_stale),
    "number block reused after a crash": lambda: patch.object(NumberBlocks, "_fetch", _raise_later),
    "withdrawal not repeated": _withdrawals_once,
    "place of a new thing not claimed": lambda: patch.object(register, "plan", _unclaimed),
    "KAFKA-20734 not mended": lambda: patch.object(publisher, "repeat_end", _no_repetition),
    "correction looks up too little": lambda: patch.object(Register, "touchable", _too_few),
}
