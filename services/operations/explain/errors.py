"""What can't be explained as it was asked."""

from services.runtime.errors import KlantcontactError


class UnknownContact(KlantcontactError):
    """Nothing is known of this contact."""


class SeveralContacts(KlantcontactError):
    """What was asked for means several contacts; the message names them and the options that choose."""
