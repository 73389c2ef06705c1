"""The port of the intake: where it writes messages."""

from collections.abc import Sequence
from typing import Protocol

from schemas.cloudevents import Headers


class RawTopics(Protocol):
    """The raw topics of the channels."""

    async def write(self, topic: str, messages: Sequence[bytes], headers: Headers) -> None:
        """Write messages, each with these headers. Return when Kafka has acknowledged all of them.

        Raises Rejected when there is no room, or Kafka refuses them. A caller that can't wait cancels; Kafka may still
        get the messages after that.
        """
