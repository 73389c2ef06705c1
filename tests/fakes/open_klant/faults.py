"""What goes wrong with calls, as a test plans it: errors that did take effect, answers that never come, outages."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tests.fakes.open_klant.problems import Problem, broken, not_found


class Broken(Enum):
    """An answer that is none."""

    CUT = auto()
    """The connection ends without an answer."""

    HALF = auto()
    """The connection ends halfway the answer."""


@dataclass(frozen=True)
class Call:
    """A call that was made, and the status of the answer that its caller saw: 0 where it saw none."""

    method: str
    resource: str
    status: int


@dataclass
class Fault:
    """What goes wrong with some calls."""

    answer: int | Broken | None = 500
    """The status of the answer in place of the true one; None: the true answer, if late."""

    takes_effect: bool = False
    """Whether Open Klant carries the call out, whatever it answers."""

    delay_seconds: float = 0.0
    """How long it takes until the answer comes."""

    method: str | None = None
    resource: str | None = None
    """Which calls it strikes: all, or those with this method, to this resource, …"""

    skip: int = 0
    """… after this many of them, …"""

    times: int | None = 1
    """… and so many; None: all that follow."""

    def strikes(self, method: str, resource: str) -> bool:
        """Whether this fault strikes a call, which counts."""
        if self.times == 0 or self.method not in (None, method) or self.resource not in (None, resource):
            return False
        if self.skip:
            self.skip -= 1
            return False
        if self.times is not None:
            self.times -= 1
        return True


@dataclass
class Weather:
    """How Open Klant fares: which calls were made, how long each answer takes, and what goes wrong."""

    calls: list[Call] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    latency_seconds: float = 0.0
    connections: set[tuple[str, int]] = field(default_factory=set)
    """Over which calls came."""
    busy_seconds: float = 0.0
    """How long calls were in its hands, each for itself."""
    before: Callable[[str, str], None] | None = None
    """Called with the method and the path of each call before it is carried out: a test acts as someone else there."""

    def plan(self, fault: Fault) -> Fault:
        """Add a fault and return it."""
        self.faults.append(fault)
        return fault


class Weathered:
    """An application under the weather. `root` is the path that its resources stand under."""

    def __init__(self, app: ASGIApp, weather: Weather, root: str) -> None:
        self._app = app
        self._weather = weather
        self._root = root

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Carry a call out, and answer as the weather has it."""
        came, method, path = time.monotonic(), scope["method"], scope["path"]
        resource = path.removeprefix(self._root).strip("/").split("/")[0]
        self._weather.connections.add(scope["client"])
        if self._weather.before:
            self._weather.before(method, path)
        fault = next((each for each in self._weather.faults if each.strikes(method, resource)), None)
        if fault is None:
            fault = Fault(answer=None, delay_seconds=self._weather.latency_seconds)
        answer = list[Message]()
        if fault.takes_effect or not isinstance(fault.answer, int | Broken) or fault.answer is Broken.HALF:
            await self._app(scope, receive, _keep_in(answer))
        await asyncio.sleep(fault.delay_seconds)
        self._weather.calls.append(Call(method, resource, _status(fault, answer)))
        await _answer(fault, answer, scope, receive, send)
        self._weather.busy_seconds += time.monotonic() - came


def _keep_in(messages: list[Message]) -> Send:
    async def keep(message: Message) -> None:
        messages.append(message)

    return keep


def _status(fault: Fault, answer: list[Message]) -> int:
    """Return the status that the caller sees."""
    if fault.answer is None:
        return int(answer[0]["status"])
    return fault.answer if isinstance(fault.answer, int) else 0


async def _answer(fault: Fault, answer: list[Message], scope: Scope, receive: Receive, send: Send) -> None:
    """Send what the fault lets through."""
    if isinstance(fault.answer, int):
        await JSONResponse(_problem(fault.answer).body(""), fault.answer)(scope, receive, send)
        return
    if fault.answer is None:
        for message in answer:
            await send(message)
        return
    if fault.answer is Broken.HALF:
        body = b"".join(message.get("body", b"") for message in answer[1:])
        await send(answer[0])
        await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
    await _cut(send)


def _problem(status: int) -> Problem:
    if status == 404:
        return not_found()
    return broken() if status == 500 else Problem(status, "APIException", "error", "Er is iets misgegaan.")


async def _cut(send: Send) -> None:
    """End the connection: uvicorn's `send` belongs to what holds it."""
    connection: Any = send
    connection.__self__.transport.close()
    await asyncio.sleep(0.01)  # until uvicorn has noticed: it would send an answer of its own
