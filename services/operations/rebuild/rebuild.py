"""A rebuild: new projector collections, made from the topics beside the live ones, then put in their place.

Why nothing gets lost while the projector goes on: the order of events and repeats make no difference to what is stored.
So the new collections may be filled from the topics at any time. After the swap they take in the topics' last events:
every write of the projector to the old collections came from an event that was in a topic before.
The swap itself is one step to the projector (`services/projector/mongo/swap.py`).
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Mapping
from contextlib import AbstractAsyncContextManager, suppress
from datetime import datetime
from typing import Any, Final, TypeVar
from uuid import UUID

import pymongo
from pymongo.errors import PyMongoError

from services.operations.audit.trail import Note, unnoted
from services.operations.lock import LockLost
from services.operations.mongo import databases_of
from services.operations.rebuild import sources
from services.operations.rebuild.collections import drop, identities, put_in_place, rehearse
from services.operations.rebuild.others import CarryOver
from services.operations.rebuild.record import (
    GOODBYE_SECONDS,
    RebuildRecord,
    RebuildRefused,
    RebuildState,
    locked_record,
    rebuild_told,
    swap_told,
)
from services.operations.rebuild.sources import Feed
from services.operations.rebuild.verify import Comparison, RebuildOutcome, Report, compare, compare_again
from services.operations.topic_reader import Progress, TopicReader, topic_reader
from services.operations.wording import to_the_second
from services.projector.mongo import layout
from services.projector.mongo.layout import Generation
from services.projector.mongo.register import MongoProjection, utc_now
from services.projector.mongo.swap import Phase
from services.projector.mongo.writes import Collection
from services.runtime.mongo.client import Client, connect
from services.runtime.settings import Settings
from services.runtime.waiting import pauses_within

T = TypeVar("T")

Show = Callable[[str, int, int | None], None]
"""Takes a step's name, how much of it is done, and how much there is in all when that is known."""

LITTLE: Final = 1_000
"""How many events may be left for the time that the projector stands still: some tenths of a second."""

CATCH_UPS: Final = 20
"""Each takes a fraction of the time of the one before, unless events come faster than we read. The swap takes in the
rest in any case."""

LOOKS: Final = 3
"""How often documents that differ are compared again. One that the projector has just changed differs once."""

PROJECTOR_SECONDS: Final = 10.0
"""Patience with a projector that is behind: it projects an event within a second."""


def _show_nothing(_step: str, _done: int, _of: int | None) -> None:
    pass


async def rebuild(
    settings: Settings,
    *,
    dry_run: bool = False,
    accept_differences: bool = False,
    from_live: bool = False,
    show: Show = _show_nothing,
    note: Note = unnoted,
) -> Report:
    """Build, verify and swap; or finish a swap that was interrupted.

    A rebuild that fails or is cancelled before the swap leaves nothing behind. From then on it can't be cancelled.
    Raises LockRefused while another command holds the operators' lock, and LockLost when another has taken it since;
    RebuildRefused when the operator has to do something else first, RebuildStopped for an event that it can't project,
    InvalidSettings for topics or rights that are missing, TransientFailure when Kafka or MongoDB is away.
    """
    async with topic_reader(settings) as reader:
        with rebuild_told(settings):
            async with await connect(settings) as client, _locked_record(client, settings, "rebuild") as record:
                if not dry_run:
                    await note({})
                if record.found.phase in {Phase.SWAPPING, Phase.SWAPPED}:
                    return await _finish(settings, client, reader, record, show, dry_run=dry_run)
                making = _Rebuild(settings, client, reader, record, show)
                return await making.run(dry_run=dry_run, accept_differences=accept_differences, from_live=from_live)


async def drop_old(settings: Settings, *, note: Note = unnoted) -> Mapping[Collection, int]:
    """Drop the collections of before the last rebuild, and return how many documents were in each.

    Raises RebuildRefused when a rebuild was interrupted in its swap, and as `rebuild` does.
    """
    with rebuild_told(settings):
        async with await connect(settings) as client, _locked_record(client, settings, "rebuild --drop-old") as record:
            if record.found.phase in {Phase.SWAPPING, Phase.SWAPPED}:
                raise RebuildRefused(_to_be_finished(record.found))
            await note({})
            return await drop(client[settings.mongo_database], Generation.FORMER, record.lock)


def _locked_record(client: Client, settings: Settings, command: str) -> AbstractAsyncContextManager[RebuildRecord]:
    return locked_record(databases_of(client, settings), command)


async def _finish(
    settings: Settings, client: Client, reader: TopicReader, record: RebuildRecord, show: Show, *, dry_run: bool
) -> Report:
    found = record.found
    if dry_run:
        raise RebuildRefused(_to_be_finished(found))
    finishing = _Rebuild(settings, client, reader, record, show, found)
    if found.phase is Phase.SWAPPING:
        await finishing.carry_over(await _not_in_place(client, settings, found.made))
    return await _uninterrupted(finishing.put_in_place(found.made, RebuildOutcome.FINISHED))


async def _not_in_place(client: Client, settings: Settings, made: Mapping[Collection, UUID]) -> list[Collection]:
    there = await identities(client[settings.mongo_database], Generation.LIVE)
    return [collection for collection, identity in made.items() if there.get(collection) != identity]


def _to_be_finished(found: RebuildState) -> str:
    assert found.started is not None, "it has begun"
    return (
        f"The rebuild begun at {to_the_second(found.started)} was interrupted in its swap. Run `klantcontact rebuild`, "
        "which finishes it."
    )


class _Rebuild:
    """One rebuild, step by step."""

    def __init__(
        self,
        settings: Settings,
        client: Client,
        reader: TopicReader,
        record: RebuildRecord,
        show: Show,
        interrupted: RebuildState | None = None,
    ) -> None:
        self._settings = settings
        self._database = client[settings.mongo_database]
        self._new = MongoProjection(client, settings.mongo_database, generation=Generation.NEW)
        self._live = MongoProjection(client, settings.mongo_database)
        self._record = record
        self._lock = record.lock
        self._show = show
        self._feed = Feed(reader, settings, interrupted.positions if interrupted else {}, record.skipped)
        self._carry_over = CarryOver(self._database)
        self._interrupted = None if record.found.phase is Phase.IDLE else record.found.started
        self._events = self._live_documents = self._behind = self._carried = 0
        self._live_documents_of: datetime | None = None
        self._comparisons: list[Comparison] = []

    async def run(self, *, dry_run: bool, accept_differences: bool, from_live: bool) -> Report:
        if not dry_run:
            await self._refuse_to_lose_the_former()
            await rehearse(self._database)
        await self._record.begin()
        try:
            await self._build(from_live=from_live)
            await self._verify()
            if dry_run:
                return await self._leave(RebuildOutcome.COMPARED)
            if not accept_differences and any(each.differences for each in self._comparisons):
                return await self._leave(RebuildOutcome.DIFFERENT)
            await self.carry_over(Collection)
            made = await identities(self._database, Generation.NEW)
            _heed_cancellation()
            await self._record.begin_swap(positions=self._feed.positions, made=made)
            await self._take_in(self._new, "last events")
        except BaseException:
            with suppress(PyMongoError, LockLost), pymongo.timeout(GOODBYE_SECONDS):  # else the next rebuild does it
                await self._throw_away()
            raise
        return await _uninterrupted(self.put_in_place(made, RebuildOutcome.SWAPPED))

    async def carry_over(self, collections: Iterable[Collection]) -> None:
        """Copy the fields that others own to new collections that are not in place yet."""
        self._carried += await self._carry_over.before_swap(collections, self._step("carrying over"))

    async def put_in_place(self, made: Mapping[Collection, UUID], outcome: RebuildOutcome) -> Report:
        """Do all that is left from the moment at which the projector stands still."""
        with swap_told(self._settings):
            await put_in_place(self._database, made, self._lock)
            await self._record.end_swap()
            await self._take_in(self._live, "last events")
            self._carried += await self._carry_over.after_swap(self._step("carrying over"))
            await self._record.forget_skipped(self._feed.projected_now)
            await self._record.move(Phase.IDLE)
        return self._report(outcome)

    async def _refuse_to_lose_the_former(self) -> None:
        former = await identities(self._database, Generation.FORMER)
        if former:
            names = ", ".join(Generation.FORMER.name_of(each) for each in former)
            raise RebuildRefused(
                f"The collections of before the last rebuild are still there: {names}. When all is well without them, "
                "run `klantcontact rebuild --drop-old`; then this one."
            )

    async def _build(self, *, from_live: bool) -> None:
        await drop(self._database, Generation.NEW, self._lock)
        await self._new.prepare(layout.remembered_seconds(self._settings))
        await self._take_in(self._new, "events")
        if from_live or self._feed.trimmed:
            self._live_documents_of = utc_now()
            self._live_documents = await sources.absorb(self._database, self._new, self._step("live documents"))
        for _ in range(CATCH_UPS):
            if await self._take_in(self._new, "newer events") < LITTLE:
                return

    async def _verify(self) -> None:
        self._comparisons = await compare(self._database, self._step("comparing"))
        for _ in range(LOOKS):
            if self._behind or not any(each.differences for each in self._comparisons):
                return
            await self._take_in(self._new, "newer events")
            self._behind = await self._wait_for_projector()
            self._comparisons = await compare_again(self._database, self._comparisons)

    async def _wait_for_projector(self) -> int:
        """Wait until the projector has done as much as was taken in, and return how many events it is still behind."""
        show = self._step("waiting for the projector")
        behind = at_first = await self._feed.behind()
        for pause_seconds in pauses_within(PROJECTOR_SECONDS):
            if not behind:
                return 0
            show(max(0, at_first - behind), at_first)
            await asyncio.sleep(pause_seconds)
            behind = await self._feed.behind()
        return behind

    async def _take_in(self, register: MongoProjection, step: str) -> int:
        taken = await self._feed.take_in(register, self._step(step))
        self._events += taken
        return taken

    async def _leave(self, outcome: RebuildOutcome) -> Report:
        await self._throw_away()
        return self._report(outcome)

    async def _throw_away(self) -> None:
        await self._record.move(Phase.IDLE)
        await drop(self._database, Generation.NEW, self._lock)

    def _step(self, step: str) -> Progress:
        def show(done: int, of: int | None) -> None:
            _heed_cancellation()
            self._lock.heed_loss()
            self._show(step, done, of)

        return show

    def _report(self, outcome: RebuildOutcome) -> Report:
        return Report(
            outcome=outcome,
            interrupted=self._interrupted,
            events=self._events,
            passed_over=dict(self._feed.passed_over),
            trimmed=self._feed.trimmed,
            live_documents_of=self._live_documents_of,
            live_documents=self._live_documents,
            comparisons=self._comparisons,
            projector_behind=self._behind,
            carried_over=self._carried,
        )


def _heed_cancellation() -> None:
    """Raise CancelledError where `wait_for` of Python 3.11, which the driver uses, lost it (gh-86296: till 3.12)."""
    current = asyncio.current_task()
    if current is not None and current.cancelling():
        raise asyncio.CancelledError


async def _uninterrupted(work: Coroutine[Any, Any, T]) -> T:
    """Return the result of the work, which goes on to its end when this task is cancelled meanwhile."""
    task = asyncio.ensure_future(work)
    while True:
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            if task.cancelled():
                raise
            current = asyncio.current_task()
            assert current is not None, "we are in one"
            current.uncancel()
