"""What an operator can ask of a replay that can't be done."""

from services.runtime.errors import KlantcontactError


class InvalidSelection(KlantcontactError):
    """What was asked for does not exist."""


class UnknownContact(KlantcontactError):
    """Nothing is known of this contact."""


class Unanswered(KlantcontactError):
    """The classifier has not answered what it was asked."""
