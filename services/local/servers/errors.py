"""Errors while real servers are brought up on this machine. The reader is the person at the terminal."""

from services.runtime.errors import KlantcontactError


class LocalStackError(KlantcontactError):
    """The local stack could not do what was asked."""


class MissingTool(LocalStackError):
    """A program that the local stack needs is not installed."""


class FetchFailed(LocalStackError):
    """The jars of Apache Kafka could not be fetched."""


class StartFailed(LocalStackError):
    """A server did not start."""


class NotRunning(LocalStackError):
    """A server was asked for something that only a running one has."""
