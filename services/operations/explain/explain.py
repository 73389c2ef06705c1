"""`klantcontact explain`: why a contact was registered or not, and what came of it, from everywhere that knows."""

from dataclasses import dataclass

from services.classifier.mongo.register import kept_without_trace
from services.operations.explain.decision import Decision, decision_of
from services.operations.explain.in_kafka import InKafka, Letters, Sighting, look, read_letters, sightings
from services.operations.explain.projected import Projected, read_projected
from services.operations.explain.search import Asked, Name, UnknownContact, find_besluit
from services.operations.mongo import read_database
from services.operations.origin import Origin
from services.operations.topic_reader import Progress, topic_reader
from services.operations.wording import printable
from services.runtime.errors import InvalidSettings, TransientFailure
from services.runtime.settings import Settings


@dataclass(frozen=True, slots=True)
class Explained:
    """A contact that was decided."""

    decision: Decision
    projected: tuple[Projected, ...]
    kafka: InKafka | None
    kafka_fault: str | None
    """Why Kafka could not be asked: the decision is told all the same."""


@dataclass(frozen=True, slots=True)
class NotDecided:
    """A contact of which there is no decision record, but that Kafka knows."""

    contact_id: str
    sightings: tuple[Sighting, ...]
    letters: Letters | None
    """None: they were not looked for."""


async def explain(
    settings: Settings, asked: Asked, *, letters: bool = True, progress: Progress = lambda _done, _of: None
) -> Explained | NotDecided:
    """Find a contact and tell all that is known of it, without contents. Changes nothing, and moves nobody's position.

    All dead letters are read, unless `letters` is false; for a contact without a decision record `contact.ended` too.
    Raises UnknownContact, SeveralContacts, and what `read_database` raises; what `topic_reader` raises only for a
    contact that was not decided.
    """
    async with read_database(settings) as database:
        besluit = await find_besluit(database, asked)
        projected = await read_projected(database, besluit) if besluit else ()
    if besluit is None:
        return await _not_decided(settings, asked, letters=letters, progress=progress)
    contact = Origin(besluit.source, besluit.contact_id)
    kafka, fault = None, None
    try:
        async with topic_reader(settings) as reader:
            kafka = await look(reader, settings, contact, besluit.position, letters=letters, progress=progress)
    except (TransientFailure, InvalidSettings) as error:
        fault = str(error)
    return Explained(decision_of(besluit), projected, kafka, fault)


async def _not_decided(settings: Settings, asked: Asked, *, letters: bool, progress: Progress) -> NotDecided:
    of_that_source = f" of {printable(asked.source)}" if asked.source else ""
    if Name.CONTACT not in asked.names:
        raise UnknownContact(f"No klantcontact{of_that_source} has the number {asked.text}.")
    contact = Origin(asked.source, asked.text)
    async with topic_reader(settings) as reader:
        seen = await sightings(reader, settings, contact, progress)
        found = await read_letters(reader, settings, contact, progress) if letters else None
    if not seen and not (found and found.number):
        asked_for = f"{printable(asked.text)}{of_that_source}"
        looked = "" if letters else " The dead letters were not looked at."
        raise UnknownContact(
            f"Nothing is known of contact {asked_for}: it never came, or it was judged more than "
            f"{kept_without_trace(settings).days} days ago without leaving a trace (G1, G2 and V1 leave none).{looked}"
        )
    return NotDecided(asked.text, seen, found)
