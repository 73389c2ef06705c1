"""A town in which one klant has something in every place, beside another klant: each with marked values of its own."""

import asyncio
import tempfile
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from shutil import rmtree
from typing import Final
from uuid import uuid4

import orjson
from pymongo import MongoClient

from schemas.outputs import Reden
from schemas.positions import Position
from schemas.raw_messages import MAPPING, MESSAGE
from services.channels.mapping.files import SHIPPED
from services.domain.events import events_of
from services.domain.ids import contact_key
from services.domain.streams import Stream
from services.domain.wissing import GewistItem, SoortWissing, item_value
from services.local.servers.stack import Stack
from services.operations.dead_letters.discard import discard
from services.operations.dead_letters.letters import LetterId
from services.operations.dead_letters.selection import LetterSelection
from services.operations.subjects import Subject, read_subject
from services.runtime.settings import Settings
from services.runtime.stops.store import SKIPPED
from tests.support.examples import (
    ALICE,
    BOB,
    SOURCE,
    Wire,
    betrokkene,
    bsn,
    contact,
    email,
    event,
    line,
    onderwerp,
    phone,
)
from tests.support.explain_town import Town
from tests.support.kafka_tools import topic_names
from tests.support.leftovers import remove_database, remove_topics

EXAMPLE = SHIPPED / "open-forms" / "voorbeelden" / "V4-digid-toestemming.json"

CONFIDENTIAL_TEXT = "zqgeheimeinhoudqz"
SHARED_TEXT = "zqsamenqz"
EMPLOYEE = "zqmedewerkerqz"
MARKUP = "<script>alert('zq')</script>"


def mark(number: str, field: str) -> str:
    """Return a value that stands nowhere else."""
    return f"zq{field}{number[-3:]}qz"


def person(number: str, ref: str = "k", *, middel: str | None = "digid") -> Wire:
    """A klant with marked details, who consents."""
    return betrokkene(
        ref,
        middel=middel,
        identificatoren=[bsn(number)],
        toestemming="gegeven",
        adressen=[email(f"{mark(number, 'mail')}@example.nl"), phone(mark(number, "tel"))],
        contactnaam={"voornaam": mark(number, "voornaam"), "achternaam": mark(number, "naam")},
    )


def bsn_subject(number: str) -> Subject:
    """Return who is meant by a BSN."""
    return read_subject(orjson.dumps({"partijIdentificatoren": [bsn(number)]}))


def taak(text: str) -> Wire:
    """Ask for a follow-up by an employee."""
    return {
        "soort": "interne_taak",
        "gevraagdeHandeling": text,
        "toegewezenAan": {"soortActor": "medewerker", "naam": EMPLOYEE},
    }


def asked(number: str, what: str, *, refs: list[str] | None = None) -> Wire:
    """Return an onderwerp with marked texts."""
    return onderwerp(
        f"o-{what}", tekst=mark(number, f"onderwerp{what}"), betrokkenen=refs, other={"inhoud": mark(number, what)}
    )


@contextmanager
def filled_town(stack: Stack) -> Iterator[Town]:
    """Provide a town of ALICE and BOB for the block; nothing of it stays on the servers."""
    name = f"test-{uuid4().hex[:12]}"
    channels = Path(tempfile.mkdtemp()) / "kanalen.toml"
    channels.write_text(f'[kanaal.open-forms]\nmapping = "open-forms"\ntopic = "{name}.kanaal.open-forms"\n', "utf-8")
    settings = Settings.model_validate(
        {
            "kafka_bootstrap": stack.kafka_bootstrap,
            "mongo_uri": stack.mongo_uri,
            "mongo_database": name,
            "sleutel": "a key of the tests, thirty-two bytes",
            "topic_partitions": 2,
            "classifier_group": f"{name}-classifier",
            "projector_group": f"{name}-projector",
            "mapper_group": f"{name}-mapper",
            "kanalen_file": channels,
            "backup_days": 30,
            **topic_names(name),
        }
    )
    town = Town(settings)
    try:
        asyncio.run(_made(town))
        yield town
    finally:
        remove_topics(stack.kafka_bootstrap, name)
        remove_database(stack.mongo_uri, name)
        rmtree(channels.parent)


async def _made(town: Town) -> None:
    await town.prepare()
    await fill(town, ALICE, BOB)


async def fill(town: Town, one: str, other: str) -> None:
    """Make contacts, decisions, documents, events and dead letters of two klanten, and of both together."""
    alone = contact(
        "c-alone",
        betrokkenen=[person(one)],
        onderwerpen=[
            onderwerp(
                "o-alone",
                tekst=mark(one, "onderwerpalone"),
                opvolging=taak(mark(one, "taak")),
                other={"inhoud": f"{mark(one, 'alone')} {MARKUP}"},
            )
        ],
    )
    await published(town, alone)
    both = [person(one, "a"), person(other, "b")]
    await published(
        town,
        contact(
            "c-both",
            betrokkenen=both,
            onderwerpen=[
                asked(one, "own", refs=["a"]) | {"inhoud": SHARED_TEXT},
                asked(other, "others", refs=["b"]),
                asked(one, "together", refs=["a", "b"]) | {"opvolging": taak(mark(one, "both"))},
            ],
            op="2026-03-02T10:50:00Z",
        ),
    )
    secret = contact(
        "c-secret",
        betrokkenen=[person(one)],
        vertrouwelijk=True,
        onderwerpen=[onderwerp("o-secret", tekst="Melding", other={"inhoud": CONFIDENTIAL_TEXT})],
        op="2026-03-02T11:50:00Z",
    )
    await published(town, secret)
    await published(town, contact("c-gone", betrokkenen=[person(one)], onderwerpen=[asked(one, "gone")]))
    # The correction says that nobody was spoken to.
    gone = contact("c-gone", revisie=2, betrokkenen=[person(one)], onderwerpen=[asked(one, "gone")])
    await published(town, gone | {"totStandGekomen": False})
    await published(town, contact("c-other", betrokkenen=[person(other)], onderwerpen=[asked(other, "alone")]))
    town.publish(contact("c-waits", betrokkenen=[person(one)], onderwerpen=[asked(one, "waits")]))
    await published(
        town,
        contact("c-stranger", betrokkenen=[person(one, middel=None)], onderwerpen=[asked(one, "stranger")]),
    )
    town.refuse(contact("c-refused", betrokkenen=[person(one)], onderwerpen=[asked(one, "refused")]))
    broken = line(event(contact("c-broken", betrokkenen=[person(one)])))[:-3]
    town.refuse_value(broken)
    town.refuse(contact("c-refused-other", betrokkenen=[person(other)]))
    await discard(town.settings, LetterSelection(ids=frozenset({LetterId(0, 0)})), reason="a test")
    await _through_a_channel(town, one, other)
    follow_up = contact("c-later", betrokkenen=[person(other)], vervolg_op={"contactId": "c-alone"})
    await published(town, follow_up | {"vertrouwelijk": True})
    _leave_others(town)
    leave_other_forms(town)


FORMULIEREN = "urn:nld:oin:00000000000000000000:systeem:formulieren"
"""The source of the events that the shipped mapping of Open Forms makes."""


def form(number: str, reference: str) -> bytes:
    """Return a form of a klant, as Open Forms sends it."""
    sample = EXAMPLE.read_text("utf-8").replace("999990007", number).replace("OF-DIGID2", reference)
    return sample.replace("De verlenging is niet aangekomen.", mark(number, "form")).encode()


async def _through_a_channel(town: Town, one: str, other: str) -> None:
    """Send forms: two that became events, one of them confidential, and two that did not, one in a form of its own."""
    for reference, confidential in (("of-1", False), ("of-secret", True)):
        lies = town.send_message(form(one, reference))
        data = contact(reference, betrokkenen=[person(one)], vertrouwelijk=confidential)
        await town.decide(data, source=FORMULIEREN, headers=mapped_headers("open-forms/1", lies))
    lies = town.send_message(b64encode(form(one, "of-2")))
    town.refuse_message(lies, b64encode(form(one, "of-2")))
    town.send_message(form(other, "of-other"))


def mapped_headers(mapping: str, lies: Position) -> list[tuple[str, bytes | None]]:
    """Return the headers of an event that the mapper made of a message."""
    return [(MAPPING, mapping.encode()), (MESSAGE, f"{lies.topic}:{lies.partition}:{lies.offset}".encode())]


async def published(town: Town, data: Wire) -> None:
    """Decide about a contact, project its events, and publish them."""
    besluit = await town.decide(data)
    await town.project(besluit.contact_id)
    judged, settings = town.decided[besluit.contact_id], town.settings
    topics = {
        Stream.REGISTERED: settings.registered_topic,
        Stream.CONFIDENTIAL: settings.confidential_topic,
        Stream.TAAK: settings.taak_topic,
        Stream.CONFIDENTIAL_TAAK: settings.confidential_taak_topic,
    }
    for each in events_of(judged.received, judged.besluit, settings.source, only_new=False):
        value = orjson.dumps(each.body, option=orjson.OPT_UTC_Z)
        town._send(topics[each.stream], value, key=each.key.encode())


def remember(town: Town, contact_id: str, request: str) -> GewistItem:
    """Write that a contact was erased, in the place where the classifier does."""
    key = contact_key(SOURCE, contact_id)
    item = GewistItem(
        key=key,
        soort=SoortWissing.CONTACT,
        contact_key=key,
        partij_id=None,
        op=datetime(2026, 12, 2, tzinfo=UTC),
        verzoek=request,
        reden=Reden.GEWIST,
        revisie=1,
        besluitversie=2,
    )
    value = orjson.dumps(item_value(item), option=orjson.OPT_UTC_Z)
    town._send(town.settings.erased_topic, value, key=key.encode())
    return item


OTHER_FORMS: Final = (b"\xff no JSON", b"[1]", rb'{"source": "\ud800", "data": {"contactId": "\ud800"}}')
"""Values that are no event, or name a contact that can't exist."""


def leave_other_forms(town: Town) -> None:
    """Leave records that are no events in every topic that is searched."""
    settings = town.settings
    for value in OTHER_FORMS:
        town.publish_value(value)
        town.refuse_value(value)
        for topic in (*settings.consent_topics, *settings.output_topics, settings.erased_topic, settings.audit_topic):
            town._send(topic, value)


def _leave_others(town: Town) -> None:
    """Leave the collections of before a rebuild, a klant who consented outside a contact, and a skipped position."""
    with MongoClient[Wire](town.settings.mongo_uri) as client:
        database = client[town.settings.mongo_database]
        for name in ("klantcontacten", "interne_taken"):
            copied = list(database[name].find({"herkomst.contactId": {"$in": ["c-alone", "c-other"]}}))
            database[f"{name}_vorige"].insert_many(copied)
        change = {"op": "2026-03-01T10:00:00.000000+00:00", "source": SOURCE, "wijzigingId": "w-1"}
        consented = {"_id": str(uuid4()), "nummer": "9", "grondsleutel": None, "gegeven": change}
        database["partijregister"].insert_one(consented)
        here = Position(town.settings.contact_topics[0], 0, 0)
        database[SKIPPED].insert_one({"topic": here.topic, "partition": here.partition, "offset": here.offset})
