"""`dlq redrive`: dead letters go back to be judged again, as they were or corrected.

Some hundred are sent at once, and marked when Kafka has them. A run that is interrupted between the two leaves letters
that are sent and not marked; the next run sends them again. That changes nothing: a repeat of a revisie is harmless
(`schemas/decision.md`, "Repeats"). A discard in its place marks them as discarded though they went back.
"""

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from typing import Final

from services.operations.audit.trail import Note, unnoted
from services.operations.dead_letters.content import Corrections
from services.operations.dead_letters.letters import Content, Letter
from services.operations.dead_letters.listing import Groups, LetterGroup
from services.operations.dead_letters.reading import DeadLetters, Found, dead_letters, unseen
from services.operations.dead_letters.returning import Pace, Returns, why_not
from services.operations.dead_letters.selection import LetterSelection, LetterState
from services.operations.dead_letters.show import note_letters
from services.operations.dead_letters.states import Aim, Change, History, LetterCounts, LetterStates
from services.operations.dead_letters.topics import letter_topic, letter_topics
from services.operations.kafka import started_producer
from services.operations.lock import Lock, LockLost, operator_name
from services.operations.topic_reader import Progress
from services.operations.wording import counted
from services.runtime.errors import InvalidSettings, KlantcontactError, TransientFailure
from services.runtime.kafka.clients import require_topics
from services.runtime.settings import Settings

BATCH: Final = 500
"""Letters that are sent and marked at once. As many may be sent again after an interruption."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a redrive would do: send these groups, pass over letters that went back earlier, skip some by reason."""

    groups: Sequence[LetterGroup]
    earlier: int
    skipped: Counter[str]


async def redrive(
    settings: Settings,
    selection: LetterSelection,
    *,
    corrections: Corrections | None = None,
    per_second: float | None = None,
    progress: Progress = unseen,
    counts: LetterCounts | None = None,
    note: Note = unnoted,
) -> LetterCounts:
    """Send the selected letters back to where they came from, which `note` records first, and mark them.

    `counts` is filled on the way, so that a caller that interrupts knows how far the run came. With corrections, the
    letters that these name are sent. All have to be in the topic, and open or in a state of the selection. Named
    letters that went back in the same way before are passed over.

    Raises LettersRefused before anything is sent, LockRefused while another command holds the operators' lock. Raises
    LockLost when another has taken it since, and TransientFailure or InvalidSettings when Kafka or MongoDB goes away or
    refuses; the message then says what was done.
    """
    topics = letter_topics(settings)[letter_topic(settings, selection.within)]
    await require_topics(settings, *topics)
    async with (
        dead_letters(settings, selection.within) as letters,
        letters.states.locked("dlq redrive") as lock,
        started_producer(settings, *topics) as producer,
    ):
        partitions = {topic: await producer.partitions_for(topic) for topic in topics}
        chosen = _Chosen(selection, corrections)
        counts = LetterCounts() if counts is None else counts
        run = _Run(
            states=letters.states,
            lock=lock,
            returns=Returns(producer, settings, partitions),
            chosen=chosen,
            pace=Pace(per_second),
            counts=counts,
            topics=topics,
        )
        way = _Way(counts, progress)
        size = max(1, int(min(BATCH, per_second or BATCH)))
        try:
            async for batch in chosen.found_in(letters, way.read):
                await note_letters(
                    note, [each.letter for each in batch if chosen.takes(each.history)], selection.within
                )
                for begin in range(0, len(batch), size):
                    await run.send(batch[begin : begin + size])
                    way.sent()
        except (TransientFailure, InvalidSettings, LockLost) as error:
            raise _stopped(error, run) from error
    return counts


async def planned(
    settings: Settings,
    selection: LetterSelection,
    *,
    corrections: Corrections | None = None,
    progress: Progress = unseen,
) -> Plan:
    """Return what `redrive` would do. Sends and marks nothing, and takes no lock."""
    groups, earlier, skipped = Groups(), 0, Counter[str]()
    chosen = _Chosen(selection, corrections)
    topics = letter_topics(settings)[letter_topic(settings, selection.within)]
    async with dead_letters(settings, selection.within) as letters:
        async for batch in chosen.found_in(letters, progress):
            for each in batch:
                if not chosen.takes(each.history):
                    earlier += 1
                elif reason := why_not(each.letter, chosen.content_of(each.letter), topics):
                    skipped[reason] += 1
                else:
                    groups.add(each.letter, each.history.state)
    return Plan(groups.largest_first(), earlier, skipped)


class _Chosen:
    """Which letters go back, and with which content."""

    def __init__(self, selection: LetterSelection, corrections: Corrections | None) -> None:
        self._corrections = corrections
        self._selection = replace(selection, ids=frozenset(corrections.places)) if corrections else selection
        self.aim = Aim(LetterState.REDRIVEN, corrected=corrections is not None)

    def found_in(self, letters: DeadLetters, progress: Progress) -> AsyncIterator[list[Found]]:
        """Yield them as `DeadLetters.selected` does."""
        places = self._corrections.names if self._corrections else None
        return letters.selected(self._selection, progress, aim=self.aim, places=places)

    def takes(self, history: History) -> bool:
        """Whether a letter with this history is sent; if not, it went back earlier."""
        return self._selection.takes(history.state)

    def content_of(self, letter: Letter) -> Content:
        """Return the content to send."""
        return self._corrections.instead_of(letter) if self._corrections else letter.content


@dataclass(slots=True, kw_only=True)
class _Run:
    """One redrive under way."""

    states: LetterStates
    lock: Lock
    returns: Returns
    chosen: _Chosen
    pace: Pace
    counts: LetterCounts
    topics: Sequence[str]
    by: str = field(default_factory=operator_name)

    async def send(self, batch: Sequence[Found]) -> None:
        """Send the letters that can go, mark those that Kafka has, and count the others by reason."""
        for each in batch:
            if not self.chosen.takes(each.history):
                self.counts.earlier += 1
                continue
            content = self.chosen.content_of(each.letter)
            if reason := why_not(each.letter, content, self.topics):
                self.counts.skipped[reason] += 1
            else:
                await self._send(each.letter, content)
        await self._mark()

    async def _send(self, letter: Letter, content: Content) -> None:
        await self.pace.wait()
        await self.states.confirm(self.lock)
        reason = await self.returns.send(letter, content)
        if reason is not None:
            self.counts.skipped[reason] += 1

    async def _mark(self) -> None:
        sent, now, aim = await self.returns.settle(), datetime.now(UTC), self.chosen.aim
        change = partial(Change, state=aim.state, by=self.by, at=now, corrected=aim.corrected)
        await self.states.change([(letter, change(attempt=letter.attempt)) for letter in sent], self.lock)
        self.counts.done += len(sent)
        self.returns.forget()


class _Way:
    """How far a redrive has come: the batches read before, and the letters sent of the batch at hand."""

    def __init__(self, counts: LetterCounts, progress: Progress) -> None:
        self._counts = counts
        self._progress = progress
        self._read: tuple[int, int | None] = (0, None)
        self._done_then = 0

    def read(self, done: int, of: int | None) -> None:
        """Note the reader's progress."""
        self._read = done, of
        self._done_then = self._counts.done
        self._progress(done, of)

    def sent(self) -> None:
        """Report progress, now that some more letters were sent."""
        done, of = self._read
        self._progress(done + self._counts.done - self._done_then, of)


def _stopped(error: KlantcontactError, run: _Run) -> KlantcontactError:
    told = (
        f"{error} {counted(run.counts.done, 'letter')} sent back and marked; of {run.returns.number} more it is not "
        "known. Start again: it continues where it stopped, and a letter that is sent twice changes nothing."
    )
    return TransientFailure(told, part=error.part) if isinstance(error, TransientFailure) else type(error)(told)
