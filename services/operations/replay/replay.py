"""Replay: judging contacts again that are still in the topics of publishers, or publishing their events again.

Without `execute` it only reads, outside any consumer group, while the services run.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from services.classifier.mongo.key import RegisterKey, configured_sleutels
from services.classifier.mongo.register import MongoRegister
from services.domain.herbeoordeling import Feiten
from services.domain.policy import Beleid
from services.operations.audit.trail import Note, unnoted
from services.operations.mongo import read_register
from services.operations.replay.differences import ReplaySummary
from services.operations.replay.judging import CarriedRegister, Examined, Judge
from services.operations.replay.requests import Answer, Requests, requests
from services.operations.replay.selection import ContactSelection, stretches_of
from services.operations.topic_reader import Progress, Stretch, topic_reader
from services.operations.wording import printable_id
from services.runtime.settings import Settings

Tell = Callable[[Examined, Answer | None], None]
"""Shows one contact as soon as it is examined, and with `execute` the answer of the classifier."""


@dataclass(slots=True)
class Replayed:
    """What a replay has shown, and, when it was executed, how the classifier answered."""

    summary: ReplaySummary = field(default_factory=ReplaySummary)
    answers: dict[str, int] = field(default_factory=dict)
    trimmed: Sequence[Stretch] = ()
    """The partitions whose beginning has been removed."""
    forgotten: int = 0
    """Changed contacts that a dry run could not carry along: later ones were judged without their changes."""

    def add(self, examined: Examined) -> None:
        """Count one record."""
        events = examined.to_publish.events if examined.to_publish else 0
        self.summary.add(examined.standing, examined.difference, events)

    @property
    def is_as_shown(self) -> bool:
        """Whether the classifier did all that was shown."""
        return self.answers.keys() <= {Answer.AS_SHOWN, Answer.PUBLISHED}

    def as_json(self) -> dict[str, Any]:
        """Return it for a program to read."""
        told = {"answers": self.answers, "trimmed": self.trimmed, "forgotten": self.forgotten}
        return {**self.summary.as_json(), **told}


async def replay(  # noqa: PLR0913 - keyword-only, so a call stays readable
    settings: Settings,
    selection: ContactSelection,
    *,
    beleid: Beleid,
    feiten: Feiten | None,
    execute: bool,
    tell: Tell,
    progress: Progress,
    note: Note = unnoted,
) -> Replayed:
    """Judge a selection again and show the differences; with `execute`, have the classifier judge, which
    `note` records first.

    Without `feiten` nothing is judged: it shows how many events the decisions in force have, and with `execute` has the
    classifier publish them again.

    Raises InvalidSelection and UnknownContact for contacts that can't be selected, InvalidSettings, TransientFailure
    when Kafka or MongoDB is away, and Unanswered when the classifier does not do what it was asked. Judgements made by
    then stay, and a new run continues with the rest.
    """
    sleutels = configured_sleutels(settings)
    replayed = Replayed()
    async with read_register(settings) as database, topic_reader(settings) as reader:
        key = RegisterKey(database, sleutels)
        await key.check()
        stored = MongoRegister(database.client, database.name, beleid, key=key.versions)
        carried = CarriedRegister(stored)
        judge = Judge(stored.look_up if execute else carried.look_up, sleutels, beleid, feiten)
        whole = await reader.whole(*settings.contact_topics)
        stretches = await stretches_of(selection, whole, reader, database)
        if selection.is_of_a_period:
            replayed.trimmed = [each for each in stretches if each.begin == each.first > 0]
        examined = judge.examine(reader, stretches, selection, whole, progress)
        if execute:
            async with requests(settings, database, feiten) as asking:
                await _execute(examined, asking, replayed, tell, note)
        else:
            async for batch in examined:
                for each in batch:
                    replayed.add(each)
                    tell(each, None)
            replayed.forgotten = carried.forgotten
    return replayed


async def _execute(
    examined: AsyncIterator[Sequence[Examined]], asking: Requests, replayed: Replayed, tell: Tell, note: Note
) -> None:
    async for batch in examined:
        if changed := [each for each in batch if each.difference is not None or each.to_publish is not None]:
            await note({"contacts": len(changed)}, [_id_of(each) for each in changed])
        for each in batch:
            replayed.add(each)
            if each.difference is None and each.to_publish is None:
                tell(each, None)
            else:
                await asking.ask(each)
        # Before the next batch is looked up: these judgements may change what is shown there.
        for each, answer in await asking.answers():
            replayed.answers[answer] = replayed.answers.get(answer, 0) + 1
            tell(each, answer)


def _id_of(examined: Examined) -> str:
    """Return the contactId, or where the record lies."""
    record = examined.record
    return printable_id(examined.contact_id or f"{record.topic}:{record.partition}:{record.offset}")
