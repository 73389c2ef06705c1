"""The raw topics in memory, for what is about HTTP alone."""

import asyncio
from collections.abc import Sequence

from schemas.cloudevents import Headers
from services.channels.intake.ports import RawTopics


class RawTopicsInMemory(RawTopics):
    """Keeps messages, once it is let."""

    def __init__(self) -> None:
        self.kept: list[tuple[str, list[bytes], Headers]] = []
        self.answers = asyncio.Event()
        """Cleared, it answers no more."""
        self.answers.set()
        self.asked = asyncio.Event()
        self.failure: Exception | None = None

    async def write(self, topic: str, messages: Sequence[bytes], headers: Headers) -> None:
        self.asked.set()
        await self.answers.wait()
        if self.failure is not None:
            raise self.failure
        self.kept.append((topic, list(messages), headers))
