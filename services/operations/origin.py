"""Which contact was asked for: what an event calls it, and the error when nothing is known of it."""

from schemas.reading.origin import Origin, origin_of
from services.runtime.errors import KlantcontactError

__all__ = ["Origin", "UnknownContact", "origin_of"]


class UnknownContact(KlantcontactError):
    """Nothing is known of this contact, or not what was asked; the message says which."""
