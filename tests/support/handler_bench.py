"""A batch handler of a service with fakes all around, for unit tests."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Generic, Self, TypeVar

from services.runtime.errors import TransientFailure
from services.runtime.exactly_once.ports import BatchHandler, Message
from services.runtime.kafka.records import Record
from services.runtime.observe.health import Health
from tests.fakes.clock import FakeClock
from tests.fakes.letter_keys import FakeLetterKeys
from tests.fakes.publisher import FakePublisher, FakeTopics
from tests.fakes.stop_store import FakeStopStore

H = TypeVar("H", bound=BatchHandler)


class HandlerBench(ABC, Generic[H]):
    """The handler, and what it has done to the fakes."""

    def __init__(self, *failures: TransientFailure) -> None:
        """`failures`: those of the store of letter keys."""
        self.stops = FakeStopStore()
        self.letter_keys = FakeLetterKeys(failures)
        self.clock = FakeClock()
        self.health = Health()
        self.topics = FakeTopics()
        self.publisher = FakePublisher(self.topics)
        self.topics.writer = self.publisher
        self.handler = self.started()

    @abstractmethod
    def started(self) -> H:
        """Return the handler of a new process."""

    def restarted(self) -> Self:
        """Have another process go on."""
        self.handler = self.started()
        return self

    async def handle(self, batch: Sequence[Record]) -> list[Message]:
        """Handle a batch, and return what has been published so far."""
        await self.handler.handle(batch, self.publisher)
        return self.topics.messages
