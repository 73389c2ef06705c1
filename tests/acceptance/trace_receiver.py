"""What receives traces: the part of an OpenTelemetry collector that takes them over HTTP."""

from collections.abc import Iterable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Self

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from services.local.servers.network import HOST


class TraceReceiver:
    """Keeps every span that was sent to its endpoint within the block."""

    def __init__(self) -> None:
        self._requests: list[ExportTraceServiceRequest] = []
        self._server = ThreadingHTTPServer((HOST, 0), _handler(self._requests))
        self.endpoint = f"http://{HOST}:{self._server.server_port}"

    def __enter__(self) -> Self:
        Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def names(self) -> Mapping[str, list[str]]:
        """Return the names of the spans of each trace, in alphabetical order."""
        spans = list(self._spans())
        traces = {span.trace_id.hex() for span in spans}
        return {trace: sorted(span.name for span in spans if span.trace_id.hex() == trace) for trace in traces}

    def attributes(self) -> list[dict[str, str]]:
        """Return the name, status and text attributes of every span."""
        return [
            {
                "name": span.name,
                "status": str(span.status.code),
                **{each.key: each.value.string_value for each in span.attributes if each.value.string_value},
            }
            for span in self._spans()
        ]

    def text(self) -> str:
        """Return everything that was sent, to search in."""
        return " ".join(map(str, self._requests))

    def _spans(self) -> Iterable[Span]:
        """Return each span once. A process sends it again when our answer was late."""
        spans = [
            span
            for request in list(self._requests)
            for resource in request.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]
        return {(span.trace_id, span.span_id): span for span in spans}.values()


def _handler(requests: list[ExportTraceServiceRequest]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            requests.append(ExportTraceServiceRequest.FromString(body))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as http.server names it
            """Log nothing."""

    return Handler
