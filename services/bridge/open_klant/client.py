"""Open Klant's API over HTTP/1.1. Connections are kept, and every step of a call has a limit in time.

Of an answer that refuses, only the names and codes are taken: its sentences may quote what was sent.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

import httpx

from services.bridge.answers import note_answer
from services.bridge.errors import (
    Absent,
    CallFailed,
    CallRefused,
    CallUnanswered,
    NotServed,
    OrphanedAddress,
    RefusedField,
    TokenRefused,
    Unavailable,
)
from services.bridge.resources import ApiRow, Body, Resource
from services.runtime.observe import bridge_metrics

API: Final = "/klantinteracties/api/v1"

PAGE_SIZE: Final = "500"
"""The most that Open Klant gives at once."""

NO_SUCH_ROW: Final = "not_found"
"""Open Klant's code of a 404. Another 404 says nothing of the row."""

STEPS_OF_A_SEND: Final = 4
"""How often the event loop goes round until a call that got its turn is written: it wakes up, and httpx pauses three
times."""

JsonObject = dict[str, Any]

NOT_REACHED: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
"""Errors before Open Klant had the call: they say nothing of it."""

BUSY: Final = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.REQUEST_TIMEOUT})


class HttpOpenKlant:
    """The API of one Open Klant."""

    def __init__(
        self, http: httpx.AsyncClient, token: Callable[[], str], *, timeout_seconds: float, at_once: int = 4
    ) -> None:
        """`token` returns the present one: it may be replaced while the bridge runs.

        `at_once`: how many calls are under way at most. The others wait for their turn.
        """
        self._http = http
        self._token = token
        self._timeout_seconds = timeout_seconds
        self._turn = asyncio.Semaphore(at_once)

    async def find(self, resource: Resource, **filters: str) -> Sequence[ApiRow]:
        """Return every row that fits, as `ports.OpenKlant` promises."""
        return [row async for page in self.pages(resource, **filters) for row in page]

    async def pages(self, resource: Resource, **filters: str) -> AsyncIterator[Sequence[ApiRow]]:
        """Yield the rows that fit, page by page."""
        number = 1
        while True:
            given = {**filters, "pageSize": filters.get("pageSize", PAGE_SIZE), "page": str(number)}
            try:
                answer = await self._call("GET", resource, resource, params=given)
            except Absent:
                if number == 1:
                    raise NotServed from None
                return  # rows went since the page before, and the list is shorter now
            yield answer["results"]
            if not answer["next"]:
                return
            number += 1

    async def read(self, resource: Resource, uuid: str) -> ApiRow:
        """Return a row. Raises Absent."""
        return await self._call("GET", resource, f"{resource}/{uuid}")

    async def create(self, path: str, body: Body) -> ApiRow:
        """Create a row."""
        try:
            return await self._served("POST", path, json=body)
        except CallRefused as refusal:
            if path == Resource.DIGITALE_ADRESSEN and _is_orphans_fault(refusal, body):
                raise OrphanedAddress from None
            raise

    async def change(self, resource: Resource, uuid: str, body: Body) -> ApiRow:
        """Change fields of a row. Raises Absent."""
        return await self._call("PATCH", resource, f"{resource}/{uuid}", json=body)

    async def remove(self, resource: Resource, uuid: str) -> None:
        """Remove a row, if it is there."""
        try:
            await self._call("DELETE", resource, f"{resource}/{uuid}")
        except Absent:
            return

    async def probe(self) -> None:
        """Ask for one row: whether Open Klant answers. Raises Unavailable."""
        await self._served("GET", Resource.KLANTCONTACTEN, params={"pageSize": "1"})

    async def description(self) -> JsonObject:
        """Return Open Klant's own description of its API. Raises Unavailable."""
        return await self._served("GET", "openapi.json")

    async def _served(
        self, method: str, path: str, *, params: Mapping[str, str] | None = None, json: Body | None = None
    ) -> JsonObject:
        """Call what each Open Klant has. Raises NotServed."""
        try:
            return await self._call(method, path, path, params=params, json=json)
        except Absent:
            raise NotServed from None

    async def _call(
        self,
        method: str,
        resource: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        json: Body | None = None,
    ) -> JsonObject:
        # While a call holds a place without being under way, Open Klant has less work than it bears. So the bridge
        # builds the request before it takes the place, and reads the answer once the next call has gone out.
        request = self._http.build_request(method, f"{API}/{path}", params=params, json=json)
        async with self._turn:
            request.headers["Authorization"] = f"Token {self._token()}"
            answer = await self._answer(request, resource)
        for _ in range(STEPS_OF_A_SEND):
            await asyncio.sleep(0)
        row = _read(f"{method} {resource}", answer)
        note_answer(changed=method != "GET")
        return row

    async def _answer(self, request: httpx.Request, resource: str) -> httpx.Response:
        """Send a request, and return the answer, whatever it says. Raises Unavailable."""
        started, status = time.monotonic(), "none"
        try:
            async with asyncio.timeout(self._timeout_seconds):
                answer = await self._http.send(request)
            status = str(answer.status_code)
            return answer
        except NOT_REACHED as error:
            raise Unavailable(f"Open Klant does not answer ({type(error).__name__}).") from None
        except (httpx.HTTPError, TimeoutError) as error:
            raise CallUnanswered(f"{request.method} {resource}", type(error).__name__) from None
        finally:
            bridge_metrics.CALLS.labels(resource=resource, method=request.method, status=status).inc()
            bridge_metrics.CALL_SECONDS.observe(time.monotonic() - started)


def _read(call: str, answer: httpx.Response) -> JsonObject:
    status = answer.status_code
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise CallFailed(f"{call} was answered with status {status}.", call=call)
    if status in BUSY:
        raise Unavailable(f"Open Klant answers with status {status}.")
    if status == HTTPStatus.NO_CONTENT:
        return {}
    body = _json(answer)
    if body is not None and answer.is_success:
        return body
    if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:  # a proxy also says this of the call alone
        raise CallRefused(call, status)
    code = _code_of_refusal(status, body)
    if code is None or (status == HTTPStatus.NOT_FOUND and code != NO_SUCH_ROW):
        # A call that changes something may have taken effect.
        raise NotServed(f"{NotServed.__doc__} {call} was answered with status {status}.", call=call)
    if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        raise TokenRefused
    note_answer()
    if status == HTTPStatus.NOT_FOUND:
        raise Absent
    raise CallRefused(call, status, list(_faults(body)))


def _json(answer: httpx.Response) -> JsonObject | None:
    """Return the JSON object of an answer; None for anything else."""
    try:
        body = answer.json()
    except ValueError:
        return None
    return body if isinstance(body, dict) else None


def _code_of_refusal(status: int, body: JsonObject | None) -> str | None:
    """Return the code that Open Klant's own refusals have; None where a proxy answers."""
    code = body.get("code") if body is not None and status >= HTTPStatus.BAD_REQUEST else None
    return code if isinstance(code, str) else None


def _faults(body: JsonObject | None) -> Sequence[RefusedField]:
    try:
        given = (body or {}).get("invalidParams") or ()
        return [RefusedField(str(each["name"])[:100], str(each["code"])[:100]) for each in given]
    except (TypeError, KeyError):
        return ()


def _is_orphans_fault(refusal: CallRefused, body: Body) -> bool:
    """Whether an orphaned standard address is to blame: an address without a partij is never unique otherwise."""
    return body.get("verstrektDoorPartij") is None and refusal.names("unique", "nonFieldErrors")
