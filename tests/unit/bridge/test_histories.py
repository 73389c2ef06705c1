"""Whatever the classifier publishes, in any order and however often it is read: Open Klant ends equal."""

import asyncio
import random
from collections.abc import Sequence

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.bridge.errors import Behind
from tests.support.bridge_bench import Bench, Killed, realistic
from tests.support.bridge_picture import found_picture, orphans, wanted_picture
from tests.support.projector_examples import SOURCE, Event
from tests.support.projector_histories import PUBLIC, TAAK, History, histories
from tests.support.thoroughness import examples

THOROUGH = settings(max_examples=examples(60), deadline=None, suppress_health_check=[HealthCheck.too_slow])


class Play:
    """Plays a history: the projector and the bridge each at a pace of their own, the bridge mortal."""

    def __init__(self, history: History, chance: random.Random) -> None:
        self.bench = Bench()
        self.chance = chance
        self.to_project = [realistic(each.event) for each in history.published]
        self.readable = [
            event
            for event, each in zip(self.to_project, history.published, strict=True)
            if each.topic in {PUBLIC, TAAK}
        ]

    async def run(self, *, deaths: bool) -> None:
        """Play to the end, then let the bridge read everything once more."""
        unread = [*self.readable, *self.chance.sample(self.readable, self.chance.randint(0, len(self.readable)))]
        self.chance.shuffle(unread)
        while self.to_project or unread:
            if self.to_project and (not unread or self.chance.random() < 0.5):
                self.bench.project(self.to_project.pop(0))
            else:
                unread += await self._read(unread.pop(0), deaths=deaths)
        for event in self.readable:
            await self.bench.trigger(event, settled=True)

    async def _read(self, event: Event, *, deaths: bool) -> Sequence[Event]:
        """Have the bridge read an event; return it when it is to be read again."""
        if deaths and self.chance.random() < 0.3:
            self.bench.death.at = self.chance.randint(0, 6)
            self.bench.death.takes_effect = self.chance.random() < 0.5
        try:
            await self.bench.trigger(event, settled=all(each is not event for each in self.to_project))
        except (Behind, Killed):
            return [event]
        finally:
            self.bench.death.at = None
        return []


def assert_equal(bench: Bench) -> None:
    """Assert that Open Klant has just what the projector shows, and no address without an owner."""
    assert found_picture(bench.open_klant) == wanted_picture(bench.register, sources=[SOURCE])
    assert orphans(bench.open_klant) == []


@THOROUGH
@given(history=histories(), seed=st.integers())
def test_every_order_and_repetition_ends_equal(history: History, seed: int) -> None:
    play = Play(history, random.Random(seed))
    asyncio.run(play.run(deaths=False))
    assert_equal(play.bench)


@THOROUGH
@given(history=histories(), seed=st.integers())
def test_a_bridge_that_dies_at_any_call_ends_equal(history: History, seed: int) -> None:
    play = Play(history, random.Random(seed))
    asyncio.run(play.run(deaths=True))
    assert_equal(play.bench)
