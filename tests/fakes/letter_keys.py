"""The keys of dead letters in memory."""

from collections.abc import Sequence

from services.runtime.errors import TransientFailure
from services.runtime.letters.sealing import LetterKey


class FakeLetterKeys:
    """A LetterKeys that fails first, as often as it has failures."""

    def __init__(self, failures: Sequence[TransientFailure] = ()) -> None:
        self.keys: dict[str, LetterKey] = {}
        self._failures = list(failures)

    async def keep(self, keys: Sequence[LetterKey]) -> None:
        """Keep some keys."""
        if self._failures:
            raise self._failures.pop(0)
        self.keys = {each.key_id: each for each in keys} | self.keys
