"""The HTTP application: it reads requests within limits, and answers them.

The limits are the same for every path, so a client learns nothing from them about the channels.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Final

import structlog
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from services.channels.intake.budget import Budget
from services.channels.intake.delivery import Delivery, headers_once
from services.channels.intake.envelopes import CONTENT_TYPES, ENCODINGS
from services.channels.intake.handler import Intake
from services.channels.intake.instrumentation import Receptions
from services.channels.intake.replies import (
    BUSY,
    FAILED,
    TOO_LARGE,
    TOO_SLOW,
    UNREADABLE,
    WRONG_TYPE,
    Rejected,
    Reply,
)
from services.runtime.observe import metrics

log = structlog.get_logger()

ANSWER_SECONDS: Final = 4.0
"""The intake answers every request within this, from its head on. Twilio waits for 5 seconds, others longer."""

MAX_FORM_BYTES: Final = 64 * 1024
"""Of a form, which takes a hundred times as long to parse as JSON, and is parsed before its proof."""

WEBHOOK_ORIGIN: Final = "webhook-request-origin"


class HttpIntake:
    """Reads requests within limits, passes them to the intake, and answers."""

    def __init__(self, intake: Intake, *, budget: Budget, receptions: Receptions, most_bytes: int) -> None:
        """`most_bytes`: the largest body that any channel takes."""
        self._intake = intake
        self._budget = budget
        self._receptions = receptions
        self._most_bytes = most_bytes

    def application(self) -> Starlette:
        """Return the ASGI application."""
        routes = [Route("/in/{kanaal}", self._respond, methods=["OPTIONS", "POST"])]
        made = Starlette(routes=routes, exception_handlers={HTTPException: _without_body})
        made.router.redirect_slashes = False
        return made

    async def _respond(self, request: Request) -> Response:
        began = time.perf_counter()
        naam = request.path_params["kanaal"]
        reply = await self._reply(naam, request)
        self._receptions.tell(naam, reply, seconds=time.perf_counter() - began)
        return Response(reply.body, reply.status, dict(reply.headers))

    async def _reply(self, naam: str, request: Request) -> Reply:
        try:
            if request.method == "OPTIONS":
                return self._intake.allow(naam, request.headers.get(WEBHOOK_ORIGIN))
            return self._intake.validate(naam, request.scope["query_string"]) or await self._take(naam, request)
        except Rejected as rejection:
            return rejection.reply
        except ClientDisconnect:
            return UNREADABLE
        except Exception as error:
            # Our own mistake. The platform tries again, and other requests go on.
            metrics.OWN_FAILURES.inc()
            log.exception("delivery.handling_failed", exc_info=error)
            return FAILED

    async def _take(self, naam: str, request: Request) -> Reply:
        headers = headers_once(request.scope["headers"])
        most_bytes = self._check(headers)
        deadline = asyncio.get_running_loop().time() + ANSWER_SECONDS
        with self._budget.kept() as hold:
            async with _until(deadline, otherwise=TOO_SLOW):
                body = await _body(request, hold, most_bytes=most_bytes)
            async with _until(deadline, otherwise=BUSY):
                delivery = Delivery(naam, request.scope["query_string"], headers, body)
                return await self._intake.take(delivery)

    def _check(self, headers: Mapping[bytes, bytes]) -> int:
        """Check the head of a request, and return the most bytes that its body may have. Raises Rejected."""
        delivery = Delivery("", b"", headers, b"")
        if delivery.content_type not in CONTENT_TYPES or delivery.content_encoding not in ENCODINGS:
            raise Rejected(WRONG_TYPE)
        most_bytes = min(self._most_bytes, MAX_FORM_BYTES) if delivery.is_form else self._most_bytes
        declared = headers.get(b"content-length", b"0")
        if not declared.isdigit() or int(declared) > most_bytes:
            raise Rejected(TOO_LARGE)
        return most_bytes


async def _body(request: Request, hold: Callable[[int], None], *, most_bytes: int) -> bytes:
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > most_bytes:
            raise Rejected(TOO_LARGE)
        hold(len(part))
        parts.append(part)
    return b"".join(parts)


@asynccontextmanager
async def _until(deadline: float, *, otherwise: Reply) -> AsyncIterator[None]:
    """Raise Rejected with `otherwise` when the block is not done at the deadline, by the clock of the loop."""
    try:
        async with asyncio.timeout_at(deadline):
            yield
    except TimeoutError:
        raise Rejected(otherwise) from None


async def _without_body(_request: Request, error: Exception) -> Response:
    """Answer a request that Starlette refuses for its path or method."""
    assert isinstance(error, HTTPException)
    return Response(status_code=error.status_code, headers=error.headers)
