"""The channels file: one table a channel, as in

    [kanaal.open-forms]
    mapping = "open-forms"

The mapper and the intake read the file once, when they start. A change takes effect after a restart.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, Field

from services.channels.intake_fields import IntakeFields
from services.runtime.channel_topics import CHANNELS_VARIABLE, ChannelName, ChannelTopic
from services.runtime.errors import InvalidSettings
from services.runtime.setting_forms import KafkaName
from services.runtime.settings import Settings
from services.runtime.toml_file import load_toml_file

NO_CHANNELS: Final = Path(os.devnull)
"""In place of a channels file: there are no channels, so a search for somebody leaves none out."""


class Kanaal(ChannelTopic, IntakeFields):
    """One channel: first the fields of the mapper, then those of the intake."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", hide_input_in_errors=True)

    mapping: str = Field(min_length=1)
    """The mapping: the name of one that comes with klantcontact, or a TOML file, from the folder of this file."""
    contact_topic: KafkaName | None = None
    """The topic of publishers that the events go to; without it the first of `KLANTCONTACT_CONTACT_TOPICS`."""


class Kanalen(BaseModel):
    """The whole file."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", hide_input_in_errors=True)

    kanaal: Mapping[ChannelName, Kanaal] = Field(min_length=1)


def load_channels(settings: Settings) -> Mapping[str, Kanaal]:
    """Return the channels by name, in the order of the file.

    Raises InvalidSettings, which names each mistake and its place, and when the settings name no file.
    """
    file = channels_file(settings)
    channels = load_toml_file(file, Kanalen, given_as=CHANNELS_VARIABLE).kanaal
    strangers = {
        naam: channel.contact_topic
        for naam, channel in channels.items()
        if channel.contact_topic not in {None, *settings.contact_topics}
    }
    if strangers:
        told = "; ".join(f"kanaal.{naam}.contact_topic: {topic}" for naam, topic in strangers.items())
        raise InvalidSettings(
            f"{CHANNELS_VARIABLE}: {file} names topics that the classifier does not read: {told}. Choose one of "
            "KLANTCONTACT_CONTACT_TOPICS, or add it there."
        )
    return channels


def has_no_channels(settings: Settings) -> bool:
    """Whether the settings name no channels file, or say that there are no channels."""
    return settings.kanalen_file in {None, NO_CHANNELS}


def channels_file(settings: Settings) -> Path:
    """Return the path of the file. Raises InvalidSettings when the settings name none."""
    if settings.kanalen_file is None:
        raise InvalidSettings(f"{CHANNELS_VARIABLE} is not set. It names the file with the channels: docs/channels.md.")
    return settings.kanalen_file
