"""A rebuild that waits for the projector shows how far that is."""

from typing import cast

from services.operations.lock import Lock
from services.operations.rebuild.rebuild import _Rebuild
from services.operations.rebuild.sources import Feed


class _Behind:
    """A projector that has so many events to go, each time it is asked."""

    def __init__(self, *answers: int) -> None:
        self._answers = iter(answers)

    async def behind(self) -> int:
        return next(self._answers)


class _Held:
    """The operators' lock, which nobody takes away."""

    def heed_loss(self) -> None:
        pass


async def _shown(*answers: int) -> list[tuple[str, int, int | None]]:
    shown: list[tuple[str, int, int | None]] = []
    making = _Rebuild.__new__(_Rebuild)
    making._feed = cast("Feed", _Behind(*answers))
    making._lock = cast("Lock", _Held())
    making._show = lambda step, done, of: shown.append((step, done, of))
    assert await making._wait_for_projector() == 0
    return shown


async def test_what_it_does_is_shown_while_it_is_behind() -> None:
    assert await _shown(5, 7, 2, 0) == [
        ("waiting for the projector", 0, 5),
        ("waiting for the projector", 0, 5),
        ("waiting for the projector", 3, 5),
    ]


async def test_a_projector_that_is_not_behind_is_not_waited_for() -> None:
    assert await _shown(0) == []
