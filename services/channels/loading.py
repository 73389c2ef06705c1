"""Reads mappings from their files."""

from collections.abc import Mapping
from pathlib import Path

from schemas.values import value_class
from services.channels.channels_file import channels_file, load_channels
from services.channels.mapping.errors import InvalidMapping, WrongPlace
from services.channels.mapping.files import shipped_file, shipped_names
from services.channels.mapping.mapping import ChannelMapping, load
from services.runtime.errors import InvalidSettings
from services.runtime.settings import Settings


@value_class(frozen=True, slots=True)
class MappedChannel:
    """A channel as the mapper knows it."""

    naam: str
    mapping: ChannelMapping
    contact_topic: str
    """Where its events go."""


def load_mapping(given: str, *, folder: Path = Path()) -> ChannelMapping:
    """Return the mapping that comes with klantcontact under that name, or that of a file, by its path from a folder.

    Raises InvalidMapping.
    """
    file = shipped_file(given) or folder / given
    try:
        text = file.read_text("utf-8")
    except OSError as error:
        known = ", ".join(shipped_names())
        raise InvalidMapping(
            given, [WrongPlace("", f"It can't be read ({error.strerror}). Name a TOML file, or one of {known}.")]
        ) from None
    except UnicodeDecodeError:
        raise InvalidMapping(given, [WrongPlace("", "This is not UTF-8. Save it as UTF-8.")]) from None
    return load(text, str(file))


def mapped_channels(settings: Settings) -> Mapping[str, MappedChannel]:
    """Return the channels of the channels file with their mappings, by raw topic.

    Raises InvalidSettings, which names every mistake in all of these files.
    """
    folder = channels_file(settings).parent
    made: dict[str, MappedChannel] = {}
    mistakes: list[str] = []
    for naam, kanaal in load_channels(settings).items():
        try:
            mapping = load_mapping(kanaal.mapping, folder=folder)
        except InvalidMapping as error:
            mistakes.append(str(error))
        else:
            contact_topic = kanaal.contact_topic or settings.contact_topics[0]
            made[kanaal.topic_of(naam)] = MappedChannel(naam, mapping, contact_topic)
    if mistakes:
        raise InvalidSettings("\n".join(["Some mappings can't be used:", *mistakes]))
    return made
