"""The topics of dead letters: that of the classifier, that of each channel, and that of the bridge."""

from collections.abc import Mapping, Sequence

from services.operations.dead_letters.letters import InvalidFilter
from services.runtime.settings import Settings


def letter_topics(settings: Settings) -> Mapping[str, Sequence[str]]:
    """Return each topic of dead letters, with the topics that its letters came from and go back to.

    A message of a channel goes back to its raw topic, so that the mapping that runs now has it again.
    """
    of_channels = zip(settings.raw_dead_letter_topics, settings.raw_topics, strict=True)
    return {
        settings.dead_letter_topic: settings.input_topics,
        **{topic: (raw,) for topic, raw in of_channels},
        # A letter of the bridge goes back nowhere: the bridge writes from the projector's documents.
        **dict.fromkeys(settings.openklant_topics, ()),
    }


def letter_topic(settings: Settings, within: str | None) -> str:
    """Return the topic of dead letters of that name, or that of the classifier without a name. Raises InvalidFilter."""
    known = letter_topics(settings)
    if within is not None and within not in known:
        raise InvalidFilter(f"--in takes a topic of dead letters: {', '.join(known)}.")
    return within or settings.dead_letter_topic
