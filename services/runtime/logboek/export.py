"""The exporter of the Logboek through OpenTelemetry. Only `logboek.py` imports this, and only when it is on.

It has nothing to do with tracing: another endpoint, and no sampling.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from threading import Thread
from typing import Final

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ALWAYS_ON
from opentelemetry.trace import SpanKind, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

NAME: Final = "klantcontact"

WAITING_RECORDS: Final = 50_000
"""How many records wait in memory while the Logboek is away, some 50 MB. Later ones are then lost, and OpenTelemetry
logs it: the Logboek may not stop the register. The decision records have the same."""

RECORDS_A_REQUEST: Final = 1_000

DELAY_MILLISECONDS: Final = 1_000

FLUSH_SECONDS: Final = 2.0
"""Patience with sending the last records when the process ends."""


class ExportedRecords:
    """Makes spans of records."""

    def __init__(self, provider: TracerProvider) -> None:
        self._tracer = provider.get_tracer(NAME, version(NAME))
        self._propagator = TraceContextTextMapPropagator()

    def record(
        self, name: str, traceparent: str | None, attributes: dict[str, str], *, started_ns: int, ended_ns: int
    ) -> None:
        """Take in a record, as `logboek.Exported` promises. It joins the trace that the publisher began, if any."""
        parent = self._propagator.extract({"traceparent": traceparent} if traceparent else {})
        span = self._tracer.start_span(name, parent, SpanKind.INTERNAL, attributes=attributes, start_time=started_ns)
        span.set_status(StatusCode.OK)
        span.end(ended_ns)


@contextmanager
def exported(process: str, endpoint: str) -> Iterator[ExportedRecords]:
    """Send to an endpoint that takes OTLP over HTTP. `process` is the service or command."""
    provider = TracerProvider(
        sampler=ALWAYS_ON,
        resource=Resource.create({SERVICE_NAME: f"{NAME}-{process}", SERVICE_VERSION: version(NAME)}),
        shutdown_on_exit=False,
    )
    provider.add_span_processor(
        BatchSpanProcessor(
            OTLPSpanExporter(endpoint=endpoint),
            max_queue_size=WAITING_RECORDS,
            max_export_batch_size=RECORDS_A_REQUEST,
            schedule_delay_millis=DELAY_MILLISECONDS,
        )
    )
    try:
        yield ExportedRecords(provider)
    finally:
        # In a thread that ends with the process: the exporter would retry for longer than we may take.
        ending = Thread(target=provider.shutdown, name="logboek", daemon=True)
        ending.start()
        ending.join(FLUSH_SECONDS)
