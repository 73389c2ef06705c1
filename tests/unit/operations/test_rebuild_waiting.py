"""A rebuild that waits for the projector shows how far it is behind."""

from typing import cast

from services.operations.lock import Lock
from services.operations.rebuild.rebuild import _Rebuild
from services.operations.rebuild.sources import Feed


class _Behind:
    """A projector that answers with these numbers of events to go, one by one."""

    def __init__(self, *answers: int) -> None:
        self._answers = iter(answers)

    async def behind(self) -> int:
        return next(self._answers)


class _Held:
    """An operators' lock that is never lost."""

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


async def test_a_rebuild_shows_how_far_the_projector_is_behind() -> None:
    assert await _shown(5, 7, 2, 0) == [
        ("waiting for the projector", 0, 5),
        ("waiting for the projector", 0, 5),
        ("waiting for the projector", 3, 5),
    ]


async def test_a_rebuild_does_not_wait_for_a_projector_that_is_up_to_date() -> None:
    assert await _shown(0) == []
