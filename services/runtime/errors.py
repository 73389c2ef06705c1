"""Errors of services and commands, split by who must act."""


class KlantcontactError(Exception):
    """Something in this program went wrong."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or self.__doc__)


class TransientFailure(KlantcontactError):
    """Kafka or MongoDB can't be reached: wait and retry, nothing is skipped.

    `part` names what is away, as it is called in readiness and in metrics (`services.runtime.observe.health.Part`).
    """

    def __init__(self, message: str | None = None, *, part: str = "mongodb") -> None:
        super().__init__(message)
        self.part = part


class InvalidSettings(KlantcontactError):
    """The settings don't fit: the operator must change them.

    The message says which and how, and never a value that may be secret.
    """


class WrongUse(KlantcontactError):
    """An operator typed what a command can't do. The message says what to type instead."""


class PartitionLost(KlantcontactError):
    """Another instance has taken this partition over, and continues there."""
