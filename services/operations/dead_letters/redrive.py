"""Sending dead letters back in bulk to be judged again, as they were or corrected.

What is sent is claimed first, so that nobody discards it meanwhile, and marked once Kafka has it, some hundreds at
once. Interrupted between the two, a second run sends those again, which changes nothing: the same revisie of a contact
is harmless (`schemas/decision.md`, "Repeats"). So nothing is lost, and whoever starts again goes on where it was.
"""

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from services.operations.dead_letters.content import Corrections
from services.operations.dead_letters.letters import Content, Letter
from services.operations.dead_letters.listing import Group, Groups
from services.operations.dead_letters.reading import DeadLetters, Found, dead_letters, unseen
from services.operations.dead_letters.returning import Pace, Returns, why_not
from services.operations.dead_letters.selection import Selection, State
from services.operations.dead_letters.states import Aim, Change, History, LetterStates, Outcome, whoever_asks
from services.operations.kafka import started_producer
from services.operations.topic_reader import Progress
from services.operations.wording import counted
from services.runtime.errors import InvalidSettings, TransientFailure
from services.runtime.kafka.clients import require_topics
from services.runtime.settings import Settings

BATCH: Final = 500
"""Claimed, sent and marked at once. As many may be sent again after an interruption."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a redrive would do: send these groups, pass over what was sent earlier, and skip so many by reason."""

    groups: Sequence[Group]
    earlier: int
    skipped: Counter[str]


async def redrive(
    settings: Settings,
    selection: Selection,
    *,
    corrections: Corrections | None = None,
    per_second: float | None = None,
    progress: Progress = unseen,
    outcome: Outcome | None = None,
) -> Outcome:
    """Send the letters that are meant back to where they came from, and mark them. The outcome that is given, an empty
    one, is filled on the way, for whoever interrupts.

    With corrections it is the letters that those name, which have to be there, and open or in a state of the selection;
    of letters that are named those that went back in the same way before are passed over. Raises LettersRefused before
    anything is sent, TransientFailure or InvalidSettings with what was done when Kafka or MongoDB goes away or refuses.
    """
    await require_topics(settings, settings.contact_topic)
    async with dead_letters(settings) as letters, started_producer(settings) as producer:
        partitions = await producer.partitions_for(settings.contact_topic)
        returns = Returns(producer, settings, partitions)
        meant = _Meant(selection, corrections)
        run = _Run(letters.states, returns, settings.contact_topic, Pace(per_second), meant, outcome or Outcome())
        way = _Way(run.outcome, progress)
        size = max(1, int(min(BATCH, per_second or BATCH)))
        try:
            async for batch in meant.found_in(letters, way.read):
                for begin in range(0, len(batch), size):
                    await run.send(batch[begin : begin + size])
                    way.sent()
        except (TransientFailure, InvalidSettings) as error:
            raise _stopped(error, run) from error
    return run.outcome


async def planned(
    settings: Settings,
    selection: Selection,
    *,
    corrections: Corrections | None = None,
    progress: Progress = unseen,
) -> Plan:
    """Say what `redrive` would do. Sends and marks nothing."""
    groups, earlier, skipped = Groups(), 0, Counter[str]()
    meant = _Meant(selection, corrections)
    async with dead_letters(settings) as letters:
        async for batch in meant.found_in(letters, progress):
            for each in batch:
                if not meant.takes(each.history):
                    earlier += 1
                elif reason := why_not(each.letter, settings.contact_topic):
                    skipped[reason] += 1
                else:
                    groups.add(each.letter, each.history.state)
    return Plan(groups.largest_first(), earlier, skipped)


class _Meant:
    """Which letters go back, and with what in them."""

    def __init__(self, selection: Selection, corrections: Corrections | None) -> None:
        self._corrections = corrections
        self.selection = replace(selection, ids=frozenset(corrections.places)) if corrections else selection
        self.aim = Aim(State.REDRIVEN, corrected=corrections is not None)

    def found_in(self, letters: DeadLetters, progress: Progress) -> AsyncIterator[list[Found]]:
        """Give them as `DeadLetters.selected` does."""
        places = self._corrections.names if self._corrections else None
        return letters.selected(self.selection, progress, aim=self.aim, places=places)

    def takes(self, history: History) -> bool:
        """Tell whether a letter is to be sent, by what is recorded of it."""
        return self.selection.takes(history.state)

    def content_of(self, letter: Letter) -> Content:
        """Give what is to be sent."""
        return self._corrections.instead_of(letter) if self._corrections else letter.content


class _Run:
    """One redrive under way."""

    def __init__(
        self, states: LetterStates, returns: Returns, topic: str, pace: Pace, meant: _Meant, outcome: Outcome
    ) -> None:
        self._states = states
        self.returns = returns
        self._topic = topic
        self._pace = pace
        self._meant = meant
        self._who = whoever_asks()
        self.outcome = outcome

    async def send(self, batch: Sequence[Found]) -> None:
        """Send those that can go and mark what Kafka has; note why the others don't go."""
        found = self._still_meant([each.letter for each in batch], [each.history for each in batch])
        sendable = [letter for letter in found if self._can_go(letter)]
        if not sendable:
            return
        await self._pace.wait()  # before they are claimed: at a slow rate that takes long
        refused = []
        for number, letter in enumerate(await self._claimed(sendable)):
            if number:
                await self._pace.wait()
            reason = await self.returns.send(letter, self._meant.content_of(letter))
            if reason is not None:
                self.outcome.skipped[reason] += 1
                refused.append(letter)
        await self._mark()
        await self._states.release(refused)

    def _can_go(self, letter: Letter) -> bool:
        reason = why_not(letter, self._topic)
        if reason is not None:
            self.outcome.skipped[reason] += 1
        return reason is None

    async def _claimed(self, letters: Sequence[Letter]) -> list[Letter]:
        """Claim letters, and give those that are still to be sent: much may have been done since they were read.

        What another redrive has claimed is sent all the same: it may have been interrupted.
        """
        histories = await self._states.claim(letters, self._meant.takes)
        return self._still_meant(letters, histories)

    def _still_meant(self, letters: Sequence[Letter], histories: Sequence[History]) -> list[Letter]:
        return self.outcome.still_meant(letters, histories, self._meant.takes, self._meant.aim)

    async def _mark(self) -> None:
        sent, now = await self.returns.settle(), datetime.now(UTC)
        aim = self._meant.aim
        await self._states.change(
            (
                letter,
                Change(state=aim.state, by=self._who, at=now, attempt=letter.attempt, corrected=aim.corrected),
            )
            for letter in sent
        )
        self.outcome.done += len(sent)
        self.returns.forget()


class _Way:
    """How far a redrive has come: what was read before, and what was sent of the batch at hand."""

    def __init__(self, outcome: Outcome, progress: Progress) -> None:
        self._outcome = outcome
        self._progress = progress
        self._read: tuple[int, int | None] = (0, None)
        self._done_then = 0

    def read(self, done: int, of: int | None) -> None:
        """Take how far the reader is."""
        self._read = done, of
        self._done_then = self._outcome.done
        self._progress(done, of)

    def sent(self) -> None:
        """Tell how far that brings us, now that some more were sent."""
        done, of = self._read
        self._progress(done + self._outcome.done - self._done_then, of)


def _stopped(error: TransientFailure | InvalidSettings, run: _Run) -> TransientFailure | InvalidSettings:
    told = (
        f"{error} {counted(run.outcome.done, 'letter')} sent back and marked; of {run.returns.number} more it is not "
        "known. Start again: it goes on where it was, and what is sent twice changes nothing."
    )
    return TransientFailure(told, part=error.part) if isinstance(error, TransientFailure) else InvalidSettings(told)
