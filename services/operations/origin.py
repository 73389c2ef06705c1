"""The error of a command that nothing is known of for what it was asked."""

from services.runtime.errors import KlantcontactError


class UnknownContact(KlantcontactError):
    """Nothing is known of this contact, or not what was asked; the message says which."""
