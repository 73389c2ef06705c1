"""The health of this process, and the small HTTP server that shows it: /livez, /readyz and /metrics."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import asynccontextmanager, contextmanager
from enum import StrEnum
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from threading import Lock, Thread
from typing import TypeVar

import structlog
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4, generate_latest

from services.runtime.errors import InvalidSettings
from services.runtime.observe import metrics
from services.runtime.settings import Settings

log = structlog.get_logger()

T = TypeVar("T")

Facts = Mapping[str, object]
"""Details of a part's work, for a person: numbers, moments and names of our own."""

LOOP_SECONDS = 5.0
"""An event loop that takes longer to answer hangs. The slowest batch holds it for a tenth of this."""

READY_LOOP_SECONDS = 2.0
"""A loop that takes longer to answer is not ready. Readiness may fail sooner than liveness."""

CLIENT_SECONDS = 5.0
"""A client that takes longer to send its request is gone."""

LOOK_SECONDS = 1.0
"""The pause between two looks of a watch. Readiness must not show a state of ten seconds ago."""

STOP_SECONDS = 0.1
"""How soon the server notices that it must stop."""


class Part(StrEnum):
    """A part that a service depends on, as readiness and metrics name it."""

    KAFKA = "kafka"
    MONGODB = "mongodb"
    SERVICE = "service"
    """The service itself: our own code failed and stopped a partition, or the event loop hangs."""


START = "start"
"""The reporter of a part until another reports that the part is well."""


class Health:
    """The reasons why parts of a service are not well: one for each reporter. Safe to use from several threads.

    A part without a reason is well. Each part in `waits_for` has a reason from the start, which the first report that
    the part is well removes.
    """

    def __init__(self, waits_for: Iterable[str] = (Part.KAFKA, Part.MONGODB)) -> None:
        self._lock = Lock()
        self._reasons: dict[str, dict[str, str]] = {part: {START: "has not answered yet"} for part in waits_for}
        """By part and reporter."""
        self._describers: dict[str, Callable[[], Facts]] = {}

    def describe(self, part: str, facts: Callable[[], Facts]) -> None:
        """Add `facts` to what readiness shows of a part. They are called in the event loop."""
        self._describers[part] = facts

    def facts(self) -> dict[str, Facts]:
        """Return the facts of every part. Called in the event loop."""
        return {str(part): facts() for part, facts in self._describers.items()}

    def set(self, part: str, reason: str | None, *, by: str) -> None:
        """Report that a part is well (None), or why it is not. A change is logged."""
        with self._changing(part) as reasons:
            if reason is None:
                reasons.pop(by, None)
                reasons.pop(START, None)
            else:
                reasons[by] = reason

    def leave(self, part: str, *, by: str) -> None:
        """Remove the reason of a reporter that has ended."""
        with self._changing(part) as reasons:
            reasons.pop(by, None)

    @contextmanager
    def reporting(self, part: str, *, by: str) -> Iterator[Callable[[str | None], None]]:
        """Yield the report of one reporter. Its reason is removed when the block ends, however it ends."""
        try:
            yield lambda reason: self.set(part, reason, by=by)
        finally:
            self.leave(part, by=by)

    def ready(self) -> bool:
        """Whether every part is well."""
        return not self.reasons()

    def reasons(self) -> dict[str, str]:
        """Return the parts that are not well, each with all its reasons."""
        with self._lock:
            return {str(part): _joined(reasons) for part, reasons in self._reasons.items() if reasons}

    @contextmanager
    def _changing(self, part: str) -> Iterator[dict[str, str]]:
        with self._lock:
            reasons = self._reasons.setdefault(part, {})
            before = _joined(reasons)
            yield reasons
            after = _joined(reasons)
        if after and after != before:
            log.warning("health.lost", part=str(part), reason=after)
        elif before and not after:
            log.info("health.recovered", part=str(part))


def _joined(reasons: Mapping[str, str]) -> str:
    """Return each reason once: when Kafka is away, the writers of twelve partitions give the same one."""
    reported = [reason for reporter, reason in reasons.items() if reporter != START]
    return "; ".join(dict.fromkeys(reported or reasons.values()))


@asynccontextmanager
async def serve(settings: Settings, health: Health) -> AsyncIterator[str]:
    """Answer over HTTP at `health_host`:`health_port` within the block, and yield the address.

    Separate threads answer, so that they can report an event loop that hangs. Raises InvalidSettings when the address
    is not available.
    """
    server = _listen(settings, health)
    thread = Thread(target=server.serve_forever, args=(STOP_SECONDS,), name="health", daemon=True)
    thread.start()
    host = f"[{settings.health_host}]" if ":" in settings.health_host else settings.health_host
    address = f"{host}:{server.server_port}"
    log.info("health.served", address=address)
    try:
        yield address
    finally:
        await asyncio.to_thread(server.shutdown)
        server.server_close()


def _listen(settings: Settings, health: Health) -> "_Server":
    try:
        return _Server((settings.health_host, settings.health_port), health, asyncio.get_running_loop())
    except OSError as error:
        raise InvalidSettings(
            "KLANTCONTACT_HEALTH_HOST and KLANTCONTACT_HEALTH_PORT: "
            f"{settings.health_host}:{settings.health_port} can't be listened on ({error.strerror}). "
            "Choose another; port 0 takes a free one."
        ) from error


class _Server(ThreadingHTTPServer):
    def __init__(self, address: tuple[str, int], health: Health, loop: asyncio.AbstractEventLoop) -> None:
        self.health = health
        self.loop = loop
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        super().__init__(address, _Handler)

    def server_bind(self) -> None:
        """Bind without looking up our own host name, which can take seconds where no name server answers."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address[:2]  # type: ignore[assignment] # str | bytes

    def handle_error(self, request: object, client_address: object) -> None:
        """Print nothing, unlike socketserver: a client that went away is normal."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = CLIENT_SECONDS

    def do_GET(self) -> None:
        match self.path:
            case "/livez":
                self._answer_json(*_liveness(self.server.loop))
            case "/readyz":
                self._answer_json(*_readiness(self.server.loop, self.server.health))
            case "/metrics":
                status, _ = _readiness(self.server.loop, self.server.health)
                metrics.READY.set(status == HTTPStatus.OK)
                self._answer(HTTPStatus.OK, CONTENT_TYPE_PLAIN_0_0_4, generate_latest())
            case _:
                self._answer_json(HTTPStatus.NOT_FOUND, {"paths": ["/livez", "/readyz", "/metrics"]})

    def _answer_json(self, status: HTTPStatus, body: Mapping[str, object]) -> None:
        self._answer(status, "application/json", json.dumps(body).encode())

    def _answer(self, status: HTTPStatus, content_type: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as http.server names it
        """Log nothing: a probe comes every few seconds."""


def _liveness(loop: asyncio.AbstractEventLoop) -> tuple[HTTPStatus, Mapping[str, object]]:
    alive = _asked(loop, lambda: True, seconds=LOOP_SECONDS) is not None
    return HTTPStatus.OK if alive else HTTPStatus.SERVICE_UNAVAILABLE, {"alive": alive}


def _readiness(loop: asyncio.AbstractEventLoop, health: Health) -> tuple[HTTPStatus, Mapping[str, object]]:
    facts = _asked(loop, health.facts, seconds=READY_LOOP_SECONDS)
    reasons = health.reasons()
    if facts is None:
        # The watches run in that loop, so their last reports are old.
        reasons[Part.SERVICE] = f"the event loop has not answered for {READY_LOOP_SECONDS:.0f} seconds"
    status = HTTPStatus.SERVICE_UNAVAILABLE if reasons else HTTPStatus.OK
    return status, {"ready": not reasons, "reasons": reasons, "facts": facts or {}}


def _asked(loop: asyncio.AbstractEventLoop, question: Callable[[], T], *, seconds: float) -> T | None:
    """Return the answer to a question that runs in the event loop, or None when it does not come in time."""
    answer: Future[T] = Future()
    loop.call_soon_threadsafe(lambda: answer.set_result(question()))
    try:
        return answer.result(seconds)
    except TimeoutError:
        return None
