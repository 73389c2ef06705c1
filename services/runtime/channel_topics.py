"""The raw topics of the channels, as the channels file names them. Most processes need nothing else of that file.

A process reads the file once. The mapper and the intake check the rest of it
(`services/channels/channels_file.py`).
"""

from functools import cache
from pathlib import Path
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field

from schemas.raw_messages import raw_topic_of
from services.runtime.setting_forms import KafkaName
from services.runtime.toml_file import load_toml_file

CHANNELS_VARIABLE: Final = "KLANTCONTACT_KANALEN_FILE"

NOT_SEARCHED: Final = (
    f"{CHANNELS_VARIABLE} is not set, so no raw topic of a channel was searched, nor its dead letters. "
    "Set it to the channels file, or to /dev/null where there are no channels."
)
"""For a person who asked where something lies."""

ChannelName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,59}$")]
"""The name of a channel, which stands in a topic, a path of the intake and metrics."""


class ChannelTopic(BaseModel):
    """One channel, of which only the topic is read."""

    model_config = ConfigDict(frozen=True, strict=True, hide_input_in_errors=True)

    topic: KafkaName | None = None
    """The raw topic; without it `kanaal.<naam>`."""

    def topic_of(self, naam: str) -> str:
        """Return the raw topic of this channel, whose name stands before its table."""
        return self.topic or raw_topic_of(naam)


class _ChannelTopics(BaseModel):
    model_config = ChannelTopic.model_config

    kanaal: dict[ChannelName, ChannelTopic] = {}


@cache
def raw_topics_in(file: Path) -> tuple[str, ...]:
    """Return the raw topics that a channels file names, in its order.

    Raises InvalidSettings when it can't be read, is no TOML, or names something that is no channel or topic.
    """
    channels = load_toml_file(file, _ChannelTopics, given_as=CHANNELS_VARIABLE).kanaal
    return tuple(channel.topic_of(naam) for naam, channel in channels.items())
