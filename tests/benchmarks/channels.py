"""The mapper over messages of a platform: an example of a shipped mapping, each time with another id."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from schemas.raw_messages import dead_letter_topic_of, raw_topic_of
from services.channels.mapping.files import EXAMPLES, SHIPPED
from tests.benchmarks.figures import Run
from tests.benchmarks.ground import Filled, Ground
from tests.benchmarks.product import Services
from tests.benchmarks.watch import measure
from tests.support.kafka_tools import make_topics


@dataclass(frozen=True, kw_only=True)
class Channel:
    """A shipped mapping, one of its examples, and where the id of a contact stands in it."""

    mapping: str
    example: str
    id_at: tuple[str, ...]


CHANNELS: Final[Mapping[str, Channel]] = {
    "mapper: Open Forms": Channel(
        mapping="open-forms", example="V4-digid-intrekken.jsonl", id_at=("metadata", "public_reference")
    ),
    "mapper: Genesys": Channel(mapping="genesys-cloud", example="V4-nawerkcode.json", id_at=("conversationId",)),
}
"""The usual one, and the one whose messages are deepest."""


def filled(ground: Ground, channel: Channel, events: int, *, partitions: int) -> Filled:
    """Fill the raw topic of a channel, and make that of its dead letters."""
    topic = raw_topic_of(channel.mapping)
    make_topics(ground.bootstrap, topic, dead_letter_topic_of(topic), partitions=partitions)
    ground.publish(topic, _messages(channel, events))
    return ground.filled([topic])


def _messages(channel: Channel, events: int) -> Iterator[tuple[bytes, bytes]]:
    """Yield messages, each with a key that spreads them."""
    text = (SHIPPED / channel.mapping / EXAMPLES / channel.example).read_text("utf-8")
    tree: Any = json.loads(text if channel.example.endswith(".json") else text.splitlines()[0])
    holder = tree
    for name in channel.id_at[:-1]:
        holder = holder[name]
    for number in range(events):
        holder[channel.id_at[-1]] = f"bench-{number}"
        yield str(number).encode(), json.dumps(tree).encode()


def mapped(services: Services, channel: Channel, *, partitions: int) -> Run:
    """Run the mapper over the messages of a channel."""
    contacts = f"{services.name}.contact.ended"
    make_topics(services.ground.bootstrap, contacts, partitions=partitions)
    file = Path(services.ground.folder, f"{services.name}.toml")
    file.write_text(f'[kanaal.{channel.mapping}]\nmapping = "{channel.mapping}"\n', "utf-8")
    own = {"contact_topics": contacts, "kanalen_file": str(file), "mapper_group": f"{services.name}-mapper"}
    mapping = replace(services, settings={**services.settings, **own})
    shown = measure(services.ground, mapping.job("mapper", services.contacts))
    services.ground.forget(topics=[contacts], database=services.name)
    return shown
