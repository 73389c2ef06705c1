"""Finding a contact and everything about it, on real servers."""

import base64
from datetime import UTC, datetime, timedelta

import orjson
import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import GroupAuthorizationFailedError, TopicAuthorizationFailedError
from confluent_kafka import TopicPartition
from pymongo import MongoClient
from pymongo.errors import OperationFailure

from schemas.dead_letters import EARLIER
from schemas.faults import Fault, FaultKind, RefusalKind
from schemas.outputs import Regel
from schemas.positions import Position
from services.bridge.meant import state_name
from services.bridge.mongo.states import MongoStates
from services.bridge.parts import KLANTCONTACT, Noted, key_of
from services.bridge.ports import LeaseNote
from services.bridge.resources import Resource
from services.domain.numbers import NumberKind
from services.local.servers.network import HOST, free_port
from services.operations.dead_letters.discard import discard
from services.operations.dead_letters.letters import LetterId
from services.operations.dead_letters.selection import LetterSelection, LetterState
from services.operations.explain.contact_records import MAX_OVERTAKEN, OvertakenRecords, Sighting
from services.operations.explain.explain import Explained, NotDecided, explain
from services.operations.explain.letters import MAX_LETTERS
from services.operations.explain.open_klant import OpenKlantState
from services.operations.explain.projected import Projected, ProjectedState
from services.operations.explain.search import Asked, Name, SeveralContacts
from services.operations.mongo import read_databases, read_register
from services.operations.origin import UnknownContact
from services.runtime.errors import InvalidSettings, TransientFailure
from services.runtime.mongo.client import connect
from services.runtime.settings import Settings
from tests.support.examples import CALL_BACK, OTHER_SOURCE, SOURCE, Wire, contact, email, event, known, line, onderwerp
from tests.support.explain_town import Town
from tests.support.kafka_tools import admin_client, open_transaction, topic_names
from tests.support.leftovers import remove_topics

CALLED: Wire = contact(
    "c-1",
    betrokkenen=[known(toestemming="gegeven", adressen=[email()])],
    onderwerpen=[onderwerp("o1", opvolging=CALL_BACK)],
)


@pytest.fixture
def settings(kafka_bootstrap: str, mongo_uri: str, topics: str, database: str) -> Settings:
    return Settings(
        kafka_bootstrap=kafka_bootstrap,
        mongo_uri=mongo_uri,
        mongo_database=database,
        **topic_names(topics),
        classifier_group=f"{topics}-classifier",
        projector_group=f"{topics}-projector",
        topic_partitions=2,
    )


@pytest.fixture
async def town(settings: Settings) -> Town:
    prepared = Town(settings)
    await prepared.prepare()
    return prepared


async def explained(town: Town, text: str = "c-1", *, through: bool = True) -> Explained:
    found = await explain(town.settings, Asked(text), through=through)
    assert isinstance(found, Explained)
    return found


def letters_of(found: Explained) -> list[LetterId]:
    assert found.kafka is not None
    assert found.kafka.letters is not None
    return [each.letter.id for each in found.kafka.letters.newest]


def packed(data: Wire) -> str:
    return base64.b64encode(orjson.dumps(data)).decode()


# Finding it ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("vertrouwelijk", [False, True])
async def test_a_contact_is_found_by_its_id_by_that_of_its_klantcontact_and_by_the_number(
    town: Town, *, vertrouwelijk: bool
) -> None:
    await town.decide(contact("c-0"))
    besluit = await town.decide({**CALLED, "vertrouwelijk": vertrouwelijk})
    await town.project("c-1")
    given, told = besluit.uitgegeven[0], list[str]()
    texts = ("c-1", given.klantcontact_id.upper(), given.klantcontact_nummer)

    found = [await explain(town.settings, Asked(each), tell=told.append) for each in texts]

    with pytest.raises(UnknownContact):
        await explain(town.settings, Asked(given.klantcontact_nummer, source="urn:nobody"), tell=told.append)

    assert [each.besluit.contact_id for each in found if isinstance(each, Explained)] == ["c-1"] * 3
    assert told == []


async def test_a_number_that_is_not_stored_is_looked_for_in_all_decisions(town: Town) -> None:
    await town.decide(contact("c-0"))
    nummer = (await town.decide(CALLED)).uitgegeven[0].klantcontact_nummer
    await town.decide(contact("c-1", revisie=2, onderwerpen=[onderwerp("o1")]))
    told: list[str] = []

    found = await explain(town.settings, Asked(nummer), tell=told.append)
    with pytest.raises(UnknownContact):
        await explain(town.settings, Asked(nummer, source="urn:nobody"))

    assert isinstance(found, Explained)
    assert (found.besluit.contact_id, found.besluit.revisie) == ("c-1", 2)
    assert told == [
        f"No stored klantcontact has the number {nummer}. Looking for it in all decisions, which takes a while."
    ]


async def test_digits_that_are_a_contact_are_looked_for_no_further(town: Town) -> None:
    nummer = (await town.decide(CALLED)).uitgegeven[0].klantcontact_nummer
    await town.decide(contact(nummer))
    told: list[str] = []

    found = await explain(town.settings, Asked(nummer), tell=told.append)

    assert isinstance(found, Explained)
    assert (found.besluit.contact_id, told) == (nummer, [])


@pytest.mark.parametrize("source", [None, SOURCE])
async def test_a_contact_without_a_trace_is_found_though_its_record_does_not_name_it(
    town: Town, source: str | None
) -> None:
    await town.decide(contact("999990019", onderwerpen=[onderwerp("parkeervergunning")]))

    found = await explain(town.settings, Asked("999990019", source=source))

    assert isinstance(found, Explained)
    assert (found.besluit.contact_id, found.besluit.source) == ("999990019", SOURCE)
    assert [each.regel for each in found.besluit.onderwerpen] == [Regel.V1]
    async with read_register(town.settings) as database:
        kept = await database["besluiten"].find_one({}, {"_id": 0, "digest": 0})
        assert "999990019" not in str(kept)
        assert "parkeervergunning" not in str(kept)


async def test_a_contact_id_of_two_sources_needs_its_source(town: Town) -> None:
    await town.decide(CALLED)
    await town.decide(contact("c-1"), source=OTHER_SOURCE)

    with pytest.raises(SeveralContacts) as refused:
        await explain(town.settings, Asked("c-1"))
    chosen = await explain(town.settings, Asked("c-1", source=OTHER_SOURCE))

    first, *ways = str(refused.value).splitlines()
    assert first == "c-1 means several contacts. Ask for one of them:"
    assert sorted(ways) == sorted(
        f"  by its contactId: klantcontact explain c-1 --contact --source {source}" for source in (SOURCE, OTHER_SOURCE)
    )
    assert isinstance(chosen, Explained)
    assert chosen.besluit.source == OTHER_SOURCE


async def test_digits_that_are_a_contact_and_a_number_need_a_choice(town: Town) -> None:
    nummer = (await town.decide(CALLED)).uitgegeven[0].klantcontact_nummer
    await town.project("c-1")
    await town.decide(contact(nummer))

    with pytest.raises(SeveralContacts) as refused:
        await explain(town.settings, Asked(nummer))
    by_contact = await explain(town.settings, Asked(nummer, frozenset({Name.CONTACT})))
    by_nummer = await explain(town.settings, Asked(nummer, frozenset({Name.NUMMER})))

    assert f"  by its klantcontactnummer: klantcontact explain c-1 --contact --source {SOURCE}" in str(refused.value)
    assert f"  by its contactId: klantcontact explain {nummer} --contact --source {SOURCE}" in str(refused.value)
    assert isinstance(by_contact, Explained)
    assert isinstance(by_nummer, Explained)
    assert (by_contact.besluit.contact_id, by_nummer.besluit.contact_id) == (nummer, "c-1")


async def test_an_unknown_contact_is_reported_with_the_possible_causes(town: Town) -> None:
    with pytest.raises(UnknownContact, match="nowhere: it never came, or it was judged more than 120 days ago"):
        await explain(town.settings, Asked("nowhere"))
    with pytest.raises(UnknownContact, match="No klantcontact has the number 7"):
        await explain(town.settings, Asked("7", frozenset({Name.NUMMER})))
    with pytest.raises(UnknownContact, match="Nothing is known of contact nowhere of urn:nobody: it never came"):
        await explain(town.settings, Asked("nowhere", source="urn:nobody"))
    with pytest.raises(UnknownContact, match="The dead letters were not looked at"):
        await explain(town.settings, Asked("nowhere"), through=False)


async def test_it_shows_how_far_the_bridge_is(town: Town) -> None:
    besluit = await town.decide(CALLED)
    await town.project("c-1")
    [had] = besluit.uitgegeven
    taak_id, rows = besluit.taak_id_of(had.onderwerp_id), {KLANTCONTACT: Noted("u-1", "merk")}
    left_out = [key_of(Resource.INTERNE_TAKEN, taak_id)]
    unknown = await explained(town, through=False)
    async with await connect(town.settings) as client:
        states = MongoStates(client[town.settings.mongo_database], remember_days=1, lease_seconds=30)
        async with states.leased(state_name(had.klantcontact_id)) as lease:
            await lease.note(LeaseNote(rows, left_out))
            under_way = await explained(town, through=False)
            await lease.end({"versie": [1, 1], "merk": "m", "nummer": had.klantcontact_nummer, "partijen": []})

    done = await explained(town, through=False)

    assert unknown.open_klant == ()  # no bridge runs here, as far as the settings and the state tell
    assert [each.state for each in under_way.open_klant] == [OpenKlantState.OPEN, OpenKlantState.LEFT_OUT]
    klantcontact, taak = done.open_klant
    assert (klantcontact.state, klantcontact.uuid, klantcontact.open_since) == (OpenKlantState.EQUAL, "u-1", None)
    assert klantcontact.equal_at is not None
    assert (taak.id, taak.nummer, taak.state, taak.uuid) == (taak_id, had.taak_nummer, OpenKlantState.LEFT_OUT, None)


# Documents and records ------------------------------------------------------------------------------------------------


async def test_the_stored_documents_are_shown(town: Town) -> None:
    given = (await town.decide(CALLED)).uitgegeven[0]
    await town.project("c-1")

    klantcontact, taak, partij = (await explained(town)).projected

    assert klantcontact == Projected(
        kind=NumberKind.KLANTCONTACT,
        id=given.klantcontact_id,
        nummer=given.klantcontact_nummer,
        state=ProjectedState.STORED,
        version=(1, 1),
    )
    assert (taak.kind, taak.state, taak.version, taak.status) == (
        NumberKind.INTERNE_TAAK,
        ProjectedState.STORED,
        (1, 1),
        "te_verwerken",
    )
    assert (partij.kind, partij.state, partij.version, partij.leeg) == (
        NumberKind.PARTIJ,
        ProjectedState.STORED,
        (1,),
        False,
    )


async def test_a_partij_without_name_and_addresses_is_leeg(town: Town) -> None:
    await town.decide(contact("c-1", betrokkenen=[known()]))
    await town.project("c-1")

    assert [each.leeg for each in (await explained(town)).projected] == [None, True]


async def test_documents_that_a_correction_took_back_are_gone_once_the_projector_read_it(town: Town) -> None:
    await town.decide(CALLED)
    await town.project("c-1")
    await town.decide(contact("c-1", revisie=2, onderwerpen=[onderwerp("o1")]))

    before = await explained(town)
    await town.project("c-1")
    after = await explained(town)

    assert {each.state for each in before.projected} == {ProjectedState.OUTDATED}
    assert {each.state for each in after.projected} == {ProjectedState.REMOVED}
    assert [each.version for each in after.projected] == [(2, 1), (2, 1), (2,)]


async def test_missing_documents_come_with_the_lag_of_the_projector(town: Town) -> None:
    await town.decide(CALLED)
    town.send_output()
    town.send_output()
    late = await explained(town)
    town.commit(town.settings.projector_group, town.settings.registered_topic, 2)
    done = await explained(town)

    assert {each.state for each in (*late.projected, *done.projected)} == {ProjectedState.ABSENT}
    assert late.kafka is not None
    assert done.kafka is not None
    assert (late.kafka.projector_behind, done.kafka.projector_behind) == (2, 0)


async def test_records_behind_an_open_transaction_count_as_lag_and_show_since_when_they_wait(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.runtime.kafka.open_transactions.LONG_MS", 0)
    await town.decide(CALLED)
    before = datetime.now(UTC)
    topic = town.settings.registered_topic
    with open_transaction(town.settings.kafka_bootstrap, topic, b"{}"):
        town.send_output()
        waiting = (await explained(town)).kafka
    town.commit(town.settings.projector_group, topic, 3)
    after = (await explained(town)).kafka

    assert waiting is not None
    assert after is not None
    [transaction] = waiting.open_transactions
    assert waiting.projector_behind == 2
    assert (transaction.topic, transaction.partition, transaction.first_offset) == (topic, 0, 0)
    assert before - timedelta(seconds=1) < transaction.since < datetime.now(UTC)
    assert (after.projector_behind, after.open_transactions) == (0, ())


async def test_a_contact_behind_an_open_transaction_is_found_and_shows_since_when_it_waits(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.runtime.kafka.open_transactions.LONG_MS", 0)
    town.publish(contact("c-0"))
    with open_transaction(town.settings.kafka_bootstrap, town.settings.contact_topics[0], b"{}"):
        town.publish(contact("c-1"))
        waiting = await explain(town.settings, Asked("c-1"))
        before_it = await explain(town.settings, Asked("c-0"))
    after = await explain(town.settings, Asked("c-1"))

    assert isinstance(waiting, NotDecided)
    assert isinstance(before_it, NotDecided)
    assert isinstance(after, NotDecided)
    [sighting] = waiting.sightings
    assert (sighting.position, sighting.is_judged) == (Position(town.settings.contact_topics[0], 0, 2), False)
    assert sighting.waits_since is not None
    assert [each.waits_since for each in (*before_it.sightings, *after.sightings)] == [None, None]


async def test_explain_shows_whether_the_topic_still_holds_the_record(town: Town) -> None:
    besluit = await town.decide(CALLED)
    before = await explained(town)
    place = TopicPartition(town.settings.contact_topics[0], 0, 1)
    admin_client(town.settings.kafka_bootstrap).delete_records([place])[place].result(timeout=20)
    after = await explained(town)

    assert besluit.position == Position(town.settings.contact_topics[0], 0, 0)
    assert before.kafka is not None
    assert after.kafka is not None
    assert (before.kafka.record_is_held, after.kafka.record_is_held) == (True, False)


# Dead letters --------------------------------------------------------------------------------------------------------


async def test_a_source_that_is_no_name_of_a_system_is_not_shown(town: Town) -> None:
    town.publish(contact("c-9"), source="klant@example.nl")

    found = await explain(town.settings, Asked("c-9"))

    assert isinstance(found, NotDecided)
    assert [each.source for each in found.sightings] == ["-"]


async def test_only_the_dead_letters_of_the_contact_are_shown(town: Town) -> None:
    await town.decide(CALLED)
    town.refuse(contact("c-2"))
    town.refuse(contact("c-1"), source=OTHER_SOURCE)
    town.refuse(CALLED)
    town.refuse(
        CALLED, faults=[Fault("data.onderwerpen.0.inhoud", FaultKind.TE_LANG), Fault("data.kanaal", FaultKind.LEEG)]
    )

    named = LetterSelection(ids=frozenset({LetterId(0, 2)}))
    await discard(town.settings, named, reason="a test of the new PBX")

    found = await explained(town)

    assert found.kafka is not None
    assert found.kafka.letters is not None
    discarded, letter = found.kafka.letters.newest
    assert found.kafka.letters.number == 2
    assert (discarded.letter.id, discarded.history.state, letter.history.state) == (
        LetterId(0, 2),
        LetterState.DISCARDED,
        LetterState.OPEN,
    )
    assert (letter.letter.id, letter.letter.kind, letter.letter.paths) == (
        LetterId(0, 3),
        RefusalKind.CONTACT_ONGELDIG,
        ("data.kanaal", "data.onderwerpen.*.inhoud"),
    )
    assert abs((letter.letter.written_at - datetime.now(UTC)).total_seconds()) < 3600


async def test_the_newest_of_many_dead_letters_are_kept(town: Town) -> None:
    await town.decide(CALLED)
    town.refuse(CALLED, number=MAX_LETTERS + 5)

    found = await explained(town)

    assert found.kafka is not None
    assert found.kafka.letters is not None
    assert found.kafka.letters.number == MAX_LETTERS + 5
    assert [each.letter.id for each in found.kafka.letters.newest] == [
        LetterId(0, at) for at in range(5, MAX_LETTERS + 5)
    ]


async def test_dead_letters_are_not_read_when_the_caller_asks_so(town: Town) -> None:
    await town.decide(CALLED)
    town.refuse(CALLED)

    found = await explained(town, through=False)

    assert found.kafka is not None
    assert found.kafka.letters is None


async def test_a_refused_contact_whose_correction_waits_is_shown_as_such(town: Town) -> None:
    town.publish(contact("c-0"))
    town.publish(contact("c-1"))
    town.publish(contact("c-1", revisie=2))
    town.commit(town.settings.classifier_group, town.settings.contact_topics[0], 2)
    town.refuse(contact("c-1"))

    found = await explain(town.settings, Asked("c-1"))

    assert isinstance(found, NotDecided)
    assert found.sightings == (
        Sighting(SOURCE, Position(town.settings.contact_topics[0], 0, 1), is_judged=True),
        Sighting(SOURCE, Position(town.settings.contact_topics[0], 0, 2), is_judged=False),
    )
    assert found.letters is not None
    assert [each.letter.id for each in found.letters.newest] == [LetterId(0, 0)]


# A topic for each publisher -------------------------------------------------------------------------------------------


async def _two_towns(settings: Settings) -> tuple[Town, Town]:
    """Return a town as each of two publishers sees it: its own topic comes first."""
    a = settings.contact_topics[0]
    b = f"{a}.b"
    one, other = (Town(settings.model_copy(update={"contact_topics": both})) for both in ((a, b), (b, a)))
    await one.prepare()
    return one, other


async def test_a_contact_without_a_decision_is_shown_in_each_topic_in_which_it_came(settings: Settings) -> None:
    one, other = await _two_towns(settings)
    one.publish(contact("c-1"))
    other.publish(contact("c-1"))

    found = await explain(one.settings, Asked("c-1"), through=False)

    assert isinstance(found, NotDecided)
    assert found.sightings == (
        Sighting(SOURCE, Position(one.settings.contact_topics[0], 0, 0), is_judged=False),
        Sighting(SOURCE, Position(other.settings.contact_topics[0], 0, 0), is_judged=False),
    )


async def test_the_record_of_a_decision_is_looked_for_in_its_own_topic(settings: Settings) -> None:
    one, other = await _two_towns(settings)
    one.publish(contact("c-0"))
    await other.decide(CALLED)
    for held, left in ((True, 0), (False, 1)):
        if left:
            place = TopicPartition(other.settings.contact_topics[0], 0, left)
            for done in admin_client(settings.kafka_bootstrap).delete_records([place]).values():
                done.result(20)

        found = await explained(one)

        assert found.besluit.position == Position(other.settings.contact_topics[0], 0, 0)
        assert found.kafka is not None
        assert found.kafka.record_is_held is held


UNKNOWN_SOURCE = b'{"data": {"contactId": "c-1"}}'
LONG = {"toelichting": "x" * 70_000}


@pytest.mark.parametrize(
    ("value", "headers"),
    [
        pytest.param(line(event(contact("c-1", other=LONG))), [], id="cut"),
        pytest.param(b'{"source": "%s" "data": {"contactId": "c-1"}}' % SOURCE.encode(), [], id="broken"),
        pytest.param(b'{"contactId": "c-1"}', [("ce-id", b"e"), ("ce-source", SOURCE.encode())], id="ce-"),
        pytest.param(b'{"contactId": "c-1"}', [("cloudEvents:source", f'"{SOURCE}"'.encode())], id="cloudEvents:"),
        pytest.param(b'{"contactId": "c-1"', [("ce_source", SOURCE.encode())], id="binary and broken"),
        pytest.param(orjson.dumps({"source": SOURCE, "data_base64": packed({"contactId": "c-1"})}), [], id="base64"),
        pytest.param(
            orjson.dumps({"source": SOURCE, "data_base64": packed({"contactId": "c-1", **LONG})}), [], id="base64, cut"
        ),
        pytest.param(UNKNOWN_SOURCE, [], id="without a source"),
    ],
)
async def test_a_dead_letter_is_found_however_broken(
    town: Town, value: bytes, headers: list[tuple[str, bytes | None]]
) -> None:
    await town.decide(CALLED)
    letter = town.refuse_value(value, headers)

    assert letters_of(await explained(town)) == [letter]


@pytest.mark.parametrize(
    "value",
    [
        line(event(contact("c-2", other={"vervolgOp": {"contactId": "c-1"}}))),
        b'{"data": {"vervolgOp": {"contactId": "c-1"}, "contactId": "c-2" "x"}}',
        b'{"data": {"contactId": "c-1',
        b"c-1",
        None,
    ],
)
async def test_a_dead_letter_that_only_mentions_the_contact_is_none_of_it(town: Town, value: bytes | None) -> None:
    await town.decide(CALLED)
    town.refuse_value(value)

    assert letters_of(await explained(town)) == []


async def test_a_dead_letter_that_was_cut_before_the_contact_id_is_found_by_where_its_record_lies(town: Town) -> None:
    await town.decide(CALLED)
    value = b'{"source": "%s", "data": {"toelichting": "%s", "contactId": "c-1"}}' % (SOURCE.encode(), b"x" * 70_000)
    letter = town.refuse_value(value, position=town.publish_value(value))
    town.refuse_value(line(event(contact("c-2"))), position=Position(town.settings.contact_topics[0], 0, 1))

    assert letters_of(await explained(town)) == [letter]


async def test_the_earlier_letters_of_a_record_that_went_back_are_found(town: Town) -> None:
    mistyped = town.refuse_value(line(event(contact("c-7"))))
    again = town.refuse_value(b"no JSON", [(EARLIER, str(mistyped).encode())])
    await town.decide(CALLED, headers=[(EARLIER, f"{mistyped},{again}".encode())])
    town.refuse(contact("c-7"))

    assert letters_of(await explained(town)) == [mistyped, again]


async def test_a_letter_that_failed_again_brings_its_earlier_one_and_the_other_way_round(town: Town) -> None:
    await town.decide(CALLED)
    unread = town.refuse_value(b"no JSON")
    corrected = town.refuse_value(UNKNOWN_SOURCE, [(EARLIER, str(unread).encode())])
    spoiled = town.refuse_value(b"spoiled", [(EARLIER, f"{unread},{corrected}".encode())])

    found = await explained(town)

    assert letters_of(found) == [unread, corrected, spoiled]
    assert found.kafka is not None
    assert found.kafka.letters is not None
    assert found.kafka.letters.number == 3


async def test_a_record_is_still_there_only_while_it_is_that_of_the_contact(town: Town) -> None:
    await town.decide(CALLED)
    before = await explained(town)
    remove_topics(town.settings.kafka_bootstrap, town.settings.contact_topics[0])
    await town.prepare()
    town.publish(contact("c-2"))
    after = await explained(town)

    assert before.kafka is not None
    assert after.kafka is not None
    assert (before.kafka.record_is_held, after.kafka.record_is_held) == (True, False)


# Records that came too late ------------------------------------------------------------------------------------------


async def test_revisies_that_a_higher_one_had_overtaken_are_shown(town: Town) -> None:
    await town.decide(contact("c-1"))
    await town.decide(contact("c-1", revisie=9))
    before = await explained(town)
    late = [town.publish(contact("c-1", revisie=each)) for each in (2, 3)]
    town.publish(contact("c-1", revisie=9))
    town.publish(contact("c-1", revisie=2), source=OTHER_SOURCE)
    town.publish({"contactId": "c-1", "revisie": 2})
    waiting = town.publish(contact("c-1", revisie=4))
    town.commit(town.settings.classifier_group, town.settings.contact_topics[0], waiting.offset)

    found = (await explained(town)).kafka

    assert before.kafka is not None
    assert before.kafka.overtaken == OvertakenRecords()
    assert found is not None
    assert found.overtaken is not None
    assert [(each.position, each.revisie) for each in found.overtaken.newest] == [(late[0], 2), (late[1], 3)]
    assert found.overtaken.number == 2
    assert [each.position for each in found.waiting] == [waiting]


async def test_the_newest_of_many_overtaken_revisies_are_kept(town: Town) -> None:
    await town.decide(contact("c-1", revisie=9))
    for _ in range(MAX_OVERTAKEN + 3):
        town.publish(contact("c-1"))
    town.commit(town.settings.classifier_group, town.settings.contact_topics[0], MAX_OVERTAKEN + 4)

    found = (await explained(town)).kafka

    assert found is not None
    assert found.overtaken is not None
    assert (found.overtaken.number, found.overtaken.newest[-1].position.offset) == (
        MAX_OVERTAKEN + 3,
        MAX_OVERTAKEN + 3,
    )
    assert len(found.overtaken.newest) == MAX_OVERTAKEN


# Faults --------------------------------------------------------------------------------------------------------------


async def test_the_decision_is_shown_even_when_kafka_is_away(town: Town) -> None:
    await town.decide(CALLED)
    away = town.settings.model_copy(update={"kafka_bootstrap": f"{HOST}:{free_port()}"})

    found = await explain(away, Asked("c-1"))

    assert isinstance(found, Explained)
    assert (found.besluit.contact_id, found.kafka) == ("c-1", None)
    assert found.kafka_fault == f"Kafka at {away.kafka_bootstrap} does not answer."
    with pytest.raises(TransientFailure, match="Kafka"):
        await explain(away, Asked("nowhere"))


@pytest.mark.parametrize(
    ("asks", "refuses", "told"),
    [
        (AIOKafkaConsumer, ("beginning_offsets", TopicAuthorizationFailedError), "does not let this user read"),
        (AIOKafkaAdminClient, ("list_consumer_group_offsets", GroupAuthorizationFailedError), "see the group"),
    ],
)
async def test_a_missing_right_in_kafka_is_named(
    town: Town, monkeypatch: pytest.MonkeyPatch, asks: type, refuses: tuple[str, type[Exception]], told: str
) -> None:
    await town.decide(CALLED)
    method, error = refuses

    async def refuse(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(asks, method, refuse)
    found = await explained(town)

    assert found.besluit.contact_id == "c-1"
    assert told in str(found.kafka_fault)


async def test_a_mongodb_that_is_away_is_reported(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.runtime.mongo.client.SELECTION_MILLISECONDS", 200)
    away = settings.model_copy(update={"mongo_uri": f"mongodb://{HOST}:{free_port()}/?replicaSet=rs0"})

    with pytest.raises(TransientFailure, match=r"MongoDB at .* does not answer"):
        await explain(away, Asked("c-1"))


async def test_a_missing_right_in_mongodb_is_named_without_the_query(settings: Settings) -> None:
    async def refused() -> None:
        async with read_databases(settings):
            raise OperationFailure("not authorized to find {contactId: 'c-1'}", 13)

    with pytest.raises(InvalidSettings, match=f"right to read the database {settings.mongo_database}") as told:
        await refused()
    assert "c-1" not in str(told.value)


async def test_explaining_changes_nothing(town: Town) -> None:
    await town.decide(CALLED)
    await town.project("c-1")

    def everything() -> dict[str, list[object]]:
        with MongoClient[dict[str, object]](town.settings.mongo_uri) as client:
            database = client[town.settings.mongo_database]
            return {name: list(database[name].find().sort("_id")) for name in database.list_collection_names()}

    before = everything()
    await explained(town)
    assert everything() == before
