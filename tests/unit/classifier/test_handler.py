"""What the classifier does with a batch: what goes out, what is recorded, and what happens when something fails."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from schemas.faults import Refusal, RefusalKind
from services.classifier import handler
from services.classifier.cases import read
from services.classifier.encoding import Encoder
from services.classifier.handler import Handler
from services.classifier.instrumentation import show_source_counters
from services.classifier.ports import HeavyBatch
from services.domain.case import Case
from services.domain.events import Event
from services.domain.ids import change_key, contact_key
from services.domain.outcome import OUTCOMES, InstructionAnswer, Outcome, Refused
from services.domain.personal import FIELDS
from services.domain.policy import DEFAULT, Beleid, Bron
from services.domain.sleutels import Sleutels
from services.domain.wissing import Wissing
from services.runtime.errors import PartitionLost, TransientFailure
from services.runtime.exactly_once.ports import Message
from services.runtime.kafka.records import OversizedBatch, Record
from services.runtime.letters.sealing import LetterKey
from services.runtime.observe import metrics
from services.runtime.settings import Settings
from services.runtime.stops.stop import PartitionStopped
from tests.fakes.letter_keys import FakeLetterKeys
from tests.fakes.register_store import FakeRegisterStore
from tests.support.contacts import SOURCE, contact_ended, encoded, record, records
from tests.support.examples import known
from tests.support.handler_bench import HandlerBench
from tests.support.sealed import SEALER, contents_of

SLEUTELS = Sleutels(b"a key of the tests, thirty-two bytes")
LIMIT = 3
OTHER = "urn:nld:oin:00000001823288444000:systeem:mail"
SETTINGS = Settings(registered_topic="registered", taak_topic="taak", dead_letter_topic="dlq")


class _Bug(Exception):
    """A fault in our own code, with a text that must not be seen: Sam Jansen."""


class _Bench(HandlerBench[Handler]):
    """The handler of the classifier. It fails on contacts whose id begins with "bug"."""

    def __init__(self, *failures: TransientFailure, beleid: Beleid = DEFAULT) -> None:
        self.beleid = beleid
        self.store = FakeRegisterStore(failures=failures)
        super().__init__()

    def started(self) -> Handler:
        return Handler(
            read=self._read,
            store=self.store,
            stop_store=self.stops,
            letter_keys=self.letter_keys,
            encoder=Encoder(SETTINGS, SEALER),
            clock=self.clock,
            health=self.health,
            own_failures_limit=LIMIT,
            counted_sources=frozenset({SOURCE}),
        )

    def _read(self, record: Record) -> Case | Wissing | Refusal:
        case = read(record, SLEUTELS, self.beleid)
        if isinstance(case, Case) and case.received.contact.contact_id.startswith("bug"):
            raise _Bug
        return case

    def published(self) -> list[tuple[str, str]]:
        """Give topic and subject of what was published, or for a dead letter its kind."""
        return [_told(message) for message in self.topics.messages]


def _told(message: Message) -> tuple[str, str]:
    if message.topic == "dlq":
        return message.topic, (dict(message.headers)["dlq_kind"] or b"").decode()
    return message.topic, json.loads(message.value or b"")["data"]["herkomst"]["contactId"]


async def test_a_batch_that_is_too_large_to_unpack_becomes_one_letter_that_names_its_offsets() -> None:
    bench = _Bench()
    given = [
        record(contact_ended("c-1"), offset=11),
        replace(record(None, offset=16), key=None, oversized=OversizedBatch.of(12, 16)),
        record(contact_ended("c-2"), offset=17),
    ]

    with capture_logs() as logs:
        await bench.handler.handle(given, bench.publisher)

    (letter,) = [each for each in bench.topics.messages if each.topic == "dlq"]
    told = dict(letter.headers)
    assert (letter.key, letter.value) == (None, None)
    assert (told["dlq_offset"], told["dlq_last_offset"], told["dlq_kind"]) == (b"12", b"16", b"te_groot")
    assert bench.topics.committed == 18
    assert [topic for topic, _ in bench.published()] == ["registered", "taak", "dlq", "registered", "taak"]
    (logged,) = [each for each in logs if each["event"] == "batch.oversized"]
    assert (logged["partition"], logged["first_offset"], logged["last_offset"]) == (0, 12, 16)


async def test_what_a_batch_causes_goes_out_in_its_order_with_the_position_after_it() -> None:
    bench = _Bench()
    await bench.handle(records(contact_ended("c-1"), b"{", contact_ended("c-2")))
    assert bench.published() == [
        ("registered", "c-1"),
        ("taak", "c-1"),
        ("dlq", "onleesbaar"),
        ("registered", "c-2"),
        ("taak", "c-2"),
    ]
    assert bench.topics.committed == 3


async def test_what_is_much_goes_out_in_several_transactions_each_with_its_position(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(handler, "MAX_TRANSACTION_BYTES", 1)
    bench = _Bench()
    await bench.handle(records(contact_ended("c-1"), b"{", contact_ended("c-2")))
    assert [(len(messages), position) for messages, position in bench.publisher.transactions] == [
        (2, 1),
        (1, 2),
        (2, 3),
    ]


async def test_no_more_than_one_transaction_is_encoded_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handler, "MAX_TRANSACTION_BYTES", 1)
    bench = _Bench()
    encoder = bench.handler._encoder = _CountingEncoder(bench.handler._encoder)
    seen: list[tuple[int, int]] = []
    publish = bench.publisher.publish

    async def look(messages: Sequence[Message], *, next_offset: int) -> None:
        seen.append((encoder.encoded, next_offset))
        await publish(messages, next_offset=next_offset)

    bench.publisher.publish = look  # type: ignore[method-assign] # to look in the middle
    await bench.handle(records(contact_ended("c-1"), b"{", contact_ended("c-2")))
    assert seen == [(1, 1), (2, 2), (3, 3)]


class _CountingEncoder(Encoder):
    encoded = 0

    def __init__(self, encoder: Encoder) -> None:
        self.__dict__ = encoder.__dict__

    def messages(self, record: Record, outcome: Outcome | InstructionAnswer, now: datetime) -> Sequence[Message]:
        self.encoded += 1
        return super().messages(record, outcome, now)


async def test_a_batch_that_is_too_heavy_is_judged_and_published_in_halves() -> None:
    bench = _Bench()
    bench.store.failures += [HeavyBatch(), HeavyBatch()]
    await bench.handle(records(*[contact_ended(f"c-{number}") for number in range(4)]))
    assert bench.store.batches == [["c-0"], ["c-1"], ["c-2", "c-3"]]
    assert [position for _, position in bench.publisher.transactions] == [1, 2, 4]


async def test_a_batch_of_contacts_with_many_onderwerpen_is_judged_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handler, "MAX_PARTS", 15)
    bench = _Bench()
    await bench.handle(records(b"{", *[contact_ended(f"c-{number}") for number in range(4)]))
    assert bench.store.batches == [["c-0", "c-1"], ["c-2", "c-3"]], "each has two, and a small batch a third of them"


async def test_no_more_faults_of_an_event_are_kept_than_its_dead_letter_lists(monkeypatch: pytest.MonkeyPatch) -> None:
    event = contact_ended()
    event["data"]["betrokkenen"] = [{"ref": f"b{at}"} for at in range(50)]
    event["data"]["onderwerpen"] = [{}] * 50
    bench = _Bench()
    encoder, kept = bench.handler._encoder, list[Outcome]()
    messages = encoder.messages

    def watched(each: Record, outcome: Outcome, now: datetime) -> Sequence[Message]:
        kept.append(outcome)
        return messages(each, outcome, now)

    monkeypatch.setattr(encoder, "messages", watched)
    await bench.handle(records(event))
    assert [len(each.refusal.faults) for each in kept if isinstance(each, Refused)] == [50]


async def test_an_event_goes_out_in_structured_mode_under_the_key_of_its_klantcontact() -> None:
    bench = _Bench()
    await bench.handle(records(contact_ended()))
    message = bench.topics.messages[0]
    event = json.loads(message.value or b"")
    assert message.headers == (("content-type", b"application/cloudevents+json; charset=UTF-8"),)
    assert message.key == event["subject"].encode()
    assert event["time"] == "2026-11-20T10:00:00Z"


async def test_a_record_that_is_handled_again_gives_the_same_events_to_the_byte_whatever_time_it_is() -> None:
    bench = _Bench()
    await bench.handle(records(contact_ended()))
    await bench.clock.sleep(3600)
    await bench.handle(records(contact_ended()))
    first, second = bench.publisher.transactions
    assert second == first


async def test_an_overtaken_revisie_gives_nothing_and_its_position_is_committed() -> None:
    bench = _Bench()
    await bench.handle(records(contact_ended(revisie=2)))
    await bench.handle([record(contact_ended(revisie=1), offset=1)])
    assert bench.publisher.transactions[1] == ([], 2)


async def test_the_same_revisie_with_other_contents_is_a_dead_letter() -> None:
    bench = _Bench()
    await bench.handle(records(contact_ended(), contact_ended(onderwerp="Paspoort")))
    assert bench.published()[2:] == [("dlq", "revisie_conflict")]
    headers = dict(bench.topics.messages[2].headers)
    assert json.loads(headers["dlq_faults"] or b"") == [{"pad": "data.revisie", "soort": "revisie_conflict"}]


async def test_what_the_policy_does_not_allow_its_source_is_a_dead_letter_without_a_value_and_is_counted() -> None:
    beleid = Beleid(bronnen={SOURCE: Bron(kanalen=frozenset({"telefoon"}), middelen=frozenset({"dossier"}))})
    bench = _Bench(beleid=beleid)
    forged = contact_ended("c-zqid")
    forged["data"]["kanaal"] = "zqkanaal"
    forged["data"]["betrokkenen"][0]["authenticatie"] = {"middel": "zqmiddel", "pseudoniem": "zqpseudoniem"}
    stranger = contact_ended("c-2") | {"source": "urn:zqsource"}
    label = {"kind": "bron_niet_toegestaan"}
    before = REGISTRY.get_sample_value("klantcontact_dead_letters_total", label)
    with capture_logs() as logs:
        await bench.handle(records(forged, stranger, contact_ended("c-3")))
    assert bench.published() == [
        ("dlq", "bron_niet_toegestaan"),
        ("dlq", "bron_niet_toegestaan"),
        ("registered", "c-3"),
        ("taak", "c-3"),
    ]
    headers = [dict(each.headers) for each in bench.topics.messages[:2]]
    assert [[fault["pad"] for fault in json.loads(each["dlq_faults"] or b"")] for each in headers] == [
        ["data.kanaal", "data.betrokkenen.0.authenticatie.middel"],
        ["source"],
    ]
    assert "zq" not in f"{headers} {logs}"
    assert contents_of(bench.topics.messages[0]) == records(forged)[0].value
    assert before is not None
    assert REGISTRY.get_sample_value("klantcontact_dead_letters_total", label) == before + 2


async def test_whoever_reads_and_encodes_for_long_leaves_the_rest_of_the_process_its_turn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("services.runtime.turns.TURN_SECONDS", 0)
    turns = 0

    async def the_rest() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    others = asyncio.create_task(the_rest())
    await asyncio.sleep(0)
    await _Bench().handle(records(*[contact_ended(f"c-{number}") for number in range(9)]))
    others.cancel()
    assert turns == 9 + 9, "nothing else in this test waits"


async def test_a_batch_of_nothing_but_bad_input_is_dead_lettered_and_committed() -> None:
    bench = _Bench()
    await bench.handle(records(None, b"\xff", b"[]"))
    assert bench.published() == [("dlq", "onleesbaar")] * 3
    assert bench.topics.committed == 3


# Our own failures -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("at", [0, 3, 6])
async def test_a_message_on_which_our_code_fails_is_dead_lettered_alone_in_its_place(at: int) -> None:
    bench = _Bench()
    contacts = [contact_ended(f"c-{number}") for number in range(6)]
    contacts.insert(at, contact_ended("bug"))
    await bench.handle(records(*contacts))
    of_good = [(topic, f"c-{number}") for number in range(6) for topic in ("registered", "taak")]
    assert bench.published() == [*of_good[: 2 * at], ("dlq", "interne_fout"), *of_good[2 * at :]]
    assert bench.publisher.transactions[0][1] == 7
    assert len(bench.publisher.transactions) == 1


async def test_our_failure_is_logged_with_its_place_and_nothing_of_the_message() -> None:
    bench = _Bench()
    with capture_logs() as logs:
        await bench.handle(records(contact_ended("bug")))
    line = next(each for each in logs if each["event"] == "contact.handling_failed")
    assert isinstance(line.pop("exc_info"), _Bug)
    assert line == {
        "event": "contact.handling_failed",
        "log_level": "error",
        "topic": "contact.ended",
        "partition": 0,
        "offset": 0,
    }


async def test_a_failure_while_encoding_is_isolated_as_well() -> None:
    bench = _Bench()
    bench.handler._encoder = _FailingEncoder(bench.handler._encoder)
    await bench.handle(records(contact_ended("c-1"), contact_ended("unencodable"), contact_ended("c-2")))
    assert bench.published() == [
        ("registered", "c-1"),
        ("taak", "c-1"),
        ("dlq", "interne_fout"),
        ("registered", "c-2"),
        ("taak", "c-2"),
    ]


class _FailingEncoder(Encoder):
    def __init__(self, encoder: Encoder) -> None:
        self.__dict__ = encoder.__dict__

    def _message(self, event: Event) -> Message:
        if event.body["data"]["herkomst"]["contactId"] == "unencodable":
            raise _Bug
        return super()._message(event)


async def test_a_run_of_our_failures_stops_the_partition_at_its_last_and_all_before_is_committed() -> None:
    bench = _Bench()
    batch = records(contact_ended("c-1"), *(contact_ended(f"bug-{at}") for at in range(LIMIT)), contact_ended("c-2"))
    with pytest.raises(PartitionStopped) as stopped:
        await bench.handle(batch)
    assert stopped.value.stop.offset == LIMIT
    assert stopped.value.stop.reasons[0].startswith("_Bug in test_handler.py, line ")
    assert bench.published()[2:] == [("dlq", "interne_fout")] * (LIMIT - 1)
    assert bench.topics.committed == LIMIT


async def test_a_run_of_failures_while_encoding_stops_the_partition_too_also_over_batches() -> None:
    bench = _Bench()
    bench.handler._encoder = _FailingEncoder(bench.handler._encoder)
    for number in range(LIMIT - 1):
        await bench.handle([record(contact_ended("unencodable", revisie=1 + number), offset=number)])
    with pytest.raises(PartitionStopped):
        await bench.handle([record(contact_ended("bug"), offset=LIMIT)])


async def test_a_run_goes_on_over_batches() -> None:
    bench = _Bench()
    for number in range(LIMIT - 1):
        await bench.handle([record(contact_ended(f"bug-{number}"), offset=number)])
    with pytest.raises(PartitionStopped):
        await bench.handle([record(contact_ended("bug"), offset=LIMIT)])


async def test_a_stopped_partition_stops_at_the_same_record_until_the_third_start_makes_it_a_dead_letter() -> None:
    bench = _Bench()
    batch = records(*(contact_ended(f"bug-{at}") for at in range(LIMIT + 1)), contact_ended("c-1"))
    for start in (1, 2, 2):
        bench.stops.starts = start
        with pytest.raises(PartitionStopped):
            await bench.restarted().handle(batch[bench.topics.committed or 0 :])
        assert bench.topics.committed == LIMIT - 1
    bench.stops.starts = 3
    await bench.restarted().handle(batch[LIMIT - 1 :])
    assert bench.published() == [("dlq", "interne_fout")] * (LIMIT + 1) + [("registered", "c-1"), ("taak", "c-1")]
    assert [stop.offset for stop in bench.stops.skipped] == [LIMIT - 1]
    assert bench.topics.committed == LIMIT + 2


async def test_an_operator_has_one_record_skipped_and_the_run_begins_anew() -> None:
    bench = _Bench()
    batch = records(*(contact_ended(f"bug-{at}") for at in range(2 * LIMIT + 1)))
    with pytest.raises(PartitionStopped):
        await bench.handle(batch)
    bench.stops.ask(("contact.ended", 0))
    with pytest.raises(PartitionStopped) as stopped:
        await bench.handle(batch[LIMIT - 1 :])
    assert stopped.value.stop.offset == 2 * LIMIT - 1
    assert bench.topics.committed == 2 * LIMIT - 1


async def test_a_release_without_the_bug_passes_the_stop_without_a_dead_letter() -> None:
    bench = _Bench()
    batch = [*(record(contact_ended(f"bug-{at}"), offset=at) for at in range(LIMIT))]
    with pytest.raises(PartitionStopped):
        await bench.handle(batch)
    await bench.restarted().handle([record(contact_ended("c-1"), offset=LIMIT - 1)])
    assert bench.published()[LIMIT - 1 :] == [("registered", "c-1"), ("taak", "c-1")]


async def test_a_message_that_goes_well_ends_a_run() -> None:
    bench = _Bench()
    batch = [contact_ended(f"bug-{number}") for number in range(2 * LIMIT)]
    for place in range(LIMIT - 1, 2 * LIMIT, LIMIT):
        batch[place] = contact_ended(f"c-{place}")
    await bench.handle(records(*batch))
    assert [kind for kind, _ in bench.published()].count("dlq") == 2 * LIMIT - 2


async def test_the_runs_of_two_partitions_are_counted_apart() -> None:
    bench = _Bench()
    for partition in (0, 1):
        batch = [record(contact_ended(f"bug-{at}"), offset=at, partition=partition) for at in range(LIMIT - 1)]
        await bench.handle(batch)
    assert len(bench.topics.messages) == 2 * (LIMIT - 1)


async def test_the_runs_of_two_topics_are_counted_apart_at_the_same_partitions_and_offsets() -> None:
    bench = _Bench()
    for topic in ("contact.ended.a", "contact.ended.b"):
        batch = [record(contact_ended(f"bug-{at}"), offset=at, topic=topic) for at in range(LIMIT - 1)]
        await bench.handle(batch)
    with pytest.raises(PartitionStopped) as stopped:
        await bench.handle([record(contact_ended("bug"), offset=LIMIT - 1, topic="contact.ended.a")])
    assert (stopped.value.stop.topic, stopped.value.stop.offset) == ("contact.ended.a", LIMIT - 1)
    await bench.handle([record(contact_ended("c-1"), offset=LIMIT - 1, topic="contact.ended.b")])
    assert bench.published()[2 * (LIMIT - 1) :] == [("registered", "c-1"), ("taak", "c-1")]


async def test_a_run_interrupted_by_a_database_that_is_away_is_not_counted_twice() -> None:
    bench = _Bench()
    bench.store.failures.append(TransientFailure("MongoDB is away."))
    batch = [contact_ended(f"bug-{number}") for number in range(LIMIT - 1)]
    await bench.handle(records(*batch, contact_ended("c-1")))
    assert bench.published()[-1] == ("taak", "c-1")


async def test_a_run_shows_in_the_metrics() -> None:
    in_a_row = "klantcontact_own_failures_in_a_row"
    bench = _Bench()
    await bench.handle(records(*[contact_ended(f"bug-{number}") for number in range(LIMIT - 1)]))
    assert REGISTRY.get_sample_value(in_a_row) == LIMIT - 1
    with pytest.raises(PartitionStopped):
        await bench.handle([record(contact_ended("bug-9"), offset=LIMIT)])
    assert REGISTRY.get_sample_value(in_a_row) == LIMIT


async def test_a_message_that_goes_well_ends_the_run_in_the_metrics_too() -> None:
    bench = _Bench()
    await bench.handle(records(contact_ended("bug-1")))
    await bench.handle([record(contact_ended("c-1"), offset=1)])
    assert REGISTRY.get_sample_value("klantcontact_own_failures_in_a_row") == 0


# A database that is away ----------------------------------------------------------------------------------------------


async def test_a_database_that_is_away_is_waited_for_with_growing_pauses_and_nothing_is_skipped() -> None:
    bench = _Bench(*[TransientFailure("MongoDB is away.")] * 5)
    await bench.handle(records(contact_ended()))
    assert bench.published() == [("registered", "c-1"), ("taak", "c-1")]
    assert len(bench.clock.pauses_seconds) == 5
    assert bench.clock.pauses_seconds[4] > bench.clock.pauses_seconds[0]


async def test_readiness_gives_the_reason_while_the_database_is_away() -> None:
    bench = _Bench(TransientFailure("MongoDB is away."))
    seen: list[dict[str, str]] = []
    sleep = bench.clock.sleep

    async def look(seconds: float) -> None:
        seen.append(bench.health.reasons())
        await sleep(seconds)

    bench.clock.sleep = look  # type: ignore[method-assign] # to look in the middle
    await bench.handle(records(contact_ended()))
    assert seen[0]["mongodb"] == "MongoDB is away."
    assert "mongodb" not in bench.health.reasons()


async def test_a_batch_of_another_topic_that_goes_well_leaves_the_reason_of_one_that_waits() -> None:
    bench = _Bench(TransientFailure("MongoDB is away."))
    seen: list[dict[str, str]] = []

    async def look(_seconds: float) -> None:
        await bench.handle([record(contact_ended("c-2"), topic="contact.ended.b")])
        seen.append(bench.health.reasons())

    bench.clock.sleep = look  # type: ignore[method-assign, assignment] # to handle the other in the middle
    await bench.handle([record(contact_ended("c-1"), topic="contact.ended.a")])
    assert seen[0]["mongodb"] == "MongoDB is away."


async def test_a_lost_partition_publishes_nothing_and_is_told_to_the_caller() -> None:
    bench = _Bench()
    bench.topics.writer = None
    with pytest.raises(PartitionLost):
        await bench.handle(records(contact_ended()))
    assert bench.topics.messages == []


# What is told of it ---------------------------------------------------------------------------------------------------


async def test_a_batch_is_one_line_with_numbers() -> None:
    bench = _Bench()
    with capture_logs() as logs:
        await bench.handle(records(contact_ended("c-1"), contact_ended("c-1"), b"{"))
    assert [line for line in logs if line["event"] == "batch.committed"] == [
        {
            "event": "batch.committed",
            "log_level": "info",
            "topic": "contact.ended",
            "partition": 0,
            "first_offset": 0,
            "last_offset": 2,
            "records": 3,
            "messages": 3,
            "decided": 1,
            "seen": 1,
            "refused": 1,
        }
    ]


async def test_dead_letters_are_a_warning_a_batch() -> None:
    bench = _Bench()
    with capture_logs() as logs:
        await bench.handle(records(b"{", b"{"))
    assert [line for line in logs if line["log_level"] == "warning"] == [
        {
            "event": "dead_letters.published",
            "log_level": "warning",
            "topic": "contact.ended",
            "partition": 0,
            "number": 2,
        }
    ]


async def test_what_is_skipped_is_told_with_its_reason() -> None:
    bench = _Bench()
    await bench.handle(records(contact_ended(revisie=2)))
    with capture_logs() as logs:
        await bench.handle([record(contact_ended(revisie=1), offset=1)])
    assert [line for line in logs if line["event"] == "contact.skipped"] == [
        {
            "event": "contact.skipped",
            "log_level": "debug",
            "reason": "overtaken",
            "contact_id": "c-1",
            "revisie": 1,
            "revisie_in_force": 2,
            "trace_id": None,
        }
    ]


async def test_what_is_overtaken_is_counted_by_a_source_that_the_policy_names_and_its_first_place_is_told() -> None:
    def counted() -> dict[str, float]:
        return {
            each: REGISTRY.get_sample_value("klantcontact_overtaken_total", {"source": each}) or 0
            for each in (SOURCE, OTHER, "andere")
        }

    show_source_counters(frozenset({SOURCE}))
    bench, before = _Bench(), counted()
    of_other = {**contact_ended(revisie=9), "source": OTHER}
    await bench.handle([record(contact_ended(revisie=9)), record(of_other, offset=1)])
    with capture_logs() as logs:
        await bench.handle(
            [
                record(contact_ended("c-2"), offset=2),
                record(contact_ended(revisie=1), offset=3),
                record({**contact_ended(revisie=8), "source": OTHER}, offset=4),
                record(contact_ended(revisie=8), offset=5),
            ]
        )

    after = counted()
    assert {each: after[each] - before[each] for each in after} == {SOURCE: 2, OTHER: 0, "andere": 1}
    assert [line for line in logs if line["event"] == "contacts.overtaken"] == [
        {
            "event": "contacts.overtaken",
            "log_level": "warning",
            "topic": "contact.ended",
            "partition": 0,
            "first_offset": 3,
            "number": 3,
        }
    ]


async def test_how_long_it_took_to_be_decided_is_counted_for_each_record() -> None:
    name = "klantcontact_published_to_decided_seconds"
    count, seconds = (REGISTRY.get_sample_value(f"{name}_{part}") or 0 for part in ("count", "sum"))
    bench = _Bench()
    await bench.handle(records(contact_ended(), b"{"))
    assert REGISTRY.get_sample_value(f"{name}_count") == count + 2
    # The records of the tests are of a day that has passed.
    assert (REGISTRY.get_sample_value(f"{name}_sum") or 0) > seconds + 1


def test_what_never_happened_stands_at_zero_so_that_its_first_time_is_an_increase() -> None:
    kinds = {sample.labels["kind"] for family in metrics.DEAD_LETTERS.collect() for sample in family.samples}
    outcomes = {sample.labels["outcome"] for family in metrics.CONTACTS.collect() for sample in family.samples}
    assert kinds == set(RefusalKind)
    assert outcomes == {outcome.name for outcome in OUTCOMES}


async def test_unknown_fields_are_ignored_and_counted_by_where_they_stand() -> None:
    bench = _Bench()
    event = contact_ended()
    event["data"]["gemoedstoestand"] = "blij"
    path = {"path": "data"}
    before = REGISTRY.get_sample_value("klantcontact_unknown_fields_total", path) or 0
    await bench.handle(records(event))
    assert REGISTRY.get_sample_value("klantcontact_unknown_fields_total", path) == before + 1
    assert len(bench.published()) == 2


async def test_ids_that_look_personal_are_counted_by_field_once_a_contact() -> None:
    def counted() -> dict[str, float]:
        name = "klantcontact_personal_ids_total"
        return {field: REGISTRY.get_sample_value(name, {"field": field}) or 0 for field in FIELDS}

    bench, before = _Bench(), counted()
    event = contact_ended("999990019")
    event["subject"] = "klant@example.nl"

    await bench.handle(records(event, contact_ended("c-2")))

    changed = {field: number - before[field] for field, number in counted().items() if number != before[field]}
    assert changed["contactId"] == changed["subject"] == 1
    assert set(changed) <= {"contactId", "subject", "id"}  # the id of the event is made of that of the contact


async def test_each_withdrawal_without_effect_is_counted() -> None:
    name = "klantcontact_withdrawals_without_effect_total"
    bench, before = _Bench(), REGISTRY.get_sample_value(name) or 0
    withdrawing = [contact_ended("c-1"), contact_ended("c-3")]
    for event in withdrawing:
        event["data"] |= {"betrokkenen": [known(toestemming="ingetrokken")], "totStandGekomen": False}

    await bench.handle(records(withdrawing[0], contact_ended("c-2"), withdrawing[1]))

    assert REGISTRY.get_sample_value(name) == before + 2


# The keys of dead letters ---------------------------------------------------------------------------------------------


def _letters(bench: _Bench) -> list[Message]:
    return [each for each in bench.topics.messages if each.topic == "dlq"]


async def test_every_letter_with_content_is_sealed_wherever_it_comes_from_and_its_key_is_kept() -> None:
    bench = _Bench()
    bench.handler._encoder = _FailingEncoder(bench.handler._encoder)
    other = contact_ended("c-1")
    other["data"]["kanaal"] = "balie"
    batch = records(contact_ended("c-1"), other, b"{", contact_ended("bug-1"), contact_ended("unencodable"))
    await bench.handle(batch)
    letters = _letters(bench)
    assert [kind for _, kind in bench.published() if _ == "dlq"] == [
        "revisie_conflict",
        "onleesbaar",
        "interne_fout",
        "interne_fout",
    ]
    assert [contents_of(each) for each in letters] == [each.value for each in batch[1:]]
    assert all(each.value != before.value for each, before in zip(letters, batch[1:], strict=True))
    assert {dict(each.headers)["dlq_sleutel"] for each in letters} == {key.encode() for key in bench.letter_keys.keys}
    kept = [bench.letter_keys.keys[(dict(each.headers)["dlq_sleutel"] or b"").decode()] for each in letters]
    contacts = ["c-1", None, "bug-1", "unencodable"]
    assert [each.contact_key for each in kept] == [each and contact_key(SOURCE, each) for each in contacts]
    assert [each.source for each in kept] == [each and SOURCE for each in contacts]


async def test_the_letter_of_a_change_of_consent_is_known_by_the_key_of_the_change() -> None:
    bench = _Bench()
    said = {"source": SOURCE, "data": {"wijzigingId": "w-1"}}
    await bench.handle([record(encoded(said), topic=SETTINGS.consent_topics[0])])
    assert [each.contact_key for each in bench.letter_keys.keys.values()] == [change_key(SOURCE, "w-1")]


async def test_a_record_without_a_value_needs_no_key() -> None:
    bench = _Bench()
    await bench.handle([record(None)])
    assert (_letters(bench)[0].value, bench.letter_keys.keys) == (None, {})


async def test_keys_are_kept_before_their_letters_go_out_and_a_batch_without_letters_asks_for_nothing() -> None:
    bench = _Bench()
    steps: list[str] = []
    publish, keep = bench.publisher.publish, bench.letter_keys.keep

    async def published(messages: Sequence[Message], *, next_offset: int) -> None:
        steps.append("published")
        await publish(messages, next_offset=next_offset)

    async def kept(keys: Sequence[LetterKey]) -> None:
        steps.append(f"{len(keys)} kept")
        await keep(keys)

    bench.publisher.publish = published  # type: ignore[method-assign] # to look in the middle
    bench.letter_keys.keep = kept  # type: ignore[method-assign]
    await bench.handle(records(contact_ended("c-1")))
    await bench.handle(records(b"{", b"[", contact_ended("c-2")))
    assert steps == ["published", "2 kept", "published"]


async def test_letters_wait_until_their_keys_are_kept() -> None:
    bench = _Bench()
    bench.letter_keys = FakeLetterKeys([TransientFailure("away")] * 3)
    await bench.restarted().handle(records(b"{"))
    assert len(bench.clock.pauses_seconds) == 3
    assert len(_letters(bench)) == len(bench.letter_keys.keys) == 1


async def test_a_record_that_is_handled_again_makes_a_letter_that_its_own_key_opens() -> None:
    bench = _Bench()

    async def lost(_messages: Sequence[Message], *, next_offset: int) -> None:
        raise PartitionLost(str(next_offset))

    publish = bench.publisher.publish
    bench.publisher.publish = lost  # type: ignore[assignment, method-assign]
    with pytest.raises(PartitionLost):
        await bench.handle(records(b"{"))
    bench.publisher.publish = publish  # type: ignore[method-assign]
    await bench.handle(records(b"{"))
    (letter,) = _letters(bench)
    assert contents_of(letter) == b"{"
    assert letter.letter_key == bench.letter_keys.keys[(dict(letter.headers)["dlq_sleutel"] or b"").decode()]
    assert len(bench.letter_keys.keys) == 2, "the key of the letter that never went out expires"


@pytest.mark.parametrize("name", ["contactId", "source"])
async def test_a_name_with_half_a_surrogate_pair_is_that_of_no_contact(name: str) -> None:
    wrong = contact_ended("c-1")
    (wrong["data"] if name == "contactId" else wrong)[name] = "urn:\ud800"
    bench = _Bench()
    batch = records(json.dumps(wrong).encode())
    await bench.handle(batch)
    (letter,) = _letters(bench)
    assert contents_of(letter) == batch[0].value
    assert [each.contact_key for each in bench.letter_keys.keys.values()] == [None]
