"""A service that gets a signal at its worst moment, in its third batch: `struck_at_work.py SIGKILL run classifier`.

The classifier has recorded that batch then and the mapper has mapped it, and neither has published anything of it. The
projector has written nothing of it.
"""

import os
import signal
import sys
from collections.abc import Sequence
from itertools import count

from services.cli import main
from services.projector.events import Fact
from services.projector.mongo.register import MongoProjection
from services.runtime.exactly_once.ports import Message
from services.runtime.exactly_once.publisher import KafkaPublisher

BATCH = 3

_publish = KafkaPublisher.publish
_apply = MongoProjection.apply
_batches = count(1)


def struck_by(number: signal.Signals) -> Sequence[str]:
    """Return the program that is a service with this signal."""
    return sys.executable, __file__, number.name


async def _publish_when_struck(publisher: KafkaPublisher, messages: Sequence[Message], *, next_offset: int) -> None:
    _strike_in_third()
    await _publish(publisher, messages, next_offset=next_offset)


async def _apply_when_struck(projection: MongoProjection, facts: Sequence[Fact]) -> None:
    _strike_in_third()
    await _apply(projection, facts)


def _strike_in_third() -> None:
    if next(_batches) == BATCH:
        os.kill(os.getpid(), _number)


if __name__ == "__main__":
    _number = signal.Signals[sys.argv.pop(1)]
    KafkaPublisher.publish = _publish_when_struck  # type: ignore[assignment, method-assign] # so it is
    MongoProjection.apply = _apply_when_struck  # type: ignore[assignment, method-assign] # so it is
    main()
