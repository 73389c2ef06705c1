"""Whether what we do shows in the traces of OpenTelemetry: only where its standard variables name an exporter.

Off, nothing of OpenTelemetry is imported, and each batch costs one look at None.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final, Protocol

from services.runtime.errors import InvalidSettings

ENDPOINTS: Final = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
PROTOCOLS: Final = ("OTEL_EXPORTER_OTLP_PROTOCOL", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL")
ONLY_PROTOCOL: Final = "http/protobuf"

Attributes = Mapping[str, str | int | Sequence[str]]
"""Ids, names of our own, positions: never a value that is personal."""


class Spans(Protocol):
    """Takes what was done for a message."""

    def record(self, name: str, traceparent: str | None, attributes: Attributes, *, started_ns: int) -> None:
        """Record a span, from then (in nanoseconds since 1970) until now, in the trace that a publisher began.

        Without a (valid) traceparent there is none: whoever did not begin a trace has not asked for one, and a trace
        for every contact would be the load of all that nobody asked for.
        """


@contextmanager
def tracing(service: str) -> Iterator[Spans | None]:
    """Export spans within the block, if the environment names an exporter; what is left is sent at the end.

    Raises InvalidSettings for an exporter that is not there.
    """
    if not _is_asked_for(os.environ):
        yield None
        return
    from services.runtime.observe.spans import exported

    with exported(service) as spans:
        yield spans


def _is_asked_for(environment: Mapping[str, str]) -> bool:
    if environment.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return False
    exporter = environment.get("OTEL_TRACES_EXPORTER", "")
    if exporter not in {"", "otlp", "none"}:
        raise InvalidSettings("OTEL_TRACES_EXPORTER: traces are exported with otlp, or none.")
    asked = exporter == "otlp" or (not exporter and any(environment.get(name) for name in ENDPOINTS))
    if asked and any(environment.get(name, ONLY_PROTOCOL) != ONLY_PROTOCOL for name in PROTOCOLS):
        raise InvalidSettings(f"OTEL_EXPORTER_OTLP_PROTOCOL: only {ONLY_PROTOCOL} is there. Leave it out.")
    return asked
