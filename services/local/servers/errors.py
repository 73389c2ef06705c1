"""What can go wrong while real servers are brought up on this machine. The reader is the person at the
terminal.
"""


class LocalStackError(Exception):
    """The local stack could not do what was asked."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or self.__doc__)


class MissingTool(LocalStackError):
    """A program that the local stack needs is not installed."""


class FetchFailed(LocalStackError):
    """The jars of Apache Kafka could not be fetched."""


class StartFailed(LocalStackError):
    """A server did not start."""


class NotRunning(LocalStackError):
    """A server was asked for something that only a running one has."""
