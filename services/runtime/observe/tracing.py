"""Tracing with OpenTelemetry. It is on where the standard variables name an exporter.

Off, nothing of OpenTelemetry is imported, and a batch pays one comparison with None. So the exporter (`spans.py`) is
imported in the one function that starts it; it imports nothing from here.
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
"""Ids, positions and names of our own; never a personal value."""


class Spans(Protocol):
    """Records spans."""

    def record(self, name: str, traceparent: str | None, attributes: Attributes, *, started_ns: int) -> None:
        """Record a span in the trace that a publisher began, from `started_ns` (nanoseconds since 1970) until now.

        Without a valid traceparent nothing is recorded: the publisher began no trace, and one for every contact would
        be a load that nobody asked for.
        """


@contextmanager
def tracing(service: str) -> Iterator[Spans | None]:
    """Export spans within the block if the environment names an exporter, and send the last ones at its end.

    Raises InvalidSettings for an exporter or protocol that this program does not have.
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
        raise InvalidSettings("OTEL_TRACES_EXPORTER: choose otlp or none; no other exporter is built in.")
    asked = exporter == "otlp" or (not exporter and any(environment.get(name) for name in ENDPOINTS))
    if asked and any(environment.get(name, ONLY_PROTOCOL) != ONLY_PROTOCOL for name in PROTOCOLS):
        raise InvalidSettings(f"OTEL_EXPORTER_OTLP_PROTOCOL: only {ONLY_PROTOCOL} is built in. Leave the variable out.")
    return asked
