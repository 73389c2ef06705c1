"""What lies at a position of each topic, and the contact that it leads to, on real servers."""

import orjson
import pytest
from confluent_kafka import TopicPartition

from schemas.positions import Position
from services.operations.explain.explain import Explained
from services.operations.explain.held import Held
from services.operations.explain.record import AtPosition, explain_record, position_of
from services.operations.origin import UnknownContact
from services.projector.errors import ForeignReason
from services.runtime.settings import Settings
from tests.integration.operations.test_explain import CALLED, settings, town
from tests.support.bombs import ZSTD, publish_bomb
from tests.support.examples import CHANGED, change, contact, event, line
from tests.support.explain_town import Town
from tests.support.kafka_tools import admin_client, open_transaction, transaction

__all__ = ["settings", "town"]


async def found_at(town: Town, position: Position, *, through: bool = True) -> AtPosition:
    return await explain_record(town.settings, position, through=through)


def contact_of(found: AtPosition) -> str | None:
    return found.contact.besluit.contact_id if found.contact else None


def letters_of(found: AtPosition) -> list[str]:
    letters = found.contact.kafka.letters if found.contact and found.contact.kafka else found.letters
    assert letters is not None
    return [str(each.letter.id) for each in letters.newest]


def test_a_position_is_one_of_a_topic_of_ours() -> None:
    given = Settings()
    assert position_of("contact.ended:3:120", given) == Position("contact.ended", 3, 120)
    assert position_of("contact.ended.dlq:0:0", given) == Position("contact.ended.dlq", 0, 0)
    assert position_of("toestemming.gewijzigd:1:7", given) == Position("toestemming.gewijzigd", 1, 7)
    texts = ("urn:3:120", "contact.ended:3", "contact.ended:3:", "contact.ended:-1:0", "contact.ended:3:120:4")
    assert [position_of(each, given) for each in texts] == [None] * len(texts)


async def test_a_decided_record_leads_to_its_contact(town: Town) -> None:
    besluit = await town.decide(CALLED)
    assert besluit.position is not None
    town.refuse(CALLED)
    town.refuse(contact("c-2"))

    before = await found_at(town, besluit.position)
    town.commit(town.settings.classifier_group, town.settings.contact_topics[0], 1)
    after = await found_at(town, besluit.position)

    assert (before.held, before.is_handled, contact_of(before)) == (Held.RECORD, False, "c-1")
    assert (after.is_handled, letters_of(after)) == (True, ["0-0"])


async def test_a_contact_without_a_trace_is_found_by_its_record(town: Town) -> None:
    besluit = await town.decide(contact("c-1"))
    assert besluit.position is not None

    assert contact_of(await found_at(town, besluit.position)) == "c-1"


async def test_a_change_of_consent_is_found_by_its_record(town: Town) -> None:
    topic = town.settings.consent_topics[0]
    town._send(topic, line(event(change(wijziging_id="w-7"), other={"type": CHANGED})))
    before = await found_at(town, Position(topic, 0, 0))
    town.commit(town.settings.classifier_group, topic, 1)

    after = await found_at(town, Position(topic, 0, 0))

    assert (before.held, before.names_a_contact, before.is_handled) == (Held.RECORD, True, False)
    assert after.is_handled is True


async def test_a_record_that_names_what_no_contact_can_be_called_is_explained(town: Town) -> None:
    position = town.publish_value(rb'{"source": "urn:a:b", "data": {"contactId": "\ud800"}}')

    assert (await found_at(town, position)).contact is None


@pytest.mark.parametrize("value", [None, b"no JSON", b"\xff\xfe", b"[1]"])
async def test_a_record_that_nobody_can_read_leads_to_its_dead_letters(town: Town, value: bytes | None) -> None:
    town.publish(contact("c-0"))
    position = town.publish_value(value)
    letter = town.refuse_value(value, position=position)
    town.refuse_value(value, position=Position(position.topic, 1, position.offset))
    town.refuse_value(value)

    found = await found_at(town, position)

    assert (found.held, found.names_a_contact, found.contact) == (Held.RECORD, False, None)
    assert letters_of(found) == [str(letter)]


async def test_a_refused_record_and_its_dead_letter_lead_to_each_other(town: Town) -> None:
    refused = line(event({"contactId": "c-1"}))
    position = town.publish_value(refused)
    letter = town.refuse_value(refused, position=position)
    at_letter = Position(town.settings.dead_letter_topic, letter.partition, letter.offset)

    by_record, by_letter = await found_at(town, position), await found_at(town, at_letter)

    assert (by_record.contact, by_record.names_a_contact, letters_of(by_record)) == (None, True, [str(letter)])
    assert (by_letter.is_handled, by_letter.lay_at, letters_of(by_letter)) == (None, position, [str(letter)])


async def test_a_dead_letter_of_a_contact_that_was_decided_since_leads_to_it(town: Town) -> None:
    letter = town.refuse_value(line(event({"contactId": "c-1"})))
    await town.decide(CALLED)

    found = await found_at(town, Position(town.settings.dead_letter_topic, *letter))

    assert (contact_of(found), letters_of(found)) == ("c-1", [str(letter)])


async def test_an_event_leads_to_the_contact_that_it_follows_from(town: Town) -> None:
    await town.decide(CALLED)
    await town.project("c-1")
    town.send_output(orjson.dumps(town.events_of("c-1")[0], option=orjson.OPT_UTC_Z))
    town.commit(town.settings.projector_group, town.settings.registered_topic, 1)

    found = await found_at(town, Position(town.settings.registered_topic, 0, 0))

    assert (found.held, found.is_handled, found.foreign, contact_of(found)) == (Held.RECORD, True, None, "c-1")


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, ForeignReason.NO_VALUE),
        (b"no JSON", ForeignReason.NO_JSON),
        (b'{"data": {"herkomst": 1}}', ForeignReason.OTHER_TYPE),
    ],
)
async def test_a_record_of_an_output_that_is_not_ours_says_why(
    town: Town, value: bytes | None, reason: ForeignReason
) -> None:
    town.send_output(value)

    found = await found_at(town, Position(town.settings.registered_topic, 0, 0))

    assert (found.foreign, found.contact) == (reason, None)


async def test_a_batch_that_is_too_large_leads_to_the_letter_that_stands_for_it(town: Town) -> None:
    topic = town.settings.contact_topics[0]
    await publish_bomb(town.settings.kafka_bootstrap, topic, ZSTD, records=3)
    letter = town.refuse_value(None, position=Position(topic, 0, 0), last_offset=2)
    town.refuse_value(None, position=Position(topic, 0, 3), last_offset=5)

    found = await found_at(town, Position(topic, 0, 1))

    assert (found.held, found.last_offset, letters_of(found)) == (Held.BATCH, 2, [str(letter)])


async def test_a_record_behind_an_open_transaction_says_since_when_it_waits(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.runtime.kafka.open_transactions.LONG_MS", 0)
    with open_transaction(town.settings.kafka_bootstrap, town.settings.contact_topics[0], b"{}"):
        town.publish(contact("c-1"))
        waiting = await found_at(town, Position(town.settings.contact_topics[0], 0, 1))
        later = await found_at(town, Position(town.settings.contact_topics[0], 0, 2))

    assert (waiting.held, waiting.names_a_contact, waiting.is_handled) == (Held.WAITS, True, False)
    assert waiting.waits_since is not None
    assert (later.held, later.waits_since) == (Held.NOT_YET, None)


async def test_a_place_without_a_record_says_why(town: Town) -> None:
    topic = town.settings.contact_topics[0]
    # One record and the mark behind it.
    transaction(town.settings.kafka_bootstrap, topic, [b"{}"], committed=False)
    partition = 0 if (await _end(town, 0)) else 1
    aborted, mark, next_one = [await found_at(town, Position(topic, partition, offset)) for offset in range(3)]
    place = _delete_before(town, partition, 1)
    gone = await found_at(town, Position(topic, partition, 0))

    assert [each.held for each in (aborted, mark, next_one)] == [Held.NOTHING, Held.NOTHING, Held.NOT_YET]
    assert (place, gone.held) == (1, Held.GONE)
    with pytest.raises(UnknownContact, match=f"{topic} has no partition 2"):
        await found_at(town, Position(topic, 2, 0))


async def _end(town: Town, partition: int) -> bool:
    found = await found_at(town, Position(town.settings.contact_topics[0], partition, 0), through=False)
    return found.held is not Held.NOT_YET


def _delete_before(town: Town, partition: int, offset: int) -> int:
    place = TopicPartition(town.settings.contact_topics[0], partition, offset)
    deleted = admin_client(town.settings.kafka_bootstrap).delete_records([place])[place].result(timeout=20)
    return int(deleted.low_watermark)


async def test_without_reading_through_no_letters_are_looked_for(town: Town) -> None:
    refused = town.publish_value(b"no JSON")
    besluit = await town.decide(CALLED)
    assert besluit.position is not None

    undecided = await found_at(town, refused, through=False)
    decided = await found_at(town, besluit.position, through=False)

    assert undecided.letters is None
    assert isinstance(decided.contact, Explained)
    assert decided.contact.kafka is not None
    assert (decided.contact.kafka.letters, decided.contact.kafka.overtaken) == (None, None)
