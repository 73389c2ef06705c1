"""The raw topics in memory, for tests of HTTP alone."""

import asyncio
from collections.abc import Sequence

from schemas.cloudevents import Headers
from services.channels.intake.ports import RawTopics


class RawTopicsInMemory(RawTopics):
    """Keeps messages, as soon as a test allows it."""

    def __init__(self) -> None:
        self.kept: list[tuple[str, list[bytes], Headers]] = []
        self.answers = asyncio.Event()
        """While a test has cleared it, no call is answered."""
        self.answers.set()
        self.asked = asyncio.Event()
        self.failure: Exception | None = None

    async def write(self, topic: str, messages: Sequence[bytes], headers: Headers) -> None:
        self.asked.set()
        await self.answers.wait()
        if self.failure is not None:
            raise self.failure
        self.kept.append((topic, list(messages), headers))
