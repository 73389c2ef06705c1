"""Everything about a klant or a contact is found in every place, on real servers; nothing of another is."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

import orjson
import pytest
from pymongo import MongoClient

from schemas.identities import Identity
from services.channels.channels_file import NO_CHANNELS
from services.local.servers.stack import Stack
from services.operations.affected import Affected, affected
from services.operations.erase_report.page import report_page
from services.operations.erase_report.report import NothingErased, report_of
from services.operations.places.place import FoundItem, PlaceFound, StayTerm
from services.operations.places.published import CHANNELS
from services.operations.places.search import look_everywhere, traces_of
from services.operations.subjects import PartijSubject, Subject, SubjectUnknown, read_subject
from services.runtime.channel_topics import NOT_SEARCHED
from services.runtime.errors import InvalidSettings
from tests.support.commands import klantcontact
from tests.support.examples import ALICE, CAROL, SOURCE, Wire, bsn
from tests.support.explain_town import SLEUTELS, Town
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
