"""The intake beside a bare Starlette handler that writes the same record: requests a second, and the slowest of them.

A hundred connections send one request after another, each when the one before is answered.
"""

import asyncio
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import uvloop

from services.local.servers.network import HOST, free_port
from services.local.servers.process import Server
from tests.benchmarks.contest import NotRun, say
from tests.benchmarks.figures import Spread, in_turn
from tests.benchmarks.ground import Ground
from tests.benchmarks.latency import percentile
from tests.benchmarks.processes import cpu_seconds
from tests.benchmarks.rows import Row, of_values
from tests.benchmarks.trees import ROOT
from tests.support.intake_channels import JSON, SECRET
from tests.support.intake_process import intake, settings_of_intake

IN_FLIGHT: Final = 100
REQUESTS: Final = 6_000
"""Of one round, after as many that do not count: a process that has just started fills its caches."""

GOAL: Final = 1_000
"""Requests a second, on the one core that a process can use."""

TOPICS: Final = "bench"
BODY: Final = (ROOT / "services/channels/mapping/shipped/open-forms/voorbeelden/V3-digid.json").read_bytes()
REQUEST: Final = (
    f"POST /in/open-forms HTTP/1.1\r\nHost: x\r\nContent-Type: {JSON}\r\nAuthorization: {SECRET}\r\n"
    f"Content-Length: {len(BODY)}\r\n\r\n"
).encode() + BODY

INTAKE, BARE = "intake", "bare Starlette handler"


@dataclass(frozen=True)
class Served:
    """One round of a server."""

    per_second: float
    p99_ms: float
    cpu_us: float


def intake_rows(ground: Ground, rounds: int) -> Sequence[Row]:
    """Return the rows of the intake."""
    found = defaultdict[str, list[Served]](list)
    with _servers(ground) as servers:
        for name in in_turn(list(servers), rounds):
            served = uvloop.run(_measured(servers[name]))
            found[name].append(served)
            say(f"{name}: {served.per_second:,.0f}/s, p99 {served.p99_ms:.0f} ms, {served.cpu_us:.0f} µs a request")
    ours, bare = found[INTAKE], found[BARE]
    return [
        Row(
            what=f"intake: requests/s, {IN_FLIGHT} in flight, one process",
            value=Spread.of([each.per_second for each in ours]),
            at_least=GOAL,
        ),
        _ratio("intake / bare Starlette handler: p99 of the answer", ours, bare, "p99_ms"),
        _ratio("intake / bare Starlette handler: CPU of the process", ours, bare, "cpu_us"),
        of_values("intake: p99 of the answer", [each.p99_ms for each in ours], unit=" ms"),
    ]


def _ratio(what: str, ours: Sequence[Served], theirs: Sequence[Served], figure: str) -> Row:
    pairs = zip(ours, theirs, strict=True)
    return of_values(what, [getattr(our, figure) / getattr(their, figure) for our, their in pairs], unit="")


@dataclass(frozen=True)
class _Target:
    server: Server
    port: int


@contextmanager
def _servers(ground: Ground) -> Iterator[Mapping[str, _Target]]:
    folder = ground.folder / "intake"
    folder.mkdir()
    settings = settings_of_intake(ground.bootstrap, TOPICS, folder)
    with intake(settings, folder) as ours, _bare(ground.bootstrap, folder) as bare:
        yield {INTAKE: _Target(ours.server, settings.intake_port), BARE: _Target(bare, bare.port)}


def _bare(bootstrap: str, folder: Path) -> Server:
    port = free_port()
    return Server(
        name=BARE,
        port=port,
        command=[
            *(sys.executable, str(ROOT / "tests/benchmarks/loops/bare_handler.py")),
            *(bootstrap, f"{TOPICS}.open-forms", str(port)),
        ],
        log_file=folder / "bare.log",
        is_ready=lambda _: True,
    )


async def _measured(target: _Target) -> Served:
    await _load(target.port)
    cpu, began = cpu_seconds(target.server.pid), time.monotonic()
    took = await _load(target.port)
    seconds = time.monotonic() - began
    return Served(
        per_second=REQUESTS / seconds,
        p99_ms=percentile(took, 0.99) * 1000,
        cpu_us=(cpu_seconds(target.server.pid) - cpu) / REQUESTS * 1e6,
    )


async def _load(port: int) -> Sequence[float]:
    """Send all requests of a round, and return what each took."""
    left, took = iter(range(REQUESTS)), list[float]()
    async with asyncio.TaskGroup() as group:
        for _ in range(IN_FLIGHT):
            group.create_task(_client(port, left, took))
    return took


async def _client(port: int, left: Iterator[int], took: list[float]) -> None:
    reader, writer = await asyncio.open_connection(HOST, port)
    for _ in left:
        began = time.monotonic()
        writer.write(REQUEST)
        answer = await reader.readuntil(b"\r\n\r\n")
        took.append(time.monotonic() - began)
        if not answer.startswith(b"HTTP/1.1 204"):
            raise NotRun(f"a request was answered {answer[9:12].decode()}")
    writer.close()
