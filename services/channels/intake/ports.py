"""What the intake needs of the outside."""

from collections.abc import Sequence
from typing import Protocol

from schemas.cloudevents import Headers


class RawTopics(Protocol):
    """Keeps messages."""

    async def write(self, topic: str, messages: Sequence[bytes], headers: Headers) -> None:
        """Return once every message is kept, each with these headers.

        Raises Rejected when there is no room, or Kafka does not take them. A caller that can't wait cancels. Messages
        that are not kept by then can still be kept later.
        """
