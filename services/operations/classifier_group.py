"""Waiting until the classifier has handled what an operator asked of it, seen from outside its group."""

import asyncio
import time
from collections.abc import Iterable, Mapping
from typing import Final

from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from schemas.positions import Position
from services.operations.topic_reader import next_offsets
from services.runtime.errors import KlantcontactError
from services.runtime.settings import Settings

PATIENCE_SECONDS: Final = 60.0
"""How long the classifier may get no further. After a crash, another instance takes over within half of it."""

LOOK_SECONDS: Final = 0.2
"""Between two looks at the committed offsets of the classifier: a batch takes about as long."""


class Unanswered(KlantcontactError):
    """The classifier gets no further with what was asked of it. The requests stay in the topic."""


def ends_of(places: Iterable[Position]) -> dict[TopicPartition, int]:
    """Return for each partition the offset behind the last of these records."""
    ends: dict[TopicPartition, int] = {}
    for each in places:
        partition = TopicPartition(each.topic, each.partition)
        ends[partition] = max(ends.get(partition, 0), each.offset + 1)
    return ends


async def until_committed(
    admin: AIOKafkaAdminClient, settings: Settings, ends: Mapping[TopicPartition, int], number: int
) -> None:
    """Wait until the classifier's group has committed up to these offsets, behind `number` requests.

    Raises Unanswered when it gets no further, and as `next_offsets` does.
    """
    far, since = -1, time.monotonic()
    while True:
        committed = await next_offsets(admin, settings, settings.classifier_group)
        # No further than the requests lie: records that arrive after them are no answer.
        reached = {partition: min(committed.get(partition, 0), end) for partition, end in ends.items()}
        if reached == ends:
            return
        if (now_far := sum(reached.values())) > far:
            far, since = now_far, time.monotonic()
        elif time.monotonic() - since > PATIENCE_SECONDS:
            raise Unanswered(
                f"The classifier has got no further for {PATIENCE_SECONDS:.0f} seconds with the last {number} "
                "requests: is it running (`klantcontact doctor`)? The requests stay in the topic, and it handles "
                "them as soon as it runs. Start this again then to see the rest."
            )
        await asyncio.sleep(LOOK_SECONDS)
