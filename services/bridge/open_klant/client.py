"""Open Klant's API over HTTP/1.1. Connections are kept, and every step of a call has a limit in time.

Of an answer that refuses, only the names and codes are taken: its sentences may quote what was sent.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

import httpx

from services.bridge.errors import (
    Absent,
    CallRefused,
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
"""Open Klant's code. Another 404 is that of a proxy, and says nothing of the row."""

JsonObject = dict[str, Any]

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
        async with self._turn:
            started, status = time.monotonic(), "none"
            headers = {"Authorization": f"Token {self._token()}"}
            try:
                async with asyncio.timeout(self._timeout_seconds):
                    url = f"{API}/{path}"
                    answer = await self._http.request(method, url, params=params, json=json, headers=headers)
                status = str(answer.status_code)
                return _read(f"{method} {resource}", answer)
            except (httpx.HTTPError, TimeoutError) as error:
                raise Unavailable(f"Open Klant does not answer ({type(error).__name__}).") from None
            finally:
                bridge_metrics.CALLS.labels(resource=resource, method=method, status=status).inc()
                bridge_metrics.CALL_SECONDS.observe(time.monotonic() - started)


def _read(call: str, answer: httpx.Response) -> JsonObject:
    status = answer.status_code
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in BUSY:
        raise Unavailable(f"Open Klant answers with status {status}.")
    if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        raise TokenRefused
    if status == HTTPStatus.NOT_FOUND and _code(answer) == NO_SUCH_ROW:
        raise Absent
    if answer.is_success:
        return {} if status == HTTPStatus.NO_CONTENT else _json(answer)
    if status < HTTPStatus.BAD_REQUEST or status == HTTPStatus.NOT_FOUND:
        raise NotServed(f"{NotServed.__doc__} It answered with status {status}.")
    raise CallRefused(call, status, list(_faults(answer)))


def _code(answer: httpx.Response) -> object:
    """Return the code of Open Klant's refusal; None where a proxy answers."""
    try:
        return answer.json().get("code")
    except (ValueError, AttributeError):
        return None


def _json(answer: httpx.Response) -> JsonObject:
    try:
        body = answer.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        # Half an answer, or that of a proxy. A call that changes something may have taken effect.
        raise Unavailable("Open Klant's answer is no JSON object.")
    return body


def _faults(answer: httpx.Response) -> Sequence[RefusedField]:
    try:
        given = answer.json().get("invalidParams") or ()
        return [RefusedField(str(each["name"])[:100], str(each["code"])[:100]) for each in given]
    except (ValueError, TypeError, KeyError, AttributeError):
        return ()


def _is_orphans_fault(refusal: CallRefused, body: Body) -> bool:
    """Whether an orphaned standard address is to blame: an address without a partij is never unique otherwise."""
    return body.get("verstrektDoorPartij") is None and refusal.names("unique", "nonFieldErrors")
