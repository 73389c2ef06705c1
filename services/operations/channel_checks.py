"""The doctor's check of the channels file: its mappings can be used, and the policy allows their sources."""

from collections.abc import Iterable, Mapping
from typing import Final

from services.channels.channels_file import has_no_channels
from services.channels.loading import MappedChannel, mapped_channels
from services.domain.policy import Beleid
from services.operations.checks import Check, failed
from services.runtime.errors import InvalidSettings
from services.runtime.settings import Settings

NAME: Final = "channels"

STRANGER_ADVICE: Final = (
    "The classifier refuses every event of such a channel. Name its source in the policy under `bronnen`, with that "
    "topic, or correct `bron` in the mapping."
)


def channel_checks(settings: Settings, beleid: Beleid) -> Iterable[Check]:
    """Yield the check; nothing where there are no channels."""
    if has_no_channels(settings):
        return
    try:
        channels = mapped_channels(settings)
    except InvalidSettings as error:
        yield failed(NAME, error)
        return
    strangers = [each for each in channels.values() if not _may_speak(each, beleid)]
    if strangers:
        found = "; ".join(
            f"{each.naam}: {each.mapping.bron} may not write to {each.contact_topic}" for each in strangers
        )
        yield Check(name=NAME, ok=False, found=found, advice=STRANGER_ADVICE)
    else:
        yield Check(name=NAME, ok=True, found="\n".join(_told(channels)))


def _may_speak(channel: MappedChannel, beleid: Beleid) -> bool:
    """Whether the policy names the source of a channel for its topic, or names no source at all."""
    bron = beleid.bronnen.get(channel.mapping.bron)
    if bron is None:
        return not beleid.bronnen
    return bron.topics is None or channel.contact_topic in bron.topics


def _told(channels: Mapping[str, MappedChannel]) -> Iterable[str]:
    for topic, channel in channels.items():
        yield f"{channel.naam}: {channel.mapping.label}, from {topic} to {channel.contact_topic}"
