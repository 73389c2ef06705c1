"""Handles 200 corrections of a contact that was given all it may have, within 200 MB. Run as a process of its own.

Each correction has some 800 bytes and causes 300 kB of events, since it takes everything back.
"""

import asyncio
import logging
import resource
from collections.abc import Sequence
from typing import Final

import structlog

from schemas.positions import Position
from services.classifier.cases import read
from services.classifier.encoding import Encoder
from services.classifier.handler import Handler
from services.classifier.ports import Message
from services.domain.besluit import MAX_EVER_GIVEN
from services.domain.policy import DEFAULT
from services.domain.sleutels import Sleutels
from services.runtime.observe.health import Health
from services.runtime.settings import Settings
from tests.fakes.clock import FakeClock
from tests.fakes.register_store import FakeRegisterStore
from tests.fakes.stop_store import FakeStopStore
from tests.support.contacts import Event, contact_ended, record

AT_ONCE: Final = 50
"""What one event may have of each."""

CORRECTIONS: Final = 200

MAX_BYTES: Final = 200 * 1024 * 1024

SLEUTELS: Final = Sleutels(b"a key of the tests, thirty-two bytes")


class Forgetful:
    """A publisher that keeps nothing but the numbers."""

    def __init__(self) -> None:
        self.messages = 0
        self.bytes = 0
        self.committed = 0

    async def publish(self, messages: Sequence[Message], *, next_offset: int) -> None:
        """Count what would be published."""
        self.messages += len(messages)
        self.bytes += sum(len(message.value or b"") for message in messages)
        self.committed = next_offset

    async def is_committed(self, position: Position) -> bool:
        """Whether it lies before what was committed."""
        return position.offset < self.committed


def full(revisie: int) -> Event:
    """Return a revisie with as many onderwerpen as it may have, none of which an earlier one had."""
    event = contact_ended(revisie=revisie)
    [asked] = event["data"]["onderwerpen"]
    event["data"]["onderwerpen"] = [asked | {"onderwerpId": f"o{revisie}-{at}"} for at in range(AT_ONCE)]
    return event


def short(revisie: int) -> Event:
    """Return a correction without anything to register."""
    event = contact_ended(revisie=revisie)
    event["data"]["totStandGekomen"] = False
    event["data"]["onderwerpen"] = [{"onderwerp": "Vergissing"}]
    return event


async def main() -> None:
    """Handle all of it, with all but MongoDB and Kafka as it is."""
    handler = Handler(
        read=lambda each: read(each, SLEUTELS, DEFAULT),
        store=FakeRegisterStore(),
        stop_store=FakeStopStore(),
        encoder=Encoder(Settings()),
        clock=FakeClock(),
        health=Health(),
        own_failures_limit=1,
    )
    publisher = Forgetful()
    revisies = MAX_EVER_GIVEN // AT_ONCE
    given = [full(revisie) for revisie in range(1, revisies + 1)]
    await handler.handle([record(event, offset=offset) for offset, event in enumerate(given)], publisher)
    corrections = [short(revisie) for revisie in range(revisies + 1, revisies + CORRECTIONS + 1)]
    batch = [record(event, offset=revisies + at) for at, event in enumerate(corrections)]
    await handler.handle(batch, publisher)
    peak_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(publisher.messages, publisher.bytes, publisher.committed, peak_kb)  # noqa: T201 - to the test


if __name__ == "__main__":
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    resource.setrlimit(resource.RLIMIT_AS, (MAX_BYTES, MAX_BYTES))
    asyncio.run(main())
