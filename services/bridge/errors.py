"""Errors between the bridge and Open Klant, split by who must act."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Final, NamedTuple

from services.runtime.errors import KlantcontactError, TransientFailure

OPEN_KLANT: Final = "openklant"
"""Open Klant as a part that a service waits for."""


class RefusedField(NamedTuple):
    """One thing that Open Klant refused: the field, and its kind. Its sentence may quote what was sent."""

    name: str
    code: str


class Unavailable(TransientFailure):
    """Open Klant does not answer, or fails: wait. Whether the call took effect is not known."""

    def __init__(self, message: str | None = None, *, call: str | None = None) -> None:
        """`call`: its method and resource, where the call itself may be to blame."""
        super().__init__(message or self.__doc__, part=OPEN_KLANT)
        self.call = call

    @property
    def is_of_change(self) -> bool:
        """Whether the call was to change something."""
        return self.call is not None and not self.call.startswith("GET ")


class CallFailed(Unavailable):
    """Open Klant fails at a call: its own fault, or that of the call."""


class CallUnanswered(Unavailable):
    """Open Klant took a call and did not answer it in time, or not to the end: its own fault, or that of the call."""

    def __init__(self, call: str, cause: str) -> None:
        """`cause`: the kind of error."""
        super().__init__(f"{call} was not answered ({cause}).", call=call)

    def __str__(self) -> str:
        return f"{super().__str__()} It may have taken effect." if self.is_of_change else super().__str__()


class NotServed(Unavailable):
    """Nothing answers there as Open Klant does: correct KLANTCONTACT_OPENKLANT_URL, or the proxy in between."""


class OrphanedAddress(Unavailable):
    """A standard address without an owner keeps Open Klant from taking any address of its kind. Somebody must remove it
    there: `klantcontact bridge doctor` says which.
    """


class TokenRefused(Unavailable):
    """Open Klant refuses the token: correct KLANTCONTACT_OPENKLANT_TOKEN_FILE, or the token's rights there."""


class CallRefused(KlantcontactError):
    """Open Klant refuses a call, and would refuse it again."""

    def __init__(self, call: str, status: int, faults: Sequence[RefusedField] = ()) -> None:
        """`call`: its method and resource."""
        told = ", ".join(f"{each.name}: {each.code}" for each in faults)
        super().__init__(f"{call} was refused with status {status}{f' ({told})' if told else ''}.")
        self.call = call
        self.status = status
        self.faults = tuple(faults)

    def names(self, code: str, *endings: str) -> bool:
        """Whether it refused a field with one of these endings, for this reason."""
        return any(each.code == code and each.name.endswith(endings) for each in self.faults)


class FailsEachTime(KlantcontactError):
    """Open Klant fails at one call again and again, or never answers it, and is well otherwise."""

    def __init__(self, failure: Unavailable, times: int) -> None:
        super().__init__(f"{failure} So it was {times} times in a row, while Open Klant answered other calls.")


class Absent(KlantcontactError):
    """Open Klant has no such row."""


class NummerBezet(KlantcontactError):
    """Our number is that of a row of somebody else's."""

    def __init__(self, resource: str) -> None:
        super().__init__(f"A row of {resource} that is not ours has our number.")
        self.resource = resource


class Behind(KlantcontactError):
    """The projector does not show the event yet: wait."""


class Leased(KlantcontactError):
    """Another instance is at work on the same thing: wait."""


class LetterReason(StrEnum):
    """Why a convergence became a dead letter. Metrics and the letter name it."""

    GEWEIGERD = "geweigerd"
    """Open Klant refuses what is wanted."""
    NUMMER_BEZET = "nummer_bezet"
    """Our number is that of a row of somebody else's."""
    FAALT = "faalt"
    """Open Klant fails at it each time."""
    EIGEN_FOUT = "eigen_fout"
    """Our own code failed."""
