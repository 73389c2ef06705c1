"""What the mapper does with a batch: which events and letters go out, and what happens when something fails."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from schemas.cloudevents import Header
from schemas.faults import FaultKind
from schemas.raw_messages import MAX_MESSAGE_BYTES
from services.channels.loading import MappedChannel
from services.channels.mapper import handler as handler_module
from services.channels.mapper.encoding import EventEncoder
from services.channels.mapper.event_keys import EventKeys
from services.channels.mapper.handler import MessageHandler
from services.channels.mapper.instrumentation import show_channel_counters
from services.channels.mapping.mapping import ChannelMapping
from services.channels.mapping.outcome import ChannelOutcome
from services.channels.message_files import ChannelMessage
from services.domain.ids import contact_key
from services.operations.map_messages import outcomes, told_as_json
from services.runtime.errors import TransientFailure
from services.runtime.exactly_once.ports import Message
from services.runtime.kafka.records import OversizedBatch, Record
from services.runtime.stops.stop import PartitionStopped
from tests.support.handler_bench import HandlerBench
from tests.support.mappings import MESSAGE, many, small, verbose
from tests.support.sealed import REGISTER_KEY, SEALER, contents_of

TOPIC = "kanaal.proef"
LETTERS = "kanaal.proef.dlq"
LIMIT = 3
BRON = "urn:nld:oin:00000000000000000000:systeem:proef"
TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
KEYS = EventKeys(REGISTER_KEY)


class _Bug(Exception):
    """A fault in our own code, with a text that must not be seen: Sam Jansen."""


class _Failing(ChannelMapping):
    """Fails on messages that hold the word bug."""

    def map_json(self, message: bytes) -> list[ChannelOutcome]:
        if b"bug" in message:
            raise _Bug
        return super().map_json(message)


class _Bench(HandlerBench[MessageHandler]):
    """The handler of the mapper."""

    def __init__(self, *failures: TransientFailure, mapping: ChannelMapping | None = None) -> None:
        self.mapping = mapping or small()
        super().__init__(*failures)

    def started(self) -> MessageHandler:
        return MessageHandler(
            channels={TOPIC: MappedChannel("proef", self.mapping, "contact.ended")},
            stop_store=self.stops,
            letter_keys=self.letter_keys,
            encoder=EventEncoder(SEALER, KEYS),
            clock=self.clock,
            health=self.health,
            own_failures_limit=LIMIT,
        )


def raw(value: bytes | None, *, offset: int = 0, headers: Sequence[Header] = ()) -> Record:
    return Record(TOPIC, 2, offset, datetime(2026, 11, 20, 9, 59, tzinfo=UTC), None, value, headers)


def message(offset: int = 0, **changes: Any) -> Record:  # noqa: ANN401 - JSON
    return raw(json.dumps({**MESSAGE, **changes}).encode(), offset=offset)


def sent(message: Message) -> str:
    """Return the id of the contact of an event, or the kind of a letter."""
    headers = dict(message.headers)
    return (headers.get("dlq_kind") or b"").decode() or json.loads(message.value or b"")["data"]["contactId"]


def failing() -> ChannelMapping:
    mapping = small()
    mapping.__class__ = _Failing
    return mapping


async def test_a_message_becomes_an_event_that_names_its_mapping_and_where_it_lies() -> None:
    bench = _Bench()
    given = replace(message(7), headers=[("content-type", b"application/json"), ("traceparent", TRACE.encode())])

    (event,) = await bench.handle([given])

    (expected,) = bench.mapping.map_json(given.value or b"")
    assert event == Message(
        "contact.ended",
        KEYS.of("999990007"),
        expected.value,  # type: ignore[union-attr] # it is a MappedContact
        [
            ("content-type", b"application/cloudevents+json; charset=UTF-8"),
            ("mapping", b"klein/1"),
            ("bericht", b"kanaal.proef:2:7"),
            ("traceparent", TRACE.encode()),
        ],
    )
    assert bench.topics.committed == 8


def test_a_key_is_a_digest_that_the_register_key_alone_can_make() -> None:
    assert KEYS.of("999990007") == EventKeys(REGISTER_KEY).of("999990007")
    assert KEYS.of("999990007") != EventKeys(REGISTER_KEY + b"2").of("999990007")
    assert len(KEYS.of("999990007")) == 64
    assert KEYS.of("\ud800"), "half a surrogate pair, which JSON can hold"


async def test_a_contact_without_a_klant_has_the_key_of_its_contact() -> None:
    bench = _Bench(mapping=small(('sleutel = ["klant.bsn", "id"]', 'sleutel = ["klant.bsn"]')))

    events = await bench.handle([message(klant={}), message(1, klant={}), message(2, id="g-2", klant={})])

    assert [each.key for each in events] == [KEYS.of(f"{BRON} {each}") for each in ("g-1", "g-1", "g-2")]


async def test_a_skipped_message_causes_nothing_but_a_count_and_the_next_position() -> None:
    bench = _Bench()
    show_channel_counters([MappedChannel("proef", bench.mapping, "contact.ended")])
    of = {"channel": "proef", "reason": "nog_bezig"}
    before = REGISTRY.get_sample_value("klantcontact_channel_skipped_total", of)

    assert await bench.handle([message(4, tijd=None)]) == []

    assert bench.topics.committed == 5
    assert before == 0
    assert REGISTRY.get_sample_value("klantcontact_channel_skipped_total", of) == 1


@pytest.mark.parametrize(
    ("given", "kind", "faults"),
    [
        (raw(b"{"), "onleesbaar", []),
        (raw(None), "onleesbaar", []),
        (raw(b" " * (MAX_MESSAGE_BYTES + 1)), "te_groot", []),
        (raw(b"no mail", headers=[("content-type", b"message/rfc822")]), "onleesbaar", []),
        (message(kanaal={"a": 1}), "mapping_fout", [{"pad": "contact.kanaal", "soort": "opzoeken"}]),
        (
            message(klant={"bsn": "999990008"}),
            "contact_ongeldig",
            [{"pad": "data.betrokkenen.0.partijIdentificatoren.0.objectId", "soort": FaultKind.ELFPROEF}],
        ),
    ],
    ids=["no JSON", "no value", "too large", "no mail", "no value for a field", "an event that is wrong"],
)
async def test_a_refused_message_becomes_a_letter_with_the_place_and_no_value(
    given: Record, kind: str, faults: list[dict[str, str]]
) -> None:
    (letter,) = await _Bench().handle([given])

    headers = dict(letter.headers)
    assert letter.topic == LETTERS
    assert headers["dlq_kind"] == kind.encode()
    assert json.loads(headers["dlq_faults"] or b"") == faults
    assert headers["dlq_mapping"] == b"klein/1"
    assert (headers["dlq_topic"], headers["dlq_partition"], headers["dlq_offset"]) == (TOPIC.encode(), b"2", b"0")
    assert contents_of(letter) == (given.value and given.value[:MAX_MESSAGE_BYTES])


async def test_a_letter_knows_its_source_and_its_contact_where_the_event_had_one() -> None:
    bench = _Bench()

    letters = await bench.handle([message(klant={"bsn": "999990008"}), raw(b"{", offset=1)])

    assert [each.letter_key and (each.letter_key.contact_key, each.letter_key.source) for each in letters] == [
        (contact_key(BRON, "g-1"), BRON),
        (None, BRON),
    ]
    assert set(bench.letter_keys.keys) == {each.letter_key.key_id for each in letters if each.letter_key}


async def test_of_a_message_with_several_contacts_the_good_ones_are_events_beside_one_letter() -> None:
    bench = _Bench(mapping=small(("[overslaan]", '[uitpakken]\ncontacten = "contacten"\n\n[overslaan]')))
    several = [{**MESSAGE, "id": f"g-{each}"} for each in range(3)]
    several[1]["klant"] = {"bsn": "999990008"}

    published = await bench.handle([raw(json.dumps({"contacten": several}).encode())])

    assert list(map(sent, published)) == ["g-0", "g-2", "contact_ongeldig"]
    assert len(bench.publisher.transactions) == 1


async def test_a_message_that_makes_too_much_is_one_letter_and_no_event_as_the_dry_run_says() -> None:
    bench = _Bench(mapping=verbose())

    (letter,) = await bench.handle([raw(many(500))])

    (dry,) = map(told_as_json, outcomes([ChannelMessage("proef.json", many(500))], bench.mapping))
    assert (sent(letter), dry["uitkomst"], dry["soort"]) == ("te_groot", "geweigerd", "te_groot")


async def test_a_batch_that_is_too_large_to_unpack_becomes_one_letter() -> None:
    given = replace(raw(None, offset=16), oversized=OversizedBatch.of(12, 16))

    (letter,) = await _Bench().handle([given])

    headers = dict(letter.headers)
    assert (headers["dlq_kind"], headers["dlq_offset"], headers["dlq_last_offset"]) == (b"te_groot", b"12", b"16")


async def test_what_goes_out_is_cut_into_transactions_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handler_module, "MAX_TRANSACTION_BYTES", 3_000)
    bench = _Bench()

    published = await bench.handle([message(each, id=f"g-{each}") for each in range(5)])

    assert list(map(sent, published)) == [f"g-{each}" for each in range(5)]
    assert [position for _, position in bench.publisher.transactions] == [2, 4, 5]


async def test_while_mongodb_is_away_a_letter_waits_and_nothing_is_lost() -> None:
    bench = _Bench(TransientFailure("MongoDB does not answer."), TransientFailure("MongoDB does not answer."))

    published = await bench.handle([raw(b"{"), message(1)])

    assert list(map(sent, published)) == ["onleesbaar", "g-1"]
    assert len(bench.clock.pauses_seconds) == 2


async def test_without_a_letter_mongodb_is_not_asked() -> None:
    bench = _Bench(*[TransientFailure("MongoDB does not answer.")] * 100)

    assert list(map(sent, await bench.handle([message()]))) == ["g-1"]


async def test_a_message_on_which_our_code_fails_becomes_a_letter_and_the_others_go_on() -> None:
    bench = _Bench(mapping=failing())

    with capture_logs() as logs:
        published = await bench.handle([message(), message(1, vraag="bug"), message(2, id="g-2")])

    assert list(map(sent, published)) == ["g-1", "interne_fout", "g-2"]
    (told,) = [each for each in logs if each["event"] == "message.mapping_failed"]
    assert (told["topic"], told["partition"], told["offset"]) == (TOPIC, 2, 1)


async def test_a_run_of_own_failures_stops_the_partition_and_a_third_start_skips_the_record() -> None:
    bench = _Bench(mapping=failing())
    batch = [
        message(id="before"),
        *[message(each, vraag="bug") for each in range(1, LIMIT + 1)],
        message(9, id="after"),
    ]

    with pytest.raises(PartitionStopped) as stopped:
        await bench.handle(batch)

    assert stopped.value.stop.offset == LIMIT
    assert list(map(sent, bench.topics.messages)) == ["before", "interne_fout", "interne_fout"]
    assert bench.topics.committed == LIMIT

    for _ in range(2):
        bench.stops.starts += 1
        bench.restarted()
        if bench.stops.starts < 3:
            with pytest.raises(PartitionStopped):
                await bench.handle(batch[LIMIT:])
    assert list(map(sent, await bench.handle(batch[LIMIT:])))[3:] == ["interne_fout", "after"]


async def test_no_log_and_no_header_holds_a_value_of_a_message() -> None:
    bench = _Bench(mapping=failing())
    given = [
        message(vraag="KANARIE", klant={"bsn": "999990008"}),
        message(1, kanaal={"KANARIE": "KANARIE"}),
        raw(b'{"KANARIE', offset=2),
        message(3, vraag="bug KANARIE"),
        message(4, vraag="KANARIE"),
    ]

    with capture_logs() as logs:
        published = await bench.handle(given)

    assert len(published) == 5
    assert "KANARIE" not in repr(logs)
    assert all(b"KANARIE" not in (value or b"") for each in published for _, value in each.headers)
    assert all(b"KANARIE" not in (each.value or b"") for each in published if each.topic == LETTERS)
    assert "999990007" not in repr([(each.key, each.headers) for each in published])


async def test_the_line_of_a_batch_counts_what_became_of_its_contacts() -> None:
    bench = _Bench()

    with capture_logs() as logs:
        await bench.handle([message(3), message(4, tijd=None), raw(b"{", offset=5)])

    assert [each for each in logs if each["event"] == "batch.committed"] == [
        {
            "event": "batch.committed",
            "log_level": "info",
            "topic": TOPIC,
            "partition": 2,
            "first_offset": 3,
            "last_offset": 5,
            "records": 3,
            "messages": 2,
            "mapping": "klein/1",
            "events": 1,
            "skipped": 1,
            "refused": 1,
        }
    ]
