"""The dead letters of the topic, each with its history, read in batches so that any number fits in memory."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from services.operations.dead_letters.letters import Letter, LetterId, LettersRefused
from services.operations.dead_letters.selection import LetterSelection
from services.operations.dead_letters.states import Aim, History, LetterStates, letter_states
from services.operations.dead_letters.topics import letter_topic
from services.operations.topic_reader import Progress, Stretch, TopicReader, topic_reader
from services.runtime.settings import Settings


def unseen(_done: int, _of: int | None) -> None:
    """The progress that nobody sees."""


@dataclass(frozen=True, slots=True)
class Found:
    """A letter with its history."""

    letter: Letter
    history: History


class DeadLetters:
    """Reads the letters that the topic held when the reading began. A later letter is not among them."""

    def __init__(self, reader: TopicReader, states: LetterStates, topic: str) -> None:
        self._reader = reader
        self._topic = topic
        self.states = states

    async def selected(
        self,
        selection: LetterSelection,
        progress: Progress = unseen,
        *,
        aim: Aim | None = None,
        places: Mapping[LetterId, str] | None = None,
    ) -> AsyncIterator[list[Found]]:
        """Yield the selected letters in batches, of one partition in order. A batch may be empty.

        Of letters that are named by their id, those that have come to this command's aim before are among them.
        Raises LettersRefused before the first batch when a named letter is not in the topic, or in another state.
        `places`: where each was named. Raises TransientFailure when Kafka or MongoDB goes away.
        """
        named_aim = aim if selection.ids else None

        def takes(history: History) -> bool:
            return selection.takes(history.state) or (named_aim is not None and history.has_come_to(named_aim))

        if selection.ids:
            await self._require(selection, takes, places or {})
        async for batch in self._read(await self._stretches(selection), selection, progress):
            yield [each for each in batch if takes(each.history)]

    async def _require(
        self, selection: LetterSelection, takes: Callable[[History], bool], places: Mapping[LetterId, str]
    ) -> None:
        """Raise LettersRefused when some of the named letters are not in the topic, or in another state."""
        wanted = LetterSelection(ids=selection.ids)
        found: dict[LetterId, History] = {}
        async for batch in self._read(await self._stretches(wanted), wanted, unseen):
            found.update({each.letter.id: each.history for each in batch})
        reasons = [
            f"{places.get(each, '')}{each} {_why_not(found.get(each), self._topic)}"
            for each in places or sorted(selection.ids)
            if each not in found or not takes(found[each])
        ]
        if reasons:
            raise LettersRefused(reasons)

    async def one(self, letter_id: LetterId) -> Found | None:
        """Return one letter, or None when the topic does not hold it, or no longer."""
        wanted = LetterSelection(ids=frozenset({letter_id}))
        found = [each async for batch in self._read(await self._stretches(wanted), wanted, unseen) for each in batch]
        return found[0] if found else None

    async def after(self, letter: Letter, progress: Progress) -> AsyncIterator[list[Found]]:
        """Yield every letter as old as this one, or newer, in batches."""
        wanted = LetterSelection(since=letter.written_at)
        async for batch in self._read(await self._stretches(wanted), wanted, progress):
            yield batch

    async def _read(
        self, stretches: Sequence[Stretch], selection: LetterSelection, progress: Progress
    ) -> AsyncIterator[list[Found]]:
        async for records in self._reader.records(stretches, progress):
            letters = [each for each in await self.states.letters(records) if selection.fits(each)]
            histories = await self.states.histories(letters) if letters else []
            yield [Found(letter, history) for letter, history in zip(letters, histories, strict=True)]

    async def _stretches(self, selection: LetterSelection) -> list[Stretch]:
        """Return the stretches to read: with ids, only from the first to the last of each partition."""
        held = await self._reader.whole(self._topic)
        whole = await self._reader.between(held, since=selection.since, until=selection.until)
        if not selection.ids:
            return whole
        return [
            _narrowed(each, [name.offset for name in selection.ids if name.partition == each.partition])
            for each in whole
        ]


def _narrowed(stretch: Stretch, offsets: Sequence[int]) -> Stretch:
    if not offsets:
        return replace(stretch, end=stretch.begin)
    return replace(stretch, begin=max(stretch.begin, min(offsets)), end=min(stretch.end, max(offsets) + 1))


def _why_not(history: History | None, topic: str) -> str:
    if history is None:
        return f"is not in {topic}, or no longer."
    return f"is {history.told}. To take it nevertheless, add --state {history.state}."


@asynccontextmanager
async def dead_letters(settings: Settings, within: str | None = None) -> AsyncIterator[DeadLetters]:
    """Open the letters of a topic for the block. Raises as `letter_states`, and TransientFailure when Kafka is away."""
    async with letter_states(settings, within) as states, topic_reader(settings) as reader:
        yield DeadLetters(reader, states, letter_topic(settings, within))
