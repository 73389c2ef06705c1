"""`klantcontact explain`: why a contact was registered or not, and what came of it.

It reads the decision record, the projector's collections, the bridge's state, the topics and the dead letters; it
changes nothing.
"""

from dataclasses import dataclass

from schemas.reading.origin import Origin
from services.classifier.mongo.register import kept_without_trace
from services.domain.besluit import BesluitRecord
from services.operations.explain.channel_letters import ChannelLetters, read_channel_letters
from services.operations.explain.contact_records import Sighting, read_contact_records
from services.operations.explain.in_kafka import InKafka, look
from services.operations.explain.letters import Letters, Sought, read_letters
from services.operations.explain.open_klant import InOpenKlant, read_in_open_klant
from services.operations.explain.projected import Projected, read_projected
from services.operations.explain.search import Asked, Name, TellLine, find_besluit, untold
from services.operations.mongo import read_databases
from services.operations.origin import UnknownContact
from services.operations.topic_reader import Progress, topic_reader, unseen
from services.operations.wording import printable_id
from services.runtime.channel_topics import NOT_SEARCHED
from services.runtime.errors import InvalidSettings, TransientFailure
from services.runtime.settings import Settings


@dataclass(frozen=True, slots=True)
class Explained:
    """A contact that was decided."""

    besluit: BesluitRecord
    projected: tuple[Projected, ...]
    open_klant: tuple[InOpenKlant, ...]
    """Empty where no bridge runs."""
    kafka: InKafka | None
    """None: Kafka could not be read."""
    kafka_fault: str | None
    """Why it could not; the decision is explained without it."""


@dataclass(frozen=True, slots=True)
class NotDecided:
    """A contact that has no decision record, and that Kafka holds or that a message of a channel could hold."""

    contact_id: str
    sightings: tuple[Sighting, ...]
    letters: Letters | None
    """None: the dead letters were not read."""
    of_channels: tuple[ChannelLetters, ...] | None = None
    """Dead letters of channels that are of it, or could be. None: they were not read."""


async def explain(
    settings: Settings, asked: Asked, *, through: bool = True, progress: Progress = unseen, tell: TellLine = untold
) -> Explained | NotDecided:
    """Return all that is known of a contact, without contents. Commits no offset.

    `tell` hears of work that may take long and that `progress` does not show, before it begins.
    It reads the topics of publishers and all dead letters through unless `through` is false. Without a decision record
    it reads the topics of publishers in any case. Raises UnknownContact, SeveralContacts, and what `read_databases`
    raises. Raises what `topic_reader` raises only when there is no decision record.
    """
    found = await decided(settings, asked, through=through, progress=progress, tell=tell)
    return found or await _not_decided(settings, asked, letters=through, progress=progress)


async def decided(
    settings: Settings,
    asked: Asked,
    *,
    through: bool,
    also: Sought | None = None,
    progress: Progress = unseen,
    tell: TellLine = untold,
) -> Explained | None:
    """Return all that is known of a contact with a decision record; None when it has none.

    `also`: dead letters that are of it too. Raises as `explain` does.
    """
    async with read_databases(settings) as databases:
        besluit = await find_besluit(databases, asked, tell)
        if besluit is None:
            return None
        projected = await read_projected(databases.projection, besluit)
        runs = settings.openklant_url is not None
        open_klant = await read_in_open_klant(databases.projection, besluit, projected, runs=runs)
    kafka, fault = None, None
    try:
        async with topic_reader(settings) as reader:
            kafka = await look(reader, settings, besluit, through=through, also=also, progress=progress)
    except (TransientFailure, InvalidSettings) as error:
        fault = str(error)
    return Explained(besluit, projected, open_klant, kafka, fault)


async def _not_decided(settings: Settings, asked: Asked, *, letters: bool, progress: Progress) -> NotDecided:
    of_that_source = f" of {printable_id(asked.source)}" if asked.source else ""
    if Name.CONTACT not in asked.names:
        raise UnknownContact(f"No klantcontact{of_that_source} has the number {asked.text}.")
    contact = Origin(asked.source, asked.text)
    async with topic_reader(settings) as reader:
        records = await read_contact_records(reader, settings, contact, None, progress)
        found, of_channels = None, None
        if letters:
            found = await read_letters(reader, settings, settings.dead_letter_topic, records.sought(contact), progress)
            of_channels = await read_channel_letters(reader, settings, contact, progress)
    seen = records.sightings
    if not (seen or (found and found.number) or of_channels):
        looked = "" if letters else " The dead letters were not looked at."
        searched = "" if settings.kanalen_file is not None else f" {NOT_SEARCHED}"
        raise UnknownContact(
            f"Nothing is known of contact {printable_id(asked.text)}{of_that_source}: it never came, or it was judged "
            f"more than {kept_without_trace(settings).days} days ago without leaving a trace (G1, G2 and V1 leave "
            f"none).{looked}{searched}"
        )
    return NotDecided(asked.text, seen, found, of_channels)
