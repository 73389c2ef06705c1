"""The span of a message: where it lay, by which mapping, and what became of it; no value of it."""

from datetime import UTC, datetime

from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from services.channels.loading import MappedChannel
from services.channels.mapper.instrumentation import MAP, MappedMessage, tell_spans
from services.channels.mapping.outcome import SkippedContact
from services.runtime.kafka.records import Record
from services.runtime.observe.spans import ExportedSpans
from tests.support.mappings import small

TRACE = b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
RECORD = Record("kanaal.proef", 2, 7, datetime(2026, 11, 20, 9, 59, tzinfo=UTC), None, b"{}", [("traceparent", TRACE)])


def test_the_span_of_a_message_has_its_place_its_mapping_and_its_outcomes() -> None:
    exporter, provider = InMemorySpanExporter(), TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    skipped = MappedMessage(RECORD, MappedChannel("proef", small(), "contact.ended"), [SkippedContact("test")], ())

    tell_spans(ExportedSpans(provider), [skipped], started_ns=0)

    (span,) = exporter.get_finished_spans()
    assert span.name == MAP
    assert dict(span.attributes or {}) == {
        "messaging.system": "kafka",
        "messaging.operation.type": "process",
        "messaging.destination.name": "kanaal.proef",
        "messaging.destination.partition.id": "2",
        "messaging.kafka.offset": 7,
        "klantcontact.mapping": "klein/1",
        "klantcontact.outcomes": ("skipped",),
    }
    provider.shutdown()
