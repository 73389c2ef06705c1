"""What became of the messages of the channel: each that was answered 2xx lies in the raw topic, and each that lies
there is an event or a letter, once.

The events themselves are records of `contact.ended`, so the checker judges what came of them as of all others.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from confluent_kafka import Message

from schemas.dead_letters import KIND
from schemas.raw_messages import MESSAGE
from services.channels.mapping.mapping import ChannelMapping, load
from services.channels.mapping.outcome import MappedContact, SkippedContact
from services.runtime.settings import Settings
from tests.chaos.channel import MAPPING, NAAM
from tests.chaos.load import digest_of
from tests.chaos.platform import Platform
from tests.chaos.violations import Violation
from tests.support.kafka_tools import read_committed
from tests.support.raw_channels import headers_of, place_in


@dataclass(frozen=True)
class SeenChannel:
    """The raw topic, and what a committed reader sees of what the mapper made. A place is `topic:partition:offset`."""

    raw: Mapping[str, bytes]
    events: Sequence[tuple[str, bytes]]
    """The place of the message, and the event that came of it."""
    letters: Sequence[tuple[str, str]]
    """The same, with the kind of the letter."""


def observe_channel(settings: Settings) -> SeenChannel:
    """Read all three topics."""

    def read(topics: Sequence[str]) -> Sequence[Message]:
        return read_committed(settings.kafka_bootstrap, list(topics))

    contacts = [(headers_of(each).get(MESSAGE), each.value() or b"") for each in read(settings.contact_topics)]
    return SeenChannel(
        raw={
            f"{each.topic()}:{each.partition()}:{each.offset()}": each.value() or b""
            for each in read(settings.raw_topics)
        },
        events=[(place, value) for place, value in contacts if place is not None],
        letters=[(place_in(each), headers_of(each)[KIND]) for each in read(settings.raw_dead_letter_topics)],
    )


def check_channel(seen: SeenChannel, platform: Platform) -> Iterator[Violation]:
    """Compare all of it with what the platform sent, and with the mapping."""
    if undelivered := len(platform.attempts.keys() - set(platform.accepted)):
        yield Violation("not recovered", f"the intake did not accept {undelivered} messages")
    yield from _kept(seen, platform.attempts, platform.accepted)
    made: defaultdict[str, list[bytes | str]] = defaultdict(list)
    for place, event in seen.events:
        made[place].append(event)
    for place, kind in seen.letters:
        made[place].append(kind)
    mapping = load(MAPPING, NAAM)
    for place, value in seen.raw.items():
        yield from _compared(place, _meant(mapping, value), made.pop(place, []))
    for place in made:
        yield Violation("doubled", f"an event or a letter of a message at {place}, where none lies")


def _meant(mapping: ChannelMapping, message: bytes) -> list[bytes | str]:
    """Return the event that a message becomes, or the kind of its letter; nothing where the mapping skips it."""
    outcomes = mapping.map_json(message)
    return [
        each.value if isinstance(each, MappedContact) else each.kind.value
        for each in outcomes
        if not isinstance(each, SkippedContact)
    ]


def _kept(seen: SeenChannel, attempts: Counter[bytes], accepted: Sequence[bytes]) -> Iterator[Violation]:
    copies = Counter(map(digest_of, seen.raw.values()))
    for digest in accepted:
        if not copies[digest]:
            yield Violation("lost by the intake", f"message {digest.hex()[:12]}, which was answered 2xx")
    for digest, times in copies.items():
        if times > attempts[digest]:
            what = f"message {digest.hex()[:12]} lies {times} times in the raw topic, sent {attempts[digest]} times"
            yield Violation("doubled", what)


def _compared(place: str, meant: Sequence[bytes | str], made: Sequence[bytes | str]) -> Iterator[Violation]:
    """Yield what is wrong with what came of one message."""
    if len(made) < len(meant):
        yield Violation("lost", f"the event or letter of the message at {place}")
    elif len(made) > len(meant):
        yield Violation("doubled", f"{len(made)} events or letters of the message at {place}, not {len(meant)}")
    elif list(made) != list(meant):
        yield Violation("decided otherwise", f"what came of the message at {place}")
