"""Sealed letters on real Kafka and MongoDB: who opens them, and when nobody does any more."""

import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from pymongo.asynchronous.database import AsyncDatabase

from schemas.reading.origin import Origin
from services.domain.ids import contact_key
from services.operations.dead_letters.content import Corrections
from services.operations.dead_letters.discard import discard
from services.operations.dead_letters.letters import ContentWithheld, Letter, LetterId, Withheld
from services.operations.dead_letters.listing import listed
from services.operations.dead_letters.reading import dead_letters
from services.operations.dead_letters.redrive import planned, redrive
from services.operations.dead_letters.selection import LetterSelection, LetterState
from services.operations.dead_letters.show import exported, told
from services.operations.explain.letters import Sought, read_letters
from services.operations.topic_reader import topic_reader, unseen
from services.runtime.errors import InvalidSettings
from services.runtime.letters.sealing import Sealer
from services.runtime.letters.store import LETTER_KEYS, forget_letters, number_wrapped_before, rewrap
from services.runtime.mongo.client import Document, connect
from services.runtime.settings import Settings
from tests.support.contacts import SOURCE
from tests.support.kafka_tools import make_topics, read_committed
from tests.support.letters import publish_letters
from tests.support.sealed import REGISTER_KEY, contact_record, encoded, publish_sealed, send, with_key

CANARY = "zqcanaryqz"
FIRST = LetterId(0, 0)
NAMED = LetterSelection(ids=frozenset({FIRST}))
WHATEVER_STATE = replace(NAMED, states=frozenset(LetterState))
NEW = Sealer(b"another key of the tests, 32 bytes!!", 2)


@pytest.fixture
def settings(kafka_bootstrap: str, mongo_uri: str, topics: str, database: str) -> Settings:
    made = Settings(
        kafka_bootstrap=kafka_bootstrap,
        mongo_uri=mongo_uri,
        mongo_database=database,
        contact_topics=(f"{topics}.contact.ended",),
        consent_topics=(f"{topics}.toestemming.gewijzigd",),
        dead_letter_topic=f"{topics}.contact.ended.dlq",
    )
    make_topics(kafka_bootstrap, *made.input_topics, made.dead_letter_topic)
    return with_key(made)


def _value(contact_id: str = "c-1", *, source: str = SOURCE) -> bytes:
    return json.dumps({"source": source, "data": {"contactId": contact_id, "naam": CANARY}}).encode()


def _without_key(settings: Settings) -> Settings:
    return settings.model_copy(update={"sleutel": None})


@asynccontextmanager
async def _database(settings: Settings) -> AsyncIterator[AsyncDatabase[Document]]:
    async with await connect(settings) as client:
        yield client[settings.register_database]


async def _letter(settings: Settings, letter_id: LetterId = FIRST) -> Letter:
    async with dead_letters(settings) as letters:
        found = await letters.one(letter_id)
        assert found is not None
        return found.letter


async def _exported(settings: Settings, left_out: Counter[Withheld] | None = None) -> list[dict[str, Any]]:
    lines = exported(settings, LetterSelection(), left_out=left_out)
    return [json.loads(line) async for some in lines for line in some.splitlines()]


async def test_letters_with_the_key_of_the_register_read_as_those_that_are_not_sealed(settings: Settings) -> None:
    await publish_sealed(settings, contact_record(settings, _value()), contact_record(settings, b"no json", offset=1))
    publish_letters(settings, [_value("c-3")])  # of an earlier release

    assert [group.key.source for group in await listed(settings, LetterSelection())] == [SOURCE, "-"]
    assert [each.get("event") or each["value"] for each in await _exported(settings)] == [
        json.loads(_value()),
        "no json",
        json.loads(_value("c-3")),
    ]
    assert (await redrive(settings, LetterSelection())).done == 3
    sent = read_committed(settings.kafka_bootstrap, [settings.contact_topics[0]])
    assert [each.value() for each in sent] == [_value(), b"no json", _value("c-3")]
    assert [name for name, _ in sent[0].headers() or ()] == ["dlq_attempt", "dlq_letter"]  # type: ignore[str-unpack]


async def test_without_the_key_a_letter_has_headers_and_source_and_no_content(settings: Settings) -> None:
    await publish_sealed(settings, contact_record(settings, _value()))
    poor = _without_key(settings)

    (group,) = await listed(poor, LetterSelection(sources=frozenset({SOURCE})))
    letter = await _letter(poor)

    assert group.number == 1
    assert (letter.content.value, letter.content.key, letter.withheld) == (None, b"klant-1", Withheld.NO_KEY)
    with pytest.raises(ContentWithheld, match=r"0-0 can't be read: the settings hold no key .*KLANTCONTACT_SLEUTEL_F"):
        await told(poor, FIRST, with_content=True)
    left_out = Counter[Withheld]()
    assert await _exported(poor, left_out) == []
    assert left_out == {Withheld.NO_KEY: 1}
    assert (await redrive(poor, LetterSelection())).skipped == {f"its content {Withheld.NO_KEY.value}": 1}
    assert read_committed(settings.kafka_bootstrap, [settings.contact_topics[0]]) == []


async def test_a_key_file_that_can_not_be_read_is_told(settings: Settings) -> None:
    with pytest.raises(InvalidSettings, match="KLANTCONTACT_SLEUTEL_FILE"):
        await listed(_without_key(settings).model_copy(update={"sleutel_file": Path("/nowhere")}), LetterSelection())


async def test_another_key_opens_nothing(settings: Settings) -> None:
    await publish_sealed(settings, contact_record(settings, _value()))
    other = settings.model_copy(update={"sleutel": SecretStr("another key of the tests, 32 bytes!!")})
    assert (await _letter(other)).withheld is Withheld.OTHER_KEY


async def test_what_is_discarded_is_gone_also_for_who_has_the_key(settings: Settings) -> None:
    await publish_sealed(
        settings, contact_record(settings, _value()), contact_record(settings, _value("c-2"), offset=1)
    )

    await discard(settings, NAMED, reason="a test")

    letter = await _letter(settings)
    assert (letter.withheld, letter.content.value, letter.source) == (Withheld.DISCARDED, None, SOURCE)
    with pytest.raises(ContentWithheld, match="is gone: the letter was discarded"):
        await told(settings, FIRST, with_content=True)
    plan = await planned(settings, WHATEVER_STATE)
    assert plan.skipped == {"its content is gone: the letter was discarded": 1}
    assert (await _letter(settings, LetterId(0, 1))).withheld is None
    async with _database(settings) as database:
        kept = [each async for each in database[LETTER_KEYS].find({"wrapped": {"$exists": True}})]
        assert len(kept) == 1


async def test_a_discarded_letter_goes_back_with_a_whole_content_of_its_own(settings: Settings, tmp_path: Path) -> None:
    await publish_sealed(settings, contact_record(settings, _value()))
    await discard(settings, NAMED, reason="a test")
    file = tmp_path / "corrected.jsonl"
    file.write_text('{"letter": "0-0", "event": {"anew": true}}\n')
    with file.open("rb") as opened:
        done = await redrive(settings, replace(WHATEVER_STATE, ids=frozenset()), corrections=Corrections(opened))
    assert (done.done, done.skipped) == (1, {})
    (sent,) = read_committed(settings.kafka_bootstrap, [settings.contact_topics[0]])
    assert (sent.value(), sent.key()) == (b'{"anew":true}', b"klant-1")


async def test_letters_of_a_contact_are_forgotten_and_all_others_stay(settings: Settings) -> None:
    nameless = json.dumps({"source": SOURCE, "data": {"naam": CANARY}}).encode()
    values = [_value(), _value("c-2"), _value(source=f"{SOURCE}:other"), nameless, _value()[:-1]]
    await publish_sealed(settings, *(contact_record(settings, each, offset=at) for at, each in enumerate(values)))

    async with _database(settings) as database:
        assert await forget_letters(database, [contact_key(SOURCE, "c-1"), contact_key(SOURCE, "c-9")]) == 2
        assert await forget_letters(database, [contact_key(SOURCE, "c-1")]) == 0
        left = [each async for each in database[LETTER_KEYS].find({"gone": "erased"})]

    withheld = [(await _letter(settings, LetterId(0, at))).withheld for at in range(len(values))]
    assert withheld == [Withheld.ERASED, None, None, None, Withheld.ERASED]
    assert [sorted(each) for each in left] == [["_id", "expiresAt", "gone", "source"]] * 2


async def test_what_was_discarded_before_is_forgotten_too(settings: Settings) -> None:
    await publish_sealed(settings, contact_record(settings, _value()))
    await discard(settings, NAMED, reason="a test")
    async with _database(settings) as database:
        await forget_letters(database, [contact_key(SOURCE, "c-1")])
        assert await database[LETTER_KEYS].find_one({"contact": {"$exists": True}}) is None
    assert (await _letter(settings)).withheld is Withheld.ERASED


async def test_a_letter_expires_with_its_key(settings: Settings) -> None:
    (key, _) = await publish_sealed(
        settings, contact_record(settings, _value()), contact_record(settings, _value("c-2"), offset=1)
    )
    async with _database(settings) as database:
        index = (await database[LETTER_KEYS].index_information())["expiresAt_1"]
        stored = await database[LETTER_KEYS].find_one({"_id": key.key_id})
        assert stored is not None
        assert abs(stored["expiresAt"] - key.made_at - timedelta(days=21)) < timedelta(seconds=1)
        assert index["expireAfterSeconds"] == 0
        # MongoDB looks once a minute for what has expired: it might remove the key before the letter is looked at.
        await database[LETTER_KEYS].drop_index("expiresAt_1")
        await database[LETTER_KEYS].update_one({"_id": key.key_id}, {"$set": {"expiresAt": datetime.now(UTC)}})
    assert (await _letter(settings)).withheld is Withheld.EXPIRED
    assert (await _letter(settings, LetterId(0, 1))).withheld is None


async def test_a_key_that_is_not_there_has_expired_or_was_never_in_this_database(settings: Settings) -> None:
    await publish_sealed(settings, contact_record(settings, _value()))
    async with _database(settings) as database:
        await database[LETTER_KEYS].delete_many({})
    assert (await _letter(settings)).withheld is Withheld.LOST
    at_once = settings.model_copy(update={"dead_letter_retention_days": 0})
    assert (await _letter(at_once)).withheld is Withheld.EXPIRED


async def test_a_letter_that_was_changed_is_told_and_goes_nowhere(settings: Settings) -> None:
    (key,) = await publish_sealed(settings, contact_record(settings, _value()))
    message = encoded(settings, contact_record(settings, _value()))
    headers = [(name, key.key_id.encode() if name == "dlq_sleutel" else value) for name, value in message.headers]
    (true,) = read_committed(settings.kafka_bootstrap, [settings.dead_letter_topic])
    given: Any = true.headers()
    other_kind = [(name, b"interne_fout" if name == "dlq_kind" else value) for name, value in given]
    send(settings, replace(message, headers=headers), replace(message, value=true.value(), headers=other_kind))

    assert [(await _letter(settings, LetterId(0, at))).withheld for at in range(3)] == [
        None,
        Withheld.CHANGED,
        Withheld.CHANGED,
    ]
    with pytest.raises(
        ContentWithheld, match="0-1 can't be read: the letter was changed after the classifier wrote it"
    ):
        await told(settings, LetterId(0, 1), with_content=True)
    done = await redrive(settings, LetterSelection())
    assert (done.done, done.skipped) == (1, {f"its content {Withheld.CHANGED.value}": 2})


@pytest.mark.parametrize("is_discarded", [False, True])
async def test_the_letters_of_a_contact_are_found_without_the_key_and_after_a_discard(
    settings: Settings, *, is_discarded: bool
) -> None:
    values = [_value(), _value("c-2"), _value()[:-1]]
    await publish_sealed(settings, *(contact_record(settings, each, offset=at) for at, each in enumerate(values)))
    if is_discarded:
        await discard(settings, LetterSelection(), reason="a test")
    for source in (SOURCE, None):
        async with topic_reader(settings) as reader:
            sought = Sought(contact=Origin(source, "c-1"))
            found = await read_letters(reader, _without_key(settings), settings.dead_letter_topic, sought, unseen)
        assert [each.letter.id.offset for each in found.newest] == [0, 2]


async def test_a_new_key_of_the_register_takes_over_what_the_old_one_opens(settings: Settings, tmp_path: Path) -> None:
    values = [_value(f"c-{number}") for number in range(3)]
    await publish_sealed(settings, *(contact_record(settings, each, offset=at) for at, each in enumerate(values)))
    await discard(settings, NAMED, reason="a test")
    old = Sealer(REGISTER_KEY)
    former = tmp_path / "former"
    former.write_bytes(REGISTER_KEY)
    key = SecretStr("another key of the tests, 32 bytes!!")
    only_new = settings.model_copy(update={"sleutel": key})
    both = settings.model_copy(update={"sleutel": key, "former_sleutel_files": (former,)})
    assert (await _letter(both, LetterId(0, 1))).withheld is None, "before it takes over"

    async with _database(settings) as database:
        assert await number_wrapped_before(database, 2) == 2
        assert await rewrap(database, old, NEW) == 2
        assert await rewrap(database, old, NEW) == 0
        assert (await number_wrapped_before(database, 2), await number_wrapped_before(database, 3)) == (0, 2)

    assert [each["event"] for each in await _exported(both)] == [json.loads(each) for each in values[1:]]
    assert {(await _letter(each, LetterId(0, 1))).withheld for each in (settings, only_new)} == {Withheld.OTHER_KEY}
    assert (await _letter(both)).withheld is Withheld.DISCARDED
