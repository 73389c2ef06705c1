"""Where the events of a decision go. A confidential contact has streams of its own, so that Kafka's rights part them.

Source: `schemas/decision.md`, "Rows".
"""

from enum import StrEnum


class Stream(StrEnum):
    """Where an event goes; the settings name the topic of each."""

    REGISTERED = "registered"
    CONFIDENTIAL = "confidential"
    TAAK = "taak"
    CONFIDENTIAL_TAAK = "confidential_taak"


def klantcontact_stream(*, vertrouwelijk: bool) -> Stream:
    """Return where the klantcontacten of a contact go."""
    return Stream.CONFIDENTIAL if vertrouwelijk else Stream.REGISTERED


def taak_stream(*, vertrouwelijk: bool) -> Stream:
    """Return where the interne taken of a contact go."""
    return Stream.CONFIDENTIAL_TAAK if vertrouwelijk else Stream.TAAK


def moved_to(stream: Stream, before: tuple[Stream, ...]) -> tuple[Stream, ...]:
    """Return the streams that a thing was ever on, the present one last."""
    return (*(each for each in before if each is not stream), stream)
