"""Everything about a klant or a contact is found in every place, on real servers; nothing of another is."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import orjson
import pytest
from pymongo import MongoClient
from pymongo.collection import Collection

from schemas import dead_letters
from schemas.identities import Identity
from schemas.positions import Position
from services.bridge.meant import state_name
from services.bridge.mongo.states import OPENKLANT
from services.channels.channels_file import NO_CHANNELS
from services.cli.erase_report import report_rows
from services.local.servers.stack import Stack
from services.operations.affected import Affected, affected
from services.operations.erase.erase import ToErase, erase
from services.operations.erase.open_klant import GoneWithThem
from services.operations.erase.targets import Mode
from services.operations.erase_report.page import report_page
from services.operations.erase_report.report import NothingErased, report_of
from services.operations.mongo import read_databases
from services.operations.places.open_klant import OpenKlantRows
from services.operations.places.place import FoundItem, PlaceFound, StayTerm
from services.operations.places.published import CHANNELS
from services.operations.places.search import look_everywhere, traces_of
from services.operations.subjects import ContactSubject, PartijSubject, Subject, SubjectUnknown, read_subject
from services.runtime.channel_topics import NOT_SEARCHED
from services.runtime.errors import InvalidSettings
from tests.support.commands import klantcontact
from tests.support.examples import ALICE, CAROL, SOURCE, Wire, bsn
from tests.support.explain_town import SLEUTELS, Town
from tests.support.kafka_tools import make_topics
from tests.support.places_town import FORMULIEREN, OTHER_FORMS, bsn_subject, filled_town, remember

OUTPUTS: Final = (
    "klantcontact.registered",
    "klantcontact.registered.vertrouwelijk",
    "taak.created",
    "taak.created.vertrouwelijk",
)


@pytest.fixture(scope="module")
def town(stack: Stack) -> Iterator[Town]:
    """The town that all these tests read."""
    with filled_town(stack) as made:
        yield made


async def search(town: Town, subject: Subject, items: list[FoundItem] | None = None) -> dict[str, PlaceFound]:
    traces = await traces_of(town.settings, subject)
    seen = items if items is not None else []
    found = [each async for each in look_everywhere(town.settings, traces, visit=seen.append)]
    prefix = town.settings.contact_topics[0].removesuffix("contact.ended")
    return {each.name.removeprefix(prefix): each for each in found}


async def test_a_klant_is_found_in_every_place_and_another_is_not(town: Town) -> None:
    alice, carol = await search(town, bsn_subject(ALICE)), await search(town, bsn_subject(CAROL))

    assert {name: each.found for name, each in alice.items() if each.found} == {
        "kanaal.open-forms": 3,
        "kanaal.open-forms.dlq": 1,
        "contact.ended": 9,
        "contact.ended.dlq": 2,
        "dead_letters": 1,
        "partijregister": 1,
        "besluiten": 7,
        "klantcontacten": 3,
        "klantcontacten_vorige": 1,
        "klantcontacten_vertrouwelijk": 1,
        "interne_taken": 2,
        "interne_taken_vorige": 1,
        "partijen": 1,
        "vervallen": 1,
        "klantcontact.registered": 6,
        "klantcontact.registered.vertrouwelijk": 1,
        "taak.created": 2,
        "skipped_records": 1,
    }
    assert {each.found for each in carol.values()} == {0, None}
    assert carol.keys() == alice.keys()


async def test_a_contact_is_found_with_what_other_contacts_and_partijen_say_of_it(town: Town) -> None:
    found = await search(town, read_subject(orjson.dumps({"source": SOURCE, "contactId": "c-alone"})))

    counts = {name: each.found for name, each in found.items() if each.found}
    assert counts == {
        "contact.ended": 1,
        "besluiten": 2,  # its own, and that of the next contact of the klant, before which it had filled the partij
        "besluiten: follow-ups": 1,
        "klantcontacten": 1,
        "klantcontacten_vorige": 1,
        "klantcontacten_vertrouwelijk": 1,
        "interne_taken": 1,
        "interne_taken_vorige": 1,
        "partijen": 1,
        "klantcontact.registered": 1,
        "klantcontact.registered.vertrouwelijk": 1,
        "taak.created": 1,
        "skipped_records": 1,
    }


async def test_a_contact_of_a_channel_is_found_in_its_message(town: Town) -> None:
    asked = read_subject(orjson.dumps({"source": FORMULIEREN, "contactId": "of-1"}))
    found = await search(town, asked)

    counts = {name: each.found for name, each in found.items() if each.found}
    assert counts == {"kanaal.open-forms": 1, "contact.ended": 1, "besluiten": 1}
    message = found["kanaal.open-forms"]
    assert (message.term, message.days, message.with_contents) == (StayTerm.RETENTION, 7, 1)


async def test_records_of_another_form_are_counted_and_stop_nothing(town: Town) -> None:
    found = await search(town, bsn_subject(ALICE))

    others = len(OTHER_FORMS)
    assert {name: each.unreadable for name, each in found.items() if each.unreadable} == {
        "contact.ended": others,
        "toestemming.gewijzigd": others,
        "contact.ended.dlq": others + 1,  # a broken event of the klant
        **dict.fromkeys(OUTPUTS, others),
    }


async def test_each_place_says_until_when_and_by_which_setting(town: Town) -> None:
    found = await search(town, bsn_subject(ALICE))

    now = datetime.now(UTC)
    sent, backups, logs = found["contact.ended"], found["backups of MongoDB"], found["logs and traces"]
    assert sent.until is not None
    assert timedelta(days=8) < sent.until - now < timedelta(days=8, minutes=15)
    assert (sent.term, sent.days) == (StayTerm.RETENTION, 7)
    assert backups.until is not None
    assert (backups.found, backups.term, backups.days) == (None, StayTerm.DECLARED, 30)
    assert timedelta(days=29, hours=23) < backups.until - now <= timedelta(days=30)
    assert (logs.found, logs.term, logs.until) == (None, StayTerm.UNDECLARED, None)
    assert found["oplog"].term is StayTerm.OPLOG
    assert found["vervallen"].until is not None
    assert found["klantcontacten"].term is StayTerm.OWN
    assert found["klantcontacten_vorige"].term is StayTerm.REBUILD
    assert found["klantcontact.registered"].term is StayTerm.COMPACTION


async def test_a_klant_of_whom_the_register_has_no_number_is_unknown(town: Town) -> None:
    with pytest.raises(SubjectUnknown):
        await search(town, PartijSubject(partij_nummer="77"))


async def test_a_klant_is_found_by_its_number_as_by_its_bsn(town: Town) -> None:
    with MongoClient[Wire](town.settings.mongo_uri) as client:
        entries = client[town.settings.mongo_database]["partijregister"]
        entry = entries.find_one({"sleutels": SLEUTELS.of_identity(Identity("bsn", ALICE, 0))})
    assert entry is not None

    by_bsn = await search(town, bsn_subject(ALICE))
    by_nummer = await search(town, PartijSubject(partij_nummer=entry["nummer"]))

    assert {name: each.found for name, each in by_nummer.items()} == {name: each.found for name, each in by_bsn.items()}


# A data breach -------------------------------------------------------------------------------------------------------


async def lay(town: Town, topic: str) -> Affected:
    """Return what `affected` finds in a topic since yesterday."""
    now = datetime.now(UTC)
    return await affected(
        town.settings, topic, since=now - timedelta(days=1), until=now, request="Z-1", reason="a stolen login"
    )


async def test_the_contacts_and_klanten_that_lay_in_a_topic_are_listed(town: Town) -> None:
    sent = await lay(town, town.settings.contact_topics[0])
    refused = await lay(town, town.settings.dead_letter_topic)
    out = await lay(town, town.settings.confidential_topic)
    by_form = await lay(town, town.settings.raw_topics[0])
    refused_form = await lay(town, town.settings.raw_dead_letter_topics[0])

    assert sent.contacts == {
        *((SOURCE, f"c-{each}") for each in ("alone", "both", "secret", "gone", "other", "waits", "stranger", "later")),
        *((FORMULIEREN, each) for each in ("of-1", "of-secret")),
    }
    assert len(sent.partijen) == 2
    assert (sent.records, sent.unreadable) == (11 + len(OTHER_FORMS), len(OTHER_FORMS))
    assert by_form.contacts == {(FORMULIEREN, each) for each in ("of-1", "of-secret", "of-other")}
    assert (by_form.records, by_form.unreadable) == (4, 1)
    assert by_form.partijen == sent.partijen
    assert (refused_form.records, refused_form.contacts, len(refused_form.partijen)) == (1, set(), 1)
    assert {each for _, each in refused.contacts} == {"c-refused", "c-broken", "c-refused-other"}
    assert refused.partijen == sent.partijen
    assert {each for _, each in out.contacts} == {"c-secret", "c-later"}


async def test_nothing_lay_there_before_the_period_and_an_unknown_topic_is_refused(town: Town) -> None:
    long_ago = datetime(2020, 1, 1, tzinfo=UTC)
    until = long_ago + timedelta(days=1)

    found = await affected(
        town.settings, town.settings.registered_topic, since=long_ago, until=until, request="Z-1", reason="none"
    )

    assert (found.records, found.contacts, found.partijen) == (0, set(), {})
    with pytest.raises(InvalidSettings):
        await affected(town.settings, "nobody's", since=long_ago, until=until, request="Z-1", reason="none")


# The report of an erasure --------------------------------------------------------------------------------------------


async def test_the_report_of_an_erasure_finds_what_is_left_by_the_key_of_the_contact_alone(town: Town) -> None:
    item = remember(town, "c-alone", "Z-left")
    named = await search(town, read_subject(orjson.dumps({"source": SOURCE, "contactId": "c-alone"})))

    report = await report_of(town.settings, "Z-left")

    assert item.contact_key is not None
    left = {each["plaats"]: each["aantal"] for each in report["plaatsen"]}
    assert left == {each.name: each.found for each in named.values()}
    assert left[town.settings.erased_topic] == 1
    assert report["klaar"] is False


async def test_the_report_says_that_nothing_is_left_and_who_has_yet_to_read_of_it(town: Town) -> None:
    remember(town, "c-erased", "Z-done")
    withdrawn = {
        "type": "nl.klantinteracties.klantcontact.withdrawn",
        "data": {"reden": "gewist", "herkomst": {"source": SOURCE, "contactId": "c-erased"}},
    }
    town._send(town.settings.registered_topic, orjson.dumps(withdrawn), key=b"k-erased")
    town.commit("slow", town.settings.registered_topic, 1)
    town.commit("quick", town.settings.registered_topic, 1000)

    report = await report_of(town.settings, "Z-done")
    told = report_page(report)

    searched = [each for each in report["plaatsen"] if each["doorzocht"]]
    ids_only = (town.settings.registered_topic, town.settings.erased_topic)
    assert {each["plaats"] for each in searched if each["aantal"]} - set(ids_only) <= {town.settings.audit_topic}
    assert report["klaar"] is True
    assert {each["groep"]: each["nogTeLezen"] for each in report["afnemers"]}["slow"] == 1
    assert {each["groep"]: each["nogTeLezen"] for each in report["afnemers"]}["quick"] == 0
    assert "<li>slow</li>" in told
    assert "<li>quick</li>" not in told


async def test_a_request_for_which_nothing_was_erased_has_no_report(town: Town) -> None:
    with pytest.raises(NothingErased):
        await report_of(town.settings, "Z-nothing")


# Without a channels file ---------------------------------------------------------------------------------------------

KLANT: Final = orjson.dumps({"partijIdentificatoren": [bsn(ALICE)]})
FOR: Final = ("--request", "Z-places", "--reason", "test")


@pytest.mark.parametrize(
    ("typed", "status"),
    [
        (("access", "--json", *FOR), 0),
        (("erase-report", "--json", "--request", "Z-places"), 0),
        (("affected", "--topic", "kanaal.open-forms", "--since", "1d", *FOR), 2),
        (("explain", "kanaal.open-forms:0:0"), 1),
    ],
    ids=lambda typed: typed[0] if isinstance(typed, tuple) else "",
)
def test_without_a_channels_file_a_command_says_that_it_searched_no_channel(
    town: Town, typed: tuple[str, ...], status: int
) -> None:
    remember(town, "c-nobody", "Z-places")
    unset = town.settings.model_copy(update={"kanalen_file": None})

    done = klantcontact(*typed, settings=unset, stdin=KLANT)

    assert done.returncode == status
    assert NOT_SEARCHED in done.stderr.decode()
    if status == 0:
        assert {each["plaats"]: each["doorzocht"] for each in orjson.loads(done.stdout)["plaatsen"]}[CHANNELS] is False


def test_where_there_are_no_channels_none_is_left_out(town: Town) -> None:
    none = town.settings.model_copy(update={"kanalen_file": NO_CHANNELS})

    done = klantcontact("access", "--json", *FOR, settings=none, stdin=KLANT)

    assert (done.returncode, NOT_SEARCHED in done.stderr.decode()) == (0, False)
    assert CHANNELS not in {each["plaats"] for each in orjson.loads(done.stdout)["plaatsen"]}


# Open Klant ----------------------------------------------------------------------------------------------------------

TAAK_OF_OTHERS: Final = {"resource": "internetaken", "uuid": "u-9"}


def rows(*keys: str) -> Wire:
    """Return rows as the bridge notes them."""
    return {key: {"uuid": f"u-{key}", "merk": "m"} for key in keys}


@pytest.fixture
def bridge_states(town: Town) -> Iterator[Collection[Wire]]:
    """The bridge's state, which is gone after the test: nothing tells then that a bridge runs."""
    with MongoClient[Wire](town.settings.mongo_uri) as client:
        states = client[town.settings.mongo_database][OPENKLANT]
        yield states
        states.drop()


async def test_the_report_counts_what_went_from_open_klant_and_names_what_went_with_it(
    town: Town, bridge_states: Collection[Wire]
) -> None:
    remember(town, "c-there", "Z-there")
    withdrawn = {
        "type": "nl.klantinteracties.klantcontact.withdrawn",
        "subject": "k-there",
        "data": {"reden": "gewist", "herkomst": {"source": SOURCE, "contactId": "c-there"}},
    }
    town._send(town.settings.registered_topic, orjson.dumps(withdrawn), key=b"k-there")
    went = {"weggehaald": 4, "anderen": [TAAK_OF_OTHERS], "af": True, "rijen": {}, "partijen": [], "merk": None}
    bridge_states.insert_one({"_id": "kc:k-there", **went})
    bridge_states.insert_one({"_id": "kc:k-another", **went, "rijen": rows("klantcontacten")})

    done = await report_of(town.settings, "Z-there")
    bridge_states.update_one({"_id": "kc:k-there"}, {"$set": {"rijen": rows("klantcontacten", "betrokkenen/b")}})
    begun = await report_of(town.settings, "Z-there")

    others = [{"soort": "internetaken", "uuid": "u-9"}]
    assert done["openKlant"] == {"aanwezig": 0, "verwijderd": 4, "vanAnderenMee": others}
    assert "zijn 4 gegevens verwijderd." in report_page(done)
    assert ("", "with them, of others or in progress: internetaken/u-9") in report_rows(done)
    assert begun["openKlant"]["aanwezig"] == 2
    assert {each["plaats"]: each["aantal"] for each in begun["plaatsen"]}["Open Klant"] == 2
    assert (done["klaar"], begun["klaar"]) == (True, False)


async def test_a_letter_of_the_bridge_is_about_the_klantcontact_that_its_key_names(town: Town, tmp_path: Path) -> None:
    topic = town.settings.registered_topic.replace("klantcontact.registered", "openklant.dlq")
    make_topics(town.settings.kafka_bootstrap, topic)
    klantcontact_id = town.decided["c-alone"].besluit.uitgegeven[0].klantcontact_id
    for named in (klantcontact_id, "k-another"):
        letter = dead_letters.dead_letter(
            key=f"klantcontact:{named}".encode(),
            value=None,
            headers=(),
            position=Position(town.settings.registered_topic, 0, 0),
            kind="openklant_weigert",
            faults=(),
            time=datetime.now(UTC),
        )
        town._send(topic, letter.value, list(letter.headers), key=letter.key or b"")
    there = {
        "openklant_url": "http://127.0.0.1:9",
        "openklant_token_file": tmp_path,
        "openklant_dead_letter_topic": topic,
    }
    traces = await traces_of(town.settings, read_subject(orjson.dumps({"source": SOURCE, "contactId": "c-alone"})))

    places = look_everywhere(town.settings.model_copy(update=there), traces)
    [found] = [each async for each in places if each.name == topic]

    assert (found.found, found.with_contents, found.unreadable) == (1, 0, 0)


async def test_rows_in_open_klant_are_found_and_a_partij_that_was_emptied_there_is_told_apart(
    town: Town, bridge_states: Collection[Wire]
) -> None:
    alice = (await traces_of(town.settings, bsn_subject(ALICE))).partij_ids.copy().pop()
    of_alice = {"af": True, "rijen": rows("klantcontacten"), "partijen": [alice], "merk": "m"}
    emptied = {"af": True, "rijen": rows("partijen", "partij-identificatoren/bsn"), "merk": None}
    bridge_states.insert_many([{"_id": "kc:k-1", **of_alice}, {"_id": f"partij:{alice}", **emptied}])

    found, of_carol = await search(town, bsn_subject(ALICE)), await search(town, bsn_subject(CAROL))

    assert (found["Open Klant"].found, found["Open Klant"].term) == (1, StayTerm.OWN)
    kept = found["Open Klant: emptied partijen"]
    assert (kept.found, kept.with_contents, kept.term) == (2, 0, StayTerm.UNKNOWN)
    assert (of_carol["Open Klant"].found, of_carol["Open Klant: emptied partijen"].found) == (0, 0)


async def test_an_erasure_says_what_goes_from_open_klant_and_waits_for_the_bridge(
    town: Town, bridge_states: Collection[Wire]
) -> None:
    asked = ToErase(mode=Mode.CONTACT, verzoek="Z-9", reason="a test", dry_run=True)
    alone = ContactSubject(SOURCE, "c-alone")
    no_bridge = (await erase(town.settings, alone, asked)).open_klant
    name = state_name(town.decided["c-alone"].besluit.uitgegeven[0].klantcontact_id)
    bridge_states.insert_one({"_id": name, "af": True, "rijen": rows("klantcontacten", "internetaken/t"), "merk": "m"})

    before = (await erase(town.settings, alone, asked)).open_klant
    async with read_databases(town.settings) as databases:
        waiting = asyncio.create_task(GoneWithThem({name}).rows_once_removed(databases.projection))
        await asyncio.sleep(0)
        went = {"rijen": {}, "weggehaald": 2, "anderen": [TAAK_OF_OTHERS]}
        bridge_states.update_one({"_id": name}, {"$set": went})
        after = await waiting

    assert no_bridge is None
    assert before == OpenKlantRows(there=2, gone=0, went_with=[])
    assert after == OpenKlantRows(there=0, gone=2, went_with=[TAAK_OF_OTHERS])
