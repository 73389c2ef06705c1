"""Maps messages of a channel again that are still in its topic.

Without `execute` it only reads, outside any consumer group, while the services run.
"""

from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any, Final

from aiokafka import TopicPartition

from schemas.positions import Position
from services.channels.loading import MappedChannel, mapped_channels
from services.channels.outcomes import outcomes_of
from services.classifier.mongo.key import RegisterKey, configured_sleutels
from services.classifier.mongo.register import MongoRegister
from services.domain.policy import Beleid
from services.operations.audit.trail import Note, unnoted
from services.operations.map_again.comparing import Compared, MadeBefore, MappedStanding, compared, made_before
from services.operations.map_again.judging import EventJudge, MappedAnew
from services.operations.map_again.sending import Sending, sending
from services.operations.mapped_events import MappedEvent, mapped_events
from services.operations.mongo import read_register
from services.operations.replay.judging import BATCH_SIZE, CarriedRegister, of_part
from services.operations.replay.requests import Answer
from services.operations.replay.selection import ContactSelection, InvalidSelection, stretches_of
from services.operations.topic_reader import Progress, Stretch, TopicReader, next_offsets, topic_reader
from services.operations.wording import printable_id
from services.runtime.kafka.clients import admin_client
from services.runtime.kafka.records import Record, as_record
from services.runtime.settings import Settings

MAX_EVENTS: Final = 100_000
"""The most events that the messages of one run became: some 200 MB."""

TellMapped = Callable[[MappedAnew, Answer | None], None]
"""Shows one contact as soon as it is judged, and with `execute` the answer of the classifier."""


@dataclass(slots=True)
class MappedAgain:
    """What a run has shown, and, when it was executed, how the classifier answered."""

    standings: Counter[str] = field(default_factory=Counter)
    answers: Counter[str] = field(default_factory=Counter)
    trimmed: Sequence[Stretch] = ()
    """The partitions whose beginning has been removed."""
    forgotten: int = 0
    """Changed contacts that a dry run could not carry along: later ones were judged without their changes."""

    @property
    def is_as_meant(self) -> bool:
        """Whether every contact comes out as the mapping says, and the classifier did all that was shown."""
        return not self.standings[MappedStanding.CONFLICT] and self.answers.keys() <= {Answer.AS_SHOWN}

    def as_json(self) -> dict[str, Any]:
        """Return it for a program to read."""
        counts = {each.value: self.standings[each.value] for each in MappedStanding}
        return {
            "contacts": counts,
            "answers": dict(self.answers),
            "trimmed": self.trimmed,
            "forgotten": self.forgotten,
        }


async def map_again(
    settings: Settings,
    selection: ContactSelection,
    *,
    beleid: Beleid,
    execute: bool,
    tell: TellMapped,
    progress: Progress,
    note: Note = unnoted,
) -> MappedAgain:
    """Map the messages of a selection again, and show how each event differs from the one that it became before and
    what the classifier would decide; with `execute` send those that differ, which `note` records first.

    Raises InvalidSelection, InvalidSettings, TransientFailure when Kafka or MongoDB is away, and Unanswered when the
    classifier does not judge what was sent. What was judged by then stays, and a new run continues with the rest.
    """
    assert selection.topic is not None, "a selection of messages is of one topic"
    channel, sleutels = mapped_channels(settings)[selection.topic], configured_sleutels(settings)
    made = MappedAgain()
    async with AsyncExitStack() as block:
        database = await block.enter_async_context(read_register(settings))
        reader = await block.enter_async_context(topic_reader(settings))
        key = RegisterKey(database, sleutels)
        await key.check()
        stored = MongoRegister(database.client, database.name, beleid, key=key.versions)
        carried = CarriedRegister(stored)
        judge = EventJudge(stored.look_up if execute else carried.look_up, sleutels, beleid, channel.contact_topic)
        whole = await reader.whole(selection.topic)
        stretches = await stretches_of(selection, whole, reader, database)
        if selection.is_of_a_period:
            made.trimmed = [each for each in stretches if each.begin == each.first > 0]
        before = await _events_before(reader, settings, selection, stretches, progress)
        messages = _Messages(channel, before, await _mapped_up_to(settings))
        sender = await block.enter_async_context(sending(settings, database, channel)) if execute else None
        async for batch in messages.read(reader, stretches, progress):
            await _handle(await judge.judged(batch), sender, made, tell, note)
        made.forgotten = carried.forgotten
    return made


async def _handle(
    judged: Sequence[MappedAnew], sender: Sending | None, made: MappedAgain, tell: TellMapped, note: Note
) -> None:
    """Count and show a batch, and send what differs, before the next batch is looked up."""
    made.standings.update(each.standing.value for each in judged)
    to_send = [each for each in judged if each.is_to_send] if sender is not None else []
    for each in judged:
        if each not in to_send:
            tell(each, None)
    if sender is not None and to_send:
        await note({"contacts": len(to_send)}, [printable_id(each.compared.contact_id or "") for each in to_send])
        for each, answer in zip(to_send, await sender.answers(to_send), strict=True):
            made.answers[answer.value] += 1
            tell(each, answer)


async def _mapped_up_to(settings: Settings) -> Mapping[TopicPartition, int]:
    async with admin_client(settings) as admin:
        return await next_offsets(admin, settings, settings.mapper_group)


async def _events_before(
    reader: TopicReader,
    settings: Settings,
    selection: ContactSelection,
    stretches: Sequence[Stretch],
    progress: Progress,
) -> Mapping[Position, Sequence[MappedEvent]]:
    """Return the events that Kafka still holds of these messages. Raises InvalidSelection when there are too many."""
    ends = {each.place: (each.begin, each.end) for each in stretches}

    def is_selected(message: Position) -> bool:
        begin, end = ends.get(TopicPartition(message.topic, message.partition), (0, 0))
        return begin <= message.offset < end

    found: dict[Position, list[MappedEvent]] = {}
    number = 0
    async for each in mapped_events(reader, settings, since=selection.since, of=is_selected, progress=progress):
        found.setdefault(each.mapped.message, []).append(each)
        number += 1
        if number > MAX_EVENTS:
            raise InvalidSelection(
                f"More than {MAX_EVENTS:,} events came of these messages. Choose a shorter period, and do one after "
                "another."
            )
    return found


@dataclass(frozen=True, slots=True)
class _Messages:
    """Maps the messages of one channel again."""

    channel: MappedChannel
    before: Mapping[Position, Sequence[MappedEvent]]
    mapped_up_to: Mapping[TopicPartition, int]

    async def read(
        self, reader: TopicReader, stretches: Sequence[Stretch], progress: Progress
    ) -> AsyncIterator[Sequence[Compared]]:
        """Yield the contacts of these messages, a batch of messages at a time. Raises as `topic_reader` does."""
        done, total = 0, sum(each.length for each in stretches)
        for stretch in stretches:  # one after another, so that the order, which may decide, is the same every time
            shown = of_part(progress, before=done, total=total)
            async for fetched in reader.records([stretch], shown, oversized=True):
                records = [as_record(each) for each in fetched]
                for start in range(0, len(records), BATCH_SIZE):
                    yield [each for record in records[start : start + BATCH_SIZE] for each in self._compared(record)]
            done += stretch.length

    def _compared(self, record: Record) -> Sequence[Compared]:
        if record.offset >= self.mapped_up_to.get(record.place, 0):
            return [Compared(record, MappedStanding.NOT_MAPPED)]
        place = Position(record.topic, record.partition, record.offset)
        before: Mapping[str, MadeBefore] = made_before(self.before.get(place, ()))
        return list(compared(record, outcomes_of(record, self.channel.mapping), before))
