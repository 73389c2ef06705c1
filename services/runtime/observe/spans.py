"""The exporter of spans through OpenTelemetry. Only `tracing.py` imports this, and only when tracing is on.

A span is made when its batch is done, and exported in the background.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from threading import Thread
from typing import Final

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind, get_current_span
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from opentelemetry.util.types import Attributes

NAME: Final = "klantcontact"

FLUSH_SECONDS: Final = 2.0
"""Patience with sending the last spans when the process ends: well within the time before it would be killed."""


class ExportedSpans:
    """Makes spans whose parent is the publisher's span. The publisher's decision to sample holds."""

    def __init__(self, provider: TracerProvider) -> None:
        self._tracer = provider.get_tracer(NAME, version(NAME))
        self._propagator = TraceContextTextMapPropagator()

    def record(self, name: str, traceparent: str | None, attributes: Attributes, *, started_ns: int) -> None:
        """Record a span, as `tracing.Spans` promises."""
        if traceparent is None:
            return
        parent = self._propagator.extract({"traceparent": traceparent})
        if get_current_span(parent).get_span_context().is_valid:
            span = self._tracer.start_span(
                name, parent, SpanKind.CONSUMER, attributes=attributes, start_time=started_ns
            )
            span.end()


@contextmanager
def exported(service: str) -> Iterator[ExportedSpans]:
    """Export to the receiver that the standard variables name. While it is away or slow, spans are dropped."""
    named = {} if os.environ.get("OTEL_SERVICE_NAME") else {SERVICE_NAME: f"{NAME}-{service}"}
    provider = TracerProvider(
        resource=Resource.create({**named, SERVICE_VERSION: version(NAME)}),
        shutdown_on_exit=False,
    )
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    try:
        yield ExportedSpans(provider)
    finally:
        # In a thread that ends with the process: the exporter would retry for longer than we may take.
        ending = Thread(target=provider.shutdown, name="spans", daemon=True)
        ending.start()
        ending.join(FLUSH_SECONDS)
