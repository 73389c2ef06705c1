"""When a repeat is published again, and when nothing goes out: `docs/architecture/exactly-once.md`, "A contact is sent
again".
"""

from collections import defaultdict
from dataclasses import replace

from aiokafka import TopicPartition

from schemas.positions import Position
from services.classifier.cases import read
from services.classifier.encoding import Encoder
from services.classifier.handler import Handler
from services.classifier.instructions import with_publish_again
from services.domain.case import Case
from services.domain.events import Event
from services.domain.ids import contact_key
from services.domain.policy import DEFAULT
from services.domain.sleutels import Sleutels
from services.runtime.exactly_once.ports import Message
from services.runtime.kafka.records import Record
from services.runtime.observe.health import Health
from services.runtime.settings import Settings
from tests.fakes.clock import FakeClock
from tests.fakes.letter_keys import FakeLetterKeys
from tests.fakes.publisher import FakePublisher, FakeTopics
from tests.fakes.register_store import FakeRegisterStore
from tests.fakes.stop_store import FakeStopStore
from tests.support.contacts import SOURCE, TOPIC, contact_ended, record, records
from tests.support.sealed import SEALER

SLEUTELS = Sleutels(b"a key of the tests, thirty-two bytes")
OTHER_TOPIC = "contact.ended.other"
OTHERS = Sleutels(b"another key of the tests, 32 bytes!!")


class _Instances:
    """Two instances with a partition or a topic each, and one register."""

    def __init__(self) -> None:
        self.store = FakeRegisterStore()
        self.encoder = _Encoder(Settings(), SEALER)
        self.topics = defaultdict[TopicPartition, FakeTopics](FakeTopics)
        self.handler = Handler(
            read=lambda each: read(each, SLEUTELS, DEFAULT),
            store=self.store,
            stop_store=FakeStopStore(),
            letter_keys=FakeLetterKeys(),
            encoder=self.encoder,
            clock=FakeClock(),
            health=Health(),
            own_failures_limit=9,
        )

    async def handle(self, *batch: Record) -> int:
        """Handle records of one partition; return how many messages they cause."""
        publisher = FakePublisher(self.topics[batch[0].place])
        await publisher.take_over()
        await self.handler.handle(batch, publisher)
        return sum(len(messages) for messages, _ in publisher.transactions)

    def committed(self, partition: int, offset: int) -> None:
        """Have the other instances learn that the group has come so far."""
        for elsewhere in (TopicPartition(TOPIC, 1 - partition), TopicPartition(OTHER_TOPIC, partition)):
            self.topics[elsewhere].committed_elsewhere[TopicPartition(TOPIC, partition)] = offset

    def sent_with(self) -> Position | None:
        return self.store.register.besluiten[contact_key(SOURCE, "c-1")].goes_out_with


class _Encoder(Encoder):
    fails = False

    def _message(self, event: Event) -> Message:
        if self.fails:
            raise ValueError
        return super()._message(event)


def _again(offset: int, *, partition: int = 0, topic: str = TOPIC) -> Record:
    return record(contact_ended(), offset=offset, partition=partition, topic=topic)


async def test_a_contact_that_is_sent_a_hundred_times_is_published_once() -> None:
    instances = _Instances()
    assert await instances.handle(*records(*[contact_ended()] * 100)) == 2
    assert await instances.handle(_again(100), _again(101)) == 0


async def test_the_same_record_handled_again_after_a_crash_is_published_again() -> None:
    instances = _Instances()
    await instances.handle(_again(5))
    assert await instances.handle(_again(5), _again(6)) == 2


async def test_in_another_partition_it_is_published_only_while_the_first_is_not_committed() -> None:
    instances = _Instances()
    await instances.handle(_again(5))
    instances.committed(0, 5)
    assert await instances.handle(_again(0, partition=1), _again(1, partition=1)) == 2
    assert instances.sent_with() == Position(TOPIC, 1, 0)

    committed = _Instances()
    await committed.handle(_again(5))
    committed.committed(0, 6)
    assert await committed.handle(_again(0, partition=1)) == 0
    assert committed.sent_with() == Position(TOPIC, 0, 5)


async def test_in_another_topic_it_is_published_only_while_the_first_is_not_committed() -> None:
    """Partition and offset are those of the first record."""
    instances = _Instances()
    await instances.handle(_again(5))
    instances.committed(0, 5)
    assert await instances.handle(_again(5, topic=OTHER_TOPIC), _again(6, topic=OTHER_TOPIC)) == 2
    assert instances.sent_with() == Position(OTHER_TOPIC, 0, 5)

    committed = _Instances()
    await committed.handle(_again(5))
    committed.committed(0, 6)
    assert await committed.handle(_again(5, topic=OTHER_TOPIC)) == 0
    assert committed.sent_with() == Position(TOPIC, 0, 5)


async def test_the_first_record_goes_out_when_the_repeat_that_took_its_place_never_did() -> None:
    instances = _Instances()
    await instances.handle(_again(5))
    await instances.handle(_again(0, partition=1))
    assert await instances.handle(_again(5)) == 2, "neither is committed"
    instances.committed(0, 6)
    assert await instances.handle(_again(0, partition=1)) == 0, "the first is, and went out with its position"


async def test_a_topic_that_was_made_anew_gives_the_events_again_and_not_each_time() -> None:
    instances = _Instances()
    await instances.handle(_again(5_000))
    assert await instances.handle(_again(3), _again(4), _again(5)) == 2
    assert await instances.handle(_again(6)) == 0


async def test_a_higher_revisie_and_what_repeats_it_are_told_apart_from_what_repeats_the_lower() -> None:
    instances = _Instances()
    await instances.handle(_again(5_000))
    higher = contact_ended(revisie=2)
    assert await instances.handle(_again(0), record(higher, offset=1), record(higher, offset=2)) == 4


async def test_events_on_which_our_code_failed_go_out_when_the_contact_comes_again() -> None:
    instances = _Instances()
    instances.encoder.fails = True
    assert await instances.handle(_again(0)) == 1, "a dead letter"
    instances.encoder.fails = False
    assert await instances.handle(_again(1), _again(2)) == 2


async def test_events_of_a_repeat_on_which_our_code_failed_go_out_when_the_contact_comes_again() -> None:
    instances = _Instances()
    await instances.handle(_again(5_000))
    instances.encoder.fails = True
    await instances.handle(_again(0))
    instances.encoder.fails = False
    assert await instances.handle(_again(1), _again(2)) == 2


def _asked(sleutels: Sleutels, *, offset: int, revisie: int = 1) -> Record:
    contact = record(contact_ended(revisie=revisie))
    case = read(contact, SLEUTELS, DEFAULT)
    assert isinstance(case, Case)
    return record(contact_ended(), offset=offset, headers=with_publish_again((), case, sleutels))


async def test_an_operator_can_ask_for_the_events() -> None:
    instances = _Instances()
    await instances.handle(_again(0))
    assert await instances.handle(_asked(SLEUTELS, offset=1), _asked(SLEUTELS, offset=2), _again(3)) == 4


async def test_what_an_operator_asked_for_goes_out_once_when_it_is_handled_again_after_a_crash() -> None:
    instances = _Instances()
    await instances.handle(_again(0))
    copy = _asked(SLEUTELS, offset=2)
    await instances.handle(_again(1), copy)  # its transaction is lost: the group is still at 1
    assert await instances.handle(_again(1), copy) == 2


async def test_what_an_operator_asked_for_takes_over_what_nobody_may_have_seen() -> None:
    instances = _Instances()
    await instances.handle(_again(5))
    copy = replace(_asked(SLEUTELS, offset=0), partition=1)
    assert await instances.handle(copy, _again(1, partition=1)) == 2
    assert instances.sent_with() == Position(TOPIC, 1, 0)


async def test_a_request_that_nobody_with_the_key_has_made_asks_nothing() -> None:
    instances = _Instances()
    await instances.handle(_again(0))
    assert await instances.handle(_asked(OTHERS, offset=1), _asked(SLEUTELS, offset=2, revisie=2)) == 0
