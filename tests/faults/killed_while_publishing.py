"""A classifier that is killed at its worst moment: its third batch is recorded, and nothing of it is published."""

import os
import signal
from collections.abc import Sequence
from itertools import count

from services.cli import main
from services.runtime.exactly_once.ports import Message
from services.runtime.exactly_once.publisher import KafkaPublisher

BATCH = 3

_publish = KafkaPublisher.publish
_batches = count(1)


async def _publish_or_die(publisher: KafkaPublisher, messages: Sequence[Message], *, next_offset: int) -> None:
    if next(_batches) == BATCH:
        os.kill(os.getpid(), signal.SIGKILL)
    await _publish(publisher, messages, next_offset=next_offset)


if __name__ == "__main__":
    KafkaPublisher.publish = _publish_or_die  # type: ignore[assignment, method-assign] # so it is
    main()
