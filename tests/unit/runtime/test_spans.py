"""One trace from a publisher's span through the decision to the stored documents, without a personal value."""

import json
from collections.abc import Iterator, Sequence
from uuid import UUID

import pytest
from aiokafka import TopicPartition
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from services.classifier.cases import read
from services.classifier.encoding import Encoder
from services.classifier.handler import Handler as Classifier
from services.domain.policy import DEFAULT
from services.domain.sleutels import Sleutels
from services.projector.batch import read_all
from services.projector.handler import Projector
from services.runtime.ending import Ending
from services.runtime.kafka.records import Record
from services.runtime.observe.health import Health
from services.runtime.observe.spans import ExportedSpans
from services.runtime.settings import Settings
from services.runtime.stops.stops import Stops
from tests.fakes.clock import FakeClock
from tests.fakes.letter_keys import FakeLetterKeys
from tests.fakes.projector_positions import FakePositions
from tests.fakes.projector_store import FakeRegister
from tests.fakes.publisher import FakePublisher, FakeTopics
from tests.fakes.register_store import FakeRegisterStore
from tests.fakes.stop_store import FakeStopStore
from tests.support.contacts import SOURCE, Event, contact_ended, record, records
from tests.support.projector_examples import record_of
from tests.support.sealed import SEALER

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = "00f067aa0ba902b7"
SAMPLED, NOT_SAMPLED = f"00-{TRACE}-{PARENT}-01", f"00-{TRACE}-{PARENT}-00"
CANARIES = ("kanarie", "0698765432")


def traced(traceparent: str | None) -> Event:
    return contact_ended("c-1") | ({} if traceparent is None else {"traceparent": traceparent})


class _Bench:
    """Both services, one after another, on fakes and with their spans in memory."""

    def __init__(self) -> None:
        self.exporter = InMemorySpanExporter()
        self._provider = TracerProvider(shutdown_on_exit=False)
        self._provider.add_span_processor(SimpleSpanProcessor(self.exporter))
        self._spans = ExportedSpans(self._provider)
        sleutels = Sleutels(b"a key of the tests, thirty-two bytes")
        self._classifier = Classifier(
            read=lambda record: read(record, sleutels, DEFAULT),
            store=FakeRegisterStore(),
            stop_store=FakeStopStore(),
            letter_keys=FakeLetterKeys(),
            encoder=Encoder(Settings(), SEALER),
            clock=FakeClock(),
            health=Health(()),
            own_failures_limit=1,
            spans=self._spans,
        )
        self._projector = Projector(FakeRegister(), FakePositions(), Health(()), Ending(), self._spans)

    async def pass_on(self, batch: Sequence[Record]) -> None:
        """Decide a batch, and project its events."""
        topics = FakeTopics()
        topics.writer = publisher = FakePublisher(topics)
        await self._classifier.handle(batch, publisher)
        events = [each for each in topics.messages if each.topic != Settings().dead_letter_topic]
        outputs = [record_of(TopicPartition(each.topic, 0), offset, each.value) for offset, each in enumerate(events)]
        await self._projector.project(
            await read_all(outputs, Settings().own_sources), Stops(Health(()), FakeStopStore())
        )

    def spans(self) -> list[ReadableSpan]:
        """Return the exported spans, in their order."""
        return list(self.exporter.get_finished_spans())

    def close(self) -> None:
        self._provider.shutdown()


@pytest.fixture
def bench() -> Iterator[_Bench]:
    made = _Bench()
    yield made
    made.close()


async def test_decision_and_documents_are_in_the_trace_of_the_publisher(bench: _Bench) -> None:
    await bench.pass_on(records(traced(SAMPLED)))

    assert [span.name for span in bench.spans()] == ["contact.decide", "klantcontact.store", "taak.store"]
    for span in bench.spans():
        assert span.parent is not None
        assert (f"{span.context.trace_id:032x}", f"{span.parent.span_id:016x}") == (TRACE, PARENT)
        assert span.start_time is not None
        assert span.end_time is not None
        assert span.start_time < span.end_time


async def test_the_span_of_a_decision_has_its_origin_and_its_rule(bench: _Bench) -> None:
    await bench.pass_on([record(traced(SAMPLED), offset=41)])

    assert dict(bench.spans()[0].attributes or {}) == {
        "messaging.system": "kafka",
        "messaging.operation.type": "process",
        "messaging.destination.name": "contact.ended",
        "messaging.destination.partition.id": "0",
        "messaging.kafka.offset": 41,
        "klantcontact.outcome": "decided",
        "klantcontact.source": SOURCE,
        "klantcontact.contact_id": "c-1",
        "klantcontact.revisie": 1,
        "klantcontact.rules": ("V2",),
    }


async def test_the_span_of_a_document_has_the_place_of_its_event_and_its_subject(bench: _Bench) -> None:
    await bench.pass_on(records(traced(SAMPLED)))

    stored = dict(bench.spans()[2].attributes or {})
    subject = str(stored.pop("klantcontact.subject"))
    assert str(UUID(subject)) == subject
    assert stored == {
        "messaging.system": "kafka",
        "messaging.operation.type": "process",
        "messaging.destination.name": "taak.created",
        "messaging.destination.partition.id": "0",
        "messaging.kafka.offset": 1,
        "klantcontact.source": SOURCE,
        "klantcontact.contact_id": "c-1",
        "klantcontact.revisie": 1,
        "klantcontact.rules": ("V2",),
    }


@pytest.mark.parametrize(
    "traceparent",
    [None, "not one", NOT_SAMPLED, f"00-{'0' * 32}-{PARENT}-01"],
    ids=["none", "malformed", "not sampled", "no trace"],
)
async def test_an_event_without_a_trace_gets_no_trace(bench: _Bench, traceparent: str | None) -> None:
    await bench.pass_on(records(traced(traceparent)))

    assert bench.spans() == []


async def test_an_unreadable_event_is_in_no_trace(bench: _Bench) -> None:
    await bench.pass_on(records(b"{", traced(SAMPLED)))

    assert len(bench.spans()) == 3


async def test_no_span_holds_a_personal_value(bench: _Bench) -> None:
    told = json.dumps(traced(SAMPLED))
    for personal, canary in zip(("Jansen", "0612345678"), CANARIES, strict=True):
        assert personal in told
        told = told.replace(personal, canary)
    await bench.pass_on(records(told.encode()))

    exported = "".join(span.to_json() for span in bench.spans())
    assert len(bench.spans()) == 3
    assert not [canary for canary in CANARIES if canary in exported]
