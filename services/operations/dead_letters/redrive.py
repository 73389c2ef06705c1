"""Sending dead letters back in bulk to be judged again, as they were or corrected.

What is sent is marked once Kafka has it, some hundreds at once. Interrupted between the two, a second run sends those
again, which changes nothing: the same revisie of a contact is harmless (`schemas/decision.md`, "Repeats"). So nothing
is lost, and whoever starts again goes on where it was.
"""

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Final

from services.operations.dead_letters.corrections import Corrections
from services.operations.dead_letters.listing import Group, Groups
from services.operations.dead_letters.pace import Pace
from services.operations.dead_letters.reading import DeadLetters, Found, dead_letters, unseen
from services.operations.dead_letters.returning import Returns, why_not
from services.operations.dead_letters.selection import Selection, State
from services.operations.dead_letters.states import Change, whoever_asks
from services.operations.sending import started_producer
from services.operations.topic_reader import Progress
from services.runtime.errors import InvalidSettings, TransientFailure
from services.runtime.kafka import require_topics
from services.runtime.settings import Settings

BATCH: Final = 500
"""Marked at once. As many may be sent again after an interruption."""


@dataclass(slots=True)
class Redriven:
    """How far it has come."""

    sent: int = 0
    """Sent back and marked."""
    skipped: Counter[str] = field(default_factory=Counter)
    """How many were left as they were, by reason."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a redrive would do: send these groups, and skip so many by reason."""

    groups: Sequence[Group]
    skipped: Counter[str]


async def redrive(
    settings: Settings,
    selection: Selection,
    *,
    corrections: Corrections | None = None,
    per_second: float | None = None,
    progress: Progress = unseen,
) -> Redriven:
    """Send the letters that are meant back to where they came from, and mark them.

    With corrections it is the letters that those name, which have to be there and in a state of the selection. Raises
    LettersRefused before anything is sent, TransientFailure or InvalidSettings with what was done when Kafka or MongoDB
    goes away or refuses.
    """
    await require_topics(settings, settings.contact_topic)
    async with dead_letters(settings) as letters, started_producer(settings) as producer:
        partitions = await producer.partitions_for(settings.contact_topic)
        returns = Returns(producer, settings, partitions)
        run = _Run(letters, returns, settings.contact_topic, Pace(per_second), corrections)
        way = _Way(run, progress)
        try:
            async for batch in _selected(letters, selection, corrections, way.read):
                for found in batch:
                    await run.take(found)
                    if returns.number >= min(BATCH, per_second or BATCH):
                        await run.mark()
                        way.sent()
            await run.mark()
        except (TransientFailure, InvalidSettings) as error:
            raise _stopped(error, run) from error
    return run.redriven


async def planned(
    settings: Settings,
    selection: Selection,
    *,
    corrections: Corrections | None = None,
    progress: Progress = unseen,
) -> Plan:
    """Say what `redrive` would do. Sends and marks nothing."""
    groups, skipped = Groups(), Counter[str]()
    async with dead_letters(settings) as letters:
        async for batch in _selected(letters, selection, corrections, progress):
            for each in batch:
                reason = why_not(each.letter, settings.contact_topic)
                if reason is None:
                    groups.add(each.letter, each.history.state)
                else:
                    skipped[reason] += 1
    return Plan(groups.largest_first(), skipped)


def _selected(
    letters: DeadLetters, selection: Selection, corrections: Corrections | None, progress: Progress
) -> AsyncIterator[list[Found]]:
    if corrections is None:
        return letters.selected(selection, progress)
    named = replace(selection, ids=frozenset(corrections.places))
    return letters.selected(named, progress, places=corrections.names)


class _Run:
    """One redrive under way."""

    def __init__(
        self,
        letters: DeadLetters,
        returns: Returns,
        topic: str,
        pace: Pace,
        corrections: Corrections | None,
    ) -> None:
        self._states = letters.states
        self.returns = returns
        self._topic = topic
        self._pace = pace
        self._corrections = corrections
        self._who = whoever_asks()
        self.redriven = Redriven()

    async def take(self, found: Found) -> None:
        """Send a letter, or note why not."""
        letter = found.letter
        reason = why_not(letter, self._topic)
        if reason is None:
            await self._pace.wait()
            content = self._corrections.instead_of(letter) if self._corrections else letter.content
            reason = await self.returns.send(letter, content)
        if reason is not None:
            self.redriven.skipped[reason] += 1

    async def mark(self) -> None:
        """Record what Kafka has."""
        sent, now = await self.returns.settle(), datetime.now(UTC)
        corrected = self._corrections is not None
        await self._states.change(
            (
                letter,
                Change(state=State.REDRIVEN, by=self._who, at=now, attempt=letter.attempt, corrected=corrected),
            )
            for letter in sent
        )
        self.redriven.sent += len(sent)
        self.returns.forget()


class _Way:
    """How far a redrive has come: what was read before, and what was sent of the batch at hand."""

    def __init__(self, run: _Run, progress: Progress) -> None:
        self._run = run
        self._progress = progress
        self._read: tuple[int, int | None] = (0, None)
        self._sent_then = 0

    def read(self, done: int, of: int | None) -> None:
        """Take how far the reader is."""
        self._read = done, of
        self._sent_then = self._run.redriven.sent + self._run.returns.number
        self._progress(done, of)

    def sent(self) -> None:
        """Tell how far that brings us, now that some more were sent."""
        done, of = self._read
        self._progress(done + max(0, self._run.redriven.sent - self._sent_then), of)


def _stopped(error: TransientFailure | InvalidSettings, run: _Run) -> TransientFailure | InvalidSettings:
    told = (
        f"{error} {run.redriven.sent} letters were sent back and marked; of {run.returns.number} more it is not known. "
        "Start again: it goes on where it was, and what is sent twice changes nothing."
    )
    return TransientFailure(told, part=error.part) if isinstance(error, TransientFailure) else InvalidSettings(told)
