"""What can go wrong with dead letters through what an operator asks; what is away is a TransientFailure."""

from collections.abc import Sequence

from services.runtime.errors import KlantcontactError


class DeadLetterError(KlantcontactError):
    """This can't be done with these dead letters."""


class InvalidFilter(DeadLetterError):
    """The filter can't be read; the message says what is wanted."""


class LettersRefused(DeadLetterError):
    """Some of the letters that were named can't be taken, so none was. One line says why for each."""

    def __init__(self, reasons: Sequence[str]) -> None:
        """Take all reasons; the first of them are shown."""
        more = [f"… and {len(reasons) - MAX_REASONS} more"] if len(reasons) > MAX_REASONS else []
        super().__init__("\n".join(["Nothing was done:", *(f"  {each}" for each in [*reasons[:MAX_REASONS], *more])]))


MAX_REASONS = 20
"""That many lines fit on a screen; whoever has mended those starts again."""
