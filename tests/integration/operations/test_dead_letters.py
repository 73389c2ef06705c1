"""Listing, showing, sending back, discarding and exporting dead letters, on real Kafka and MongoDB."""

import asyncio
import io
import json
import os
import pwd
import socket
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from confluent_kafka import Message, TopicPartition
from pymongo import MongoClient

from schemas.faults import Fault, FaultKind, RefusalKind
from services.operations.dead_letters.content import Corrections
from services.operations.dead_letters.discard import discard
from services.operations.dead_letters.letters import InvalidFilter, Letter, LetterId, LettersRefused
from services.operations.dead_letters.listing import GroupKey, listed
from services.operations.dead_letters.redrive import planned, redrive
from services.operations.dead_letters.returning import IS_CUT, Returns
from services.operations.dead_letters.selection import LetterSelection, LetterState
from services.operations.dead_letters.show import exported, told
from services.operations.dead_letters.states import (
    COLLECTION,
    TTL_INDEX,
    Change,
    LetterCounts,
    LetterStates,
    letter_states,
)
from services.operations.lock import Lock, LockRefused
from services.runtime.errors import InvalidSettings, TransientFailure
from services.runtime.settings import Settings
from tests.support.contacts import SOURCE
from tests.support.kafka_tools import ANSWER_SECONDS, admin_client, make_topics, read_committed
from tests.support.letters import MISSING, publish_letters

PARTITIONS = 2
WHO = f"{pwd.getpwuid(os.getuid()).pw_name}@{socket.gethostname()}"
CANARY = "zqcanaryqz"
EVERYTHING = LetterSelection(states=frozenset(LetterState))


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
    # The time of a letter is the broker's, also in the real topic.
    configuration = {"max.message.bytes": "2097152"}
    make_topics(kafka_bootstrap, *made.input_topics, partitions=PARTITIONS)
    make_topics(kafka_bootstrap, made.dead_letter_topic, partitions=PARTITIONS, configuration=configuration)
    return made


def _value(number: int) -> bytes:
    return json.dumps({"source": SOURCE, "data": {"number": number, "naam": CANARY}}).encode()


def _values(number: int, *, first: int = 0) -> list[bytes]:
    return [_value(each) for each in range(first, first + number)]


def _ids(*texts: str) -> LetterSelection:
    return LetterSelection(ids=frozenset(map(LetterId.parse, texts)))


def _sent_back(settings: Settings) -> list[Message]:
    return read_committed(settings.kafka_bootstrap, [settings.contact_topics[0]])


def _records(settings: Settings) -> dict[str, dict[str, Any]]:
    """Return the documents in MongoDB by the id of the letter."""
    with MongoClient[dict[str, Any]](settings.mongo_uri, tz_aware=True) as client:
        documents = client[settings.mongo_database][COLLECTION].find()
        return {each["_id"].split("/")[1].split("@")[0]: each for each in documents}


async def _states(settings: Settings) -> dict[LetterState, int]:
    states = Counter[LetterState]()
    for group in await listed(settings, EVERYTHING):
        states[group.key.state] += group.number
    return dict(states)


# list -----------------------------------------------------------------------------------------------------------------


async def test_letters_are_listed_in_groups(settings: Settings) -> None:
    inhoud = [Fault("data.onderwerpen.1.inhoud", FaultKind.TE_LANG)]
    publish_letters(settings, _values(3), partition=0)
    publish_letters(settings, [b"no json"], partition=1)
    publish_letters(settings, _values(2), partition=1, faults=inhoud)
    steps: list[tuple[int, int | None]] = []

    groups = await listed(settings, LetterSelection(), lambda done, of: steps.append((done, of)))

    kind, is_open = RefusalKind.CONTACT_ONGELDIG, LetterState.OPEN
    assert [(group.number, group.key, group.example) for group in groups] == [
        (3, GroupKey(kind, ("data.kanaal",), SOURCE, is_open), LetterId(0, 2)),
        (2, GroupKey(kind, ("data.onderwerpen.*.inhoud",), SOURCE, is_open), LetterId(1, 2)),
        (1, GroupKey(kind, ("data.kanaal",), "-", is_open), LetterId(1, 0)),
    ]
    assert all(group.oldest <= group.newest <= datetime.now(UTC) for group in groups)
    assert steps[-1] == (6, 6)


async def test_filters_narrow_the_listed_letters(settings: Settings) -> None:
    publish_letters(settings, _values(3))
    publish_letters(settings, [b"no json"] * 2)
    hour = timedelta(hours=1)
    now = datetime.now(UTC)

    async def number(selection: LetterSelection) -> int:
        return sum(group.number for group in await listed(settings, selection))

    assert await number(LetterSelection(sources=frozenset({"-"}))) == 2
    assert await number(LetterSelection(paths=frozenset({"data"}))) == 5
    assert await number(LetterSelection(kinds=frozenset({RefusalKind.TE_GROOT}))) == 0
    assert await number(LetterSelection(since=now - hour, until=now + hour)) == 5
    assert await number(LetterSelection(since=now + hour)) == 0
    assert await number(LetterSelection(until=now - hour)) == 0
    assert await number(_ids("0-0", "0-4")) == 2
    assert await number(LetterSelection(states=frozenset({LetterState.REDRIVEN}))) == 0


async def test_an_empty_topic_has_no_groups(settings: Settings) -> None:
    assert await listed(settings, LetterSelection()) == []


async def test_listing_needs_no_right_to_write_and_leaves_nothing(settings: Settings) -> None:
    publish_letters(settings, _values(1))
    await listed(settings, LetterSelection())
    with MongoClient[dict[str, Any]](settings.mongo_uri) as client:
        assert client[settings.mongo_database].list_collection_names() == []


# redrive --------------------------------------------------------------------------------------------------------------


async def test_letters_go_back_as_they_came_and_in_order(settings: Settings) -> None:
    publish_letters(settings, _values(700), partition=0, headers=[("traceparent", b"00-1")])
    publish_letters(settings, _values(50, first=700), partition=1)
    steps: list[int] = []

    done = await redrive(settings, LetterSelection(), progress=lambda done, _of: steps.append(done))

    messages = _sent_back(settings)
    of_partition = [[each for each in messages if each.partition() == number] for number in range(PARTITIONS)]
    assert done == LetterCounts(done=750)
    assert steps == sorted(steps)
    assert (steps[0], steps[-1]) == (0, 750)
    assert {500, 550} & set(steps), "steps are reported within one read; the 50 may be read first"
    assert [each.value() for each in of_partition[0]] == _values(700)
    assert [each.value() for each in of_partition[1]] == _values(50, first=700)
    assert [each.key() for each in of_partition[1]] == [f"klant-{number}".encode() for number in range(50)]
    assert of_partition[0][3].headers() == [
        ("traceparent", b"00-1"),
        ("dlq_attempt", b"1"),
        ("dlq_letter", b"0-3"),
    ]
    assert await _states(settings) == {LetterState.REDRIVEN: 750}


async def test_a_redrive_is_recorded_with_user_and_time_and_nothing_of_the_content(settings: Settings) -> None:
    publish_letters(settings, _values(1))
    before = datetime.now(UTC) - timedelta(milliseconds=1)

    await redrive(settings, LetterSelection())

    record = _records(settings)["0-0"]
    at = record["changes"][0]["at"]
    assert record == {
        "_id": record["_id"],
        "changes": [{"state": "redriven", "by": WHO, "at": at, "attempt": 1}],
        "expiresAt": at + timedelta(days=51),
    }
    assert before <= at <= datetime.now(UTC)
    with MongoClient[dict[str, Any]](settings.mongo_uri) as client:
        index = client[settings.mongo_database][COLLECTION].index_information()[TTL_INDEX]
    assert (index["key"], index["expireAfterSeconds"]) == ([("expiresAt", 1)], 0)


async def test_a_second_redrive_sends_nothing(settings: Settings) -> None:
    publish_letters(settings, _values(5))
    await redrive(settings, LetterSelection())
    assert await redrive(settings, LetterSelection()) == LetterCounts()
    assert len(_sent_back(settings)) == 5


async def test_only_letters_that_fit_the_filter_go_back(settings: Settings) -> None:
    publish_letters(settings, _values(3))
    publish_letters(settings, [b"no json"])
    await redrive(settings, LetterSelection(sources=frozenset({"-"})))
    assert [each.value() for each in _sent_back(settings)] == [b"no json"]
    assert await _states(settings) == {LetterState.OPEN: 3, LetterState.REDRIVEN: 1}


async def test_a_dry_run_reports_the_letters_to_send_and_sends_nothing(settings: Settings) -> None:
    publish_letters(settings, _values(3))
    publish_letters(settings, _values(2), topic="elsewhere")
    plan = await planned(settings, LetterSelection())
    assert [group.number for group in plan.groups] == [3]
    assert plan.skipped == {f"it did not come from {' or '.join(settings.input_topics)}": 2}
    assert _sent_back(settings) == []
    assert _records(settings) == {}


async def test_letters_that_can_not_go_back_stay_open_and_are_reported(settings: Settings) -> None:
    publish_letters(settings, _values(2), topic="elsewhere")
    publish_letters(settings, [b"x" * 3_000_000])
    publish_letters(settings, _values(1))
    done = await redrive(settings, LetterSelection())
    assert done.done == 1
    assert done.skipped == {
        f"it did not come from {' or '.join(settings.input_topics)}": 2,
        IS_CUT: 1,
    }
    assert await _states(settings) == {LetterState.OPEN: 3, LetterState.REDRIVEN: 1}
    assert await discard(settings, LetterSelection(), reason="a test") == LetterCounts(done=3)


async def test_a_named_letter_that_went_back_before_is_skipped(settings: Settings) -> None:
    publish_letters(settings, _values(3))
    await redrive(settings, _ids("0-1"))
    named = _ids("0-0", "0-1")
    plan = await planned(settings, named)
    assert ([group.number for group in plan.groups], plan.earlier) == ([1], 1)
    assert await redrive(settings, named) == LetterCounts(done=1, earlier=1)
    assert await redrive(settings, named) == LetterCounts(earlier=2)
    assert len(_sent_back(settings)) == 2


async def test_letters_named_with_a_state_go_back_again_and_open_ones_with_them(
    settings: Settings,
) -> None:
    publish_letters(settings, _values(2))
    await redrive(settings, _ids("0-1"))
    again = replace(_ids("0-0", "0-1"), states=frozenset({LetterState.REDRIVEN}))
    assert await redrive(settings, again) == LetterCounts(done=2)
    assert len(_sent_back(settings)) == 3
    assert len(_records(settings)["0-1"]["changes"]) == 2


async def test_a_named_letter_in_another_state_stops_all_until_that_state_is_named_too(settings: Settings) -> None:
    publish_letters(settings, _values(3))
    await redrive(settings, _ids("0-0"))
    await discard(settings, _ids("0-1"), reason="a test")
    named = _ids("0-0", "0-1", "0-2")
    with pytest.raises(LettersRefused) as refused:
        await redrive(settings, named)
    assert str(refused.value).splitlines() == [
        "Nothing was done:",
        "  0-1 is discarded. To take it nevertheless, add --state discarded.",
    ]
    advised = replace(named, states=frozenset({LetterState.DISCARDED}))
    assert await redrive(settings, advised) == LetterCounts(done=2, earlier=1)


async def test_a_named_letter_that_is_missing_stops_all(settings: Settings) -> None:
    publish_letters(settings, _values(2))
    with pytest.raises(LettersRefused) as refused:
        await redrive(settings, _ids("0-0", "0-2", "9-0"))
    topic = settings.dead_letter_topic
    assert str(refused.value).splitlines() == [
        "Nothing was done:",
        f"  0-2 is not in {topic}, or no longer.",
        f"  9-0 is not in {topic}, or no longer.",
    ]
    assert _sent_back(settings) == []


async def test_a_recreated_topic_does_not_inherit_the_states_of_the_old_letters(settings: Settings) -> None:
    publish_letters(settings, _values(1))
    await redrive(settings, LetterSelection())
    with MongoClient[dict[str, Any]](settings.mongo_uri) as client:
        collection = client[settings.mongo_database][COLLECTION]
        (document,) = collection.find()
        collection.delete_one({})
        place, written = document["_id"].split("@")
        collection.insert_one({**document, "_id": f"{place}@{int(written) - 1}"})
    assert await _states(settings) == {LetterState.OPEN: 1}


async def test_a_redrive_keeps_to_its_rate(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    publish_letters(settings, _values(5))
    waited: list[float] = []
    sleep = asyncio.sleep

    async def note(seconds: float) -> None:
        waited.append(seconds)
        await sleep(0)

    monkeypatch.setattr("services.operations.dead_letters.returning.asyncio.sleep", note)
    await redrive(settings, LetterSelection(), per_second=0.001)
    assert len([each for each in waited if each > 500]) == 4


# redrive --from -------------------------------------------------------------------------------------------------------


async def _export(settings: Settings, selection: LetterSelection) -> list[dict[str, Any]]:
    return [
        json.loads(line) async for some in exported(settings, selection) for line in some.splitlines() if line.strip()
    ]


def _corrections(*lines: dict[str, Any]) -> Corrections:
    return Corrections(io.BytesIO(b"".join(json.dumps(line).encode() + b"\n" for line in lines)))


async def test_corrected_letters_go_back_in_the_order_of_the_topic_and_are_tied_to_theirs(settings: Settings) -> None:
    publish_letters(settings, _values(4))
    lines = await _export(settings, LetterSelection())
    for line in lines:
        line["event"]["data"]["kanaal"] = "telefoon"

    done = await redrive(settings, LetterSelection(), corrections=_corrections(lines[3], lines[1]))

    values = [json.loads(each.value() or b"") for each in _sent_back(settings)]
    assert done == LetterCounts(done=2)
    assert [value["data"]["number"] for value in values] == [1, 3]
    assert {value["data"]["kanaal"] for value in values} == {"telefoon"}
    records = _records(settings)
    assert [records[each]["changes"][0].get("corrected") for each in ("0-1", "0-3")] == [True, True]
    assert await _states(settings) == {LetterState.OPEN: 2, LetterState.REDRIVEN: 2}


async def test_lines_of_unacceptable_letters_stop_all_and_are_reported_in_their_order(settings: Settings) -> None:
    publish_letters(settings, _values(11))
    lines = await _export(settings, LetterSelection())
    await discard(settings, _ids("0-2", "0-9"), reason="a test")
    with pytest.raises(LettersRefused) as refused:
        await redrive(settings, LetterSelection(), corrections=_corrections(*lines, {"letter": "0-99", "event": {}}))
    assert str(refused.value).splitlines() == [
        "Nothing was done:",
        "  line 3: 0-2 is discarded. To take it nevertheless, add --state discarded.",
        "  line 10: 0-9 is discarded. To take it nevertheless, add --state discarded.",
        f"  line 12: 0-99 is not in {settings.dead_letter_topic}, or no longer.",
    ]
    assert _sent_back(settings) == []


async def test_corrections_that_were_sent_before_are_skipped_and_go_again_with_their_state(settings: Settings) -> None:
    publish_letters(settings, _values(3))
    lines = await _export(settings, LetterSelection())
    await redrive(settings, LetterSelection(), corrections=_corrections(lines[1]))

    assert await redrive(settings, LetterSelection(), corrections=_corrections(*lines)) == LetterCounts(
        done=2, earlier=1
    )

    lines[1]["event"] = "changed since"
    with_state = LetterSelection(states=frozenset({LetterState.REDRIVEN}))
    assert await redrive(settings, with_state, corrections=_corrections(lines[1])) == LetterCounts(done=1)
    assert [each.value() for each in _sent_back(settings)][-1] == b'"changed since"'


async def test_a_letter_that_went_back_as_it_came_does_not_count_as_corrected(settings: Settings) -> None:
    publish_letters(settings, _values(1))
    lines = await _export(settings, LetterSelection())
    await redrive(settings, LetterSelection())
    with pytest.raises(LettersRefused, match=r"line 1: 0-0 is redriven as it came\. To take it nevertheless, add"):
        await redrive(settings, LetterSelection(), corrections=_corrections(*lines))


# discard --------------------------------------------------------------------------------------------------------------


async def test_discarded_letters_are_marked_with_the_reason_and_stay_in_the_topic(settings: Settings) -> None:
    publish_letters(settings, _values(3))
    assert await discard(settings, _ids("0-0", "0-2"), reason=" events of a test ") == LetterCounts(done=2)
    record = _records(settings)["0-2"]
    at = record["changes"][0]["at"]
    assert record["changes"] == [
        {"state": "discarded", "by": WHO, "at": at, "attempt": 1, "reason": "events of a test"},
    ]
    assert await _states(settings) == {LetterState.DISCARDED: 2, LetterState.OPEN: 1}
    assert await redrive(settings, LetterSelection()) == LetterCounts(done=1)
    assert len(read_committed(settings.kafka_bootstrap, [settings.dead_letter_topic])) == 3


class Held:
    """Holds a redrive after its batch is sent and before it is marked."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.arrived = asyncio.Event()
        self.go_on = asyncio.Event()
        settle = Returns.settle

        async def held(returns: Returns) -> Sequence[Letter]:
            self.arrived.set()
            await self.go_on.wait()
            return await settle(returns)

        monkeypatch.setattr("services.operations.dead_letters.redrive.BATCH", 10)
        monkeypatch.setattr(Returns, "settle", held)


async def test_no_other_command_changes_letters_during_a_redrive(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = Held(monkeypatch)
    publish_letters(settings, _values(25))
    redriving = asyncio.create_task(redrive(settings, LetterSelection()))
    await held.arrived.wait()
    with pytest.raises(LockRefused, match=rf"`klantcontact dlq redrive` .* process {os.getpid()} of {WHO}, since 2"):
        await discard(settings, LetterSelection(), reason="a test")
    with pytest.raises(LockRefused):
        await redrive(settings, LetterSelection())
    held.go_on.set()
    assert await redriving == LetterCounts(done=25)
    assert await discard(settings, LetterSelection(), reason="a test") == LetterCounts()
    assert [each.value() for each in _sent_back(settings)] == _values(25)
    assert [len(record["changes"]) for record in _records(settings).values()] == [1] * 25


async def test_commands_that_only_read_take_no_lock(settings: Settings) -> None:
    publish_letters(settings, _values(2))
    async with letter_states(settings) as states, states.locked("dlq discard"):
        assert (await planned(settings, LetterSelection())).groups[0].number == 2
        assert len(await _export(settings, LetterSelection())) == 2
        assert (await told(settings, LetterId(0, 0), with_content=True)).found.letter.id == LetterId(0, 0)
        assert await _states(settings) == {LetterState.OPEN: 2}


async def test_a_letter_ends_in_one_state_when_commands_run_at_once(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.operations.dead_letters.redrive.BATCH", 10)
    publish_letters(settings, _values(200))
    everything = LetterSelection()
    outcomes = await asyncio.gather(
        redrive(settings, everything),
        discard(settings, everything, reason="a test"),
        redrive(settings, everything),
        discard(settings, everything, reason="another"),
        return_exceptions=True,
    )
    assert sum(each.done for each in outcomes if isinstance(each, LetterCounts)) == 200
    assert all(isinstance(each, LetterCounts | LockRefused) for each in outcomes)
    ends = {each: {change["state"] for change in record["changes"]} for each, record in _records(settings).items()}
    assert all(len(states) == 1 for states in ends.values())
    sent = {json.loads(each.value() or b"")["data"]["number"] for each in _sent_back(settings)}
    assert sent == {int(each.split("-")[1]) for each, states in ends.items() if states == {"redriven"}}


async def test_letters_of_an_interrupted_redrive_can_be_sent_or_discarded_at_once(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish_letters(settings, _values(20))
    with monkeypatch.context() as patched:
        held = Held(patched)
        redriving = asyncio.create_task(redrive(settings, LetterSelection()))
        await held.arrived.wait()
        redriving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await redriving
    assert await discard(settings, _ids("0-0", "0-1"), reason="a test") == LetterCounts(done=2)
    assert await redrive(settings, LetterSelection()) == LetterCounts(done=18)


async def test_a_claim_of_an_older_release_is_ignored(settings: Settings) -> None:
    publish_letters(settings, _values(1))
    await discard(settings, _ids("0-0"), reason="a test")
    with MongoClient[dict[str, Any]](settings.mongo_uri) as client:
        claimed = {"$unset": {"changes": ""}, "$set": {"sendingSince": datetime.now(UTC)}}
        assert client[settings.mongo_database][COLLECTION].update_one({}, claimed).modified_count == 1
    assert await _states(settings) == {LetterState.OPEN: 1}
    assert await discard(settings, LetterSelection(), reason="a test") == LetterCounts(done=1)


async def test_named_letters_that_were_discarded_before_are_skipped(settings: Settings) -> None:
    publish_letters(settings, _values(2))
    await discard(settings, _ids("0-0"), reason="a test")
    assert await discard(settings, _ids("0-0", "0-1"), reason="another") == LetterCounts(done=1, earlier=1)
    assert _records(settings)["0-0"]["changes"][-1]["reason"] == "a test"


@pytest.mark.parametrize("reason", ["", "  ", "x" * 201])
async def test_a_reason_that_says_nothing_or_too_much_is_refused(settings: Settings, reason: str) -> None:
    with pytest.raises(InvalidFilter, match="1 to 200 characters"):
        await discard(settings, LetterSelection(), reason=reason)


# show and export ------------------------------------------------------------------------------------------------------


async def test_a_letter_is_shown_with_the_letters_before_and_after_it(settings: Settings) -> None:
    publish_letters(settings, _values(2))
    await redrive(settings, _ids("0-1"))
    publish_letters(settings, [_value(1)], partition=1, headers=[("dlq_attempt", b"1"), ("dlq_letter", b"0-77,0-1")])

    first, other, second = [
        await told(settings, LetterId.parse(each), with_content=False) for each in ("0-1", "0-0", "1-0")
    ]

    assert [str(each.letter.id) for each in first.later] == ["1-0"]
    assert (first.found.history.state, first.earlier) == (LetterState.REDRIVEN, [])
    assert (other.found.history.state, other.later) == (LetterState.OPEN, [])
    assert second.found.letter.attempt == 2
    assert [(str(name), found and str(found.letter.id)) for name, found in second.earlier] == [
        ("0-77", None),
        ("0-1", "0-1"),
    ]
    assert _records(settings).keys() == {"0-1"}


async def test_every_access_to_content_is_noted_before_it_shows(settings: Settings) -> None:
    noted: list[tuple[Mapping[str, int], Sequence[str]]] = []

    async def note(counts: Mapping[str, int], ids: Sequence[str] = (), /) -> None:
        noted.append((counts, ids))

    publish_letters(settings, _values(3))
    await told(settings, LetterId(0, 0), with_content=True, note=note)
    lines = [line async for line in exported(settings, _ids("0-0", "0-2"), note=note)]
    assert noted == [({"letters": 1}, ["0-0"]), ({"letters": 2}, ["0-0", "0-2"])]
    assert len(lines) == 1
    assert await _states(settings) == {LetterState.OPEN: 3}


async def test_the_records_about_letters_hold_nothing_of_their_content(settings: Settings) -> None:
    publish_letters(settings, _values(2))
    await told(settings, LetterId(0, 0), with_content=True)
    await redrive(settings, LetterSelection(), corrections=_corrections(*await _export(settings, LetterSelection())))
    assert CANARY not in str(_records(settings))
    assert "klant-" not in str(_records(settings))


async def test_a_missing_letter_is_reported(settings: Settings) -> None:
    with pytest.raises(LettersRefused, match=f"0-0 is not in {settings.dead_letter_topic}, or no longer"):
        await told(settings, LetterId(0, 0), with_content=True)


async def test_letters_that_the_topic_no_longer_holds_are_reported_and_the_rest_is_exported(settings: Settings) -> None:
    publish_letters(settings, _values(3))
    beginning = [TopicPartition(settings.dead_letter_topic, 0, 2)]
    for removal in admin_client(settings.kafka_bootstrap).delete_records(beginning).values():
        removal.result(timeout=ANSWER_SECONDS)
    with pytest.raises(LettersRefused, match=r"0-1 is not in \S+, or no longer"):
        await redrive(settings, _ids("0-1", "0-2"))
    assert await redrive(settings, LetterSelection()) == LetterCounts(done=1)
    assert [each.value() for each in _sent_back(settings)] == [_value(2)]


# Absent servers and topics --------------------------------------------------------------------------------------------


async def test_no_content_is_shown_without_mongodb(settings: Settings) -> None:
    publish_letters(settings, _values(1))
    away = settings.model_copy(update={"mongo_uri": "mongodb://127.0.0.1:1/?replicaSet=rs0"})
    with pytest.raises(TransientFailure, match=r"MongoDB at 127\.0\.0\.1:1 does not answer"):
        [line async for line in exported(away, LetterSelection())]


async def test_no_content_is_shown_when_the_access_can_not_be_recorded(settings: Settings) -> None:
    async def refuse(_counts: Mapping[str, int], _ids: Sequence[str] = (), /) -> None:
        raise TransientFailure("away")

    publish_letters(settings, _values(1))
    given: list[bytes] = []
    with pytest.raises(TransientFailure):
        given += [line async for line in exported(settings, LetterSelection(), note=refuse)]
    with pytest.raises(TransientFailure):
        await told(settings, LetterId(0, 0), with_content=True, note=refuse)
    assert given == []


async def test_a_failure_of_mongodb_is_reported_with_the_discarded_letters_and_the_next_run_does_the_rest(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    change = LetterStates.change
    calls: list[int] = []

    async def fail_the_second_time(self: LetterStates, changes: Iterable[tuple[Letter, Change]], lock: Lock) -> None:
        calls.append(1)
        if len(calls) > 1:
            raise TransientFailure("MongoDB is away.")
        await change(self, changes, lock)

    publish_letters(settings, _values(3), partition=0)
    publish_letters(settings, _values(3), partition=1)
    with monkeypatch.context() as patched:
        patched.setattr(LetterStates, "change", fail_the_second_time)
        with pytest.raises(TransientFailure, match=r"MongoDB is away\. 3 letters discarded\. Start again"):
            await discard(settings, LetterSelection(), reason="a test")
    assert await discard(settings, LetterSelection(), reason="a test") == LetterCounts(done=3)


async def test_nothing_is_sent_without_the_topic_of_the_contacts(settings: Settings) -> None:
    missing = settings.model_copy(update={"contact_topics": (f"{settings.contact_topics[0]}.other",)})
    with pytest.raises(InvalidSettings, match="has no topic"):
        await redrive(missing, LetterSelection())


async def test_an_ontbreekt_fault_is_shown_by_its_name_in_the_contract(settings: Settings) -> None:
    publish_letters(settings, _values(1))
    (line,) = await _export(settings, LetterSelection())
    assert line["faults"] == [{"pad": MISSING.pad, "soort": MISSING.soort.value}]
