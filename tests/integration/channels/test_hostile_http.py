"""The HTTP server of the intake against clients that mean harm, or are broken. Messages are kept in memory."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import httpx
import pytest

from services.channels.intake.budget import Budget
from services.channels.intake.gate import load_entrances
from services.channels.intake.handler import Intake
from services.channels.intake.http import application, protocol, server
from services.channels.intake.http.application import HttpIntake
from services.channels.intake.http.server import listening
from services.channels.intake.instrumentation import Receptions
from services.channels.intake_fields import MIB
from services.runtime.ending import Ending
from services.runtime.observe import metrics
from tests.fakes.raw_topics import RawTopicsInMemory
from tests.support.certificates import Certificate, self_signed
from tests.support.intake_channels import JSON, SECRET, intake_settings

HEAD = f"POST /in/open-forms HTTP/1.1\r\nHost: x\r\nContent-Type: {JSON}\r\nAuthorization: {SECRET}\r\n"
REQUEST = f"{HEAD}Content-Length: 2\r\n\r\n{{}}".encode()
LAST = REQUEST.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
ENDLESS = [b"a" * 4000] * 500
SOON = 0.2

NO_CONTENT = b"HTTP/1.1 204"


@dataclass
class Reached:
    """A server, and what it has kept."""

    topics: RawTopicsInMemory
    budget: Budget
    port: int = 0
    writers: list[asyncio.StreamWriter] = field(default_factory=list)

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, limit=MIB)
        self.writers.append(writer)
        return reader, writer

    def leave(self) -> None:
        for writer in self.writers:
            writer.transport.abort()

    async def send(self, *parts: bytes, ends: bool = False) -> bytes:
        """Send parts, each once the one before is out, and return all that comes back until the server closes."""
        reader, writer = await self.connect()
        try:
            for part in parts:
                writer.write(part)
                await writer.drain()
            if ends:
                writer.write_eof()
        except ConnectionError:
            return b""
        return await rest_of(reader)

    async def answers(self) -> bool:
        """Whether it answers a decent client."""
        reader, writer = await self.connect()
        writer.write(REQUEST)
        answer = await reader.readuntil(b"\r\n\r\n")
        return answer.startswith(NO_CONTENT)

    @property
    def kept(self) -> int:
        return len(self.topics.kept)


class Served(Protocol):
    def __call__(
        self, *, budget: Budget | None = None, certificate: Certificate | None = None
    ) -> AbstractAsyncContextManager[Reached]: ...


@pytest.fixture
def served(tmp_path: Path) -> Served:
    """Start the server, and answer nothing for longer than a test may take."""

    @asynccontextmanager
    async def start(*, budget: Budget | None = None, certificate: Certificate | None = None) -> AsyncIterator[Reached]:
        files = (
            {"intake_certificate_file": certificate.certificate, "intake_key_file": certificate.key}
            if certificate
            else {}
        )
        settings = intake_settings(tmp_path, {"intake_port": 0, **files})
        entrances, topics, held = load_entrances(settings), RawTopicsInMemory(), budget or Budget()
        http = HttpIntake(Intake(entrances, topics), budget=held, receptions=Receptions(entrances), most_bytes=4 * MIB)
        reached = Reached(topics, held)
        try:
            async with asyncio.timeout(60), listening(http.application(), settings, Ending()) as address:
                reached.port = int(address.rpartition(":")[2])
                yield reached
        finally:
            reached.leave()

    return start


@pytest.fixture
def hasty() -> Iterator[pytest.MonkeyPatch]:
    """The server is patient for a moment only. A test undoes this before it plays a decent client, who may be slow."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(protocol, "REQUEST_SECONDS", SOON)
        patch.setattr(server, "REQUEST_SECONDS", SOON)
        yield patch


async def rest_of(reader: asyncio.StreamReader) -> bytes:
    """Return what comes until the server closes. It may do so while we write, which resets the connection."""
    try:
        return await reader.read()
    except ConnectionError:
        return b""


def cut(reason: str) -> float:
    counted: float = metrics.CHANNEL_CUT_CONNECTIONS.labels(reason=reason)._value.get()
    return counted


# Slow ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("begun", [b"", b"P", HEAD.encode(), HEAD.encode() + b"X-Long: a"])
async def test_a_head_that_does_not_end_is_cut(served: Served, hasty: pytest.MonkeyPatch, begun: bytes) -> None:
    before = cut("slow")
    async with served() as intake:
        assert await intake.send(begun) == b""
        hasty.undo()
        assert await intake.answers()
    assert cut("slow") == before + 1


async def test_a_byte_now_and_then_does_not_help(served: Served, hasty: pytest.MonkeyPatch) -> None:
    async with served() as intake:
        reader, writer = await intake.connect()
        writer.write(HEAD.encode())

        async def trickle() -> None:
            while True:
                writer.write(b"X-A: b\r\n")
                await asyncio.sleep(SOON / 20)

        trickling = asyncio.create_task(trickle())
        assert await rest_of(reader) == b""
        trickling.cancel()
        hasty.undo()
        assert await intake.answers()


async def test_a_second_request_on_a_connection_may_not_be_slow_either(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with served() as intake:
        reader, writer = await intake.connect()
        writer.write(REQUEST)
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(NO_CONTENT)
        monkeypatch.setattr(protocol, "REQUEST_SECONDS", SOON)
        writer.write(b"POST /")
        assert await rest_of(reader) == b""


async def test_a_body_that_does_not_come_is_told_so(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(application, "ANSWER_SECONDS", SOON)
    async with served() as intake:
        answer = await intake.send(HEAD.encode() + b"Content-Length: 20\r\n\r\n{")
        assert answer.startswith(b"HTTP/1.1 408")
        assert answer.endswith(b"\r\n\r\n")
        assert intake.kept == 0


@pytest.mark.usefixtures("hasty")
async def test_who_is_refused_before_the_end_has_no_more_time_than_others(served: Served) -> None:
    async with served() as intake:
        answer = await intake.send(HEAD.encode() + b"Content-Length: 10000000\r\n\r\n" + b"x" * 1000)
        assert answer.startswith(b"HTTP/1.1 413")


async def test_kafka_that_does_not_answer_is_told_in_time(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(application, "ANSWER_SECONDS", SOON)
    async with served() as intake:
        intake.topics.answers.clear()
        answer = await intake.send(HEAD.encode() + b"Connection: close\r\nContent-Length: 2\r\n\r\n{}")
        assert answer.startswith(b"HTTP/1.1 503")
        assert b"\r\nretry-after: 5\r\n" in answer
        monkeypatch.undo()
        intake.topics.answers.set()
        assert await intake.answers()


# Large ---------------------------------------------------------------------------------------------------------------


async def test_a_head_of_many_headers_is_refused_without_a_word(served: Served) -> None:
    before = cut("malformed")
    async with served() as intake:
        answer = await intake.send(HEAD.encode() + b"X-A: b\r\n" * 5000 + b"\r\n")
        assert answer == b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
        assert await intake.answers()
    assert cut("malformed") == before + 1


@pytest.mark.parametrize("begun", [HEAD.encode() + b"X-Long: ", b"POST /in/", b"POST /in/open-forms?", HEAD.encode()])
async def test_a_header_or_address_that_never_ends_is_cut(served: Served, begun: bytes) -> None:
    before = cut("head") + cut("malformed")
    async with served() as intake:
        await intake.send(begun, *ENDLESS)
        assert await intake.answers()
    assert cut("head") + cut("malformed") == before + 1


async def test_a_chunk_whose_size_never_ends_is_cut(served: Served) -> None:
    before = cut("head")
    async with served() as intake:
        chunk = HEAD.encode() + b"Transfer-Encoding: chunked\r\n\r\n2;"
        await intake.send(chunk, *ENDLESS)
        assert await intake.answers()
        assert intake.kept == 1
    assert cut("head") == before + 1


@pytest.mark.parametrize("length", [b"Content-Length: 10000000", b"Transfer-Encoding: chunked"])
async def test_a_body_of_ten_megabytes_is_refused_held_nowhere_and_stops_nothing(served: Served, length: bytes) -> None:
    async with served() as intake:
        body = b"x" * 10_000_000
        sent = b"989680\r\n" + body + b"\r\n0\r\n\r\n" if b"chunked" in length else body
        answer = await intake.send(HEAD.encode() + length + b"\r\n\r\n", sent, LAST)
        assert [each[:3] for each in answer.split(b"HTTP/1.1 ")[1:]] == [b"413", b"204"]
        assert await intake.answers()
        assert intake.budget._left_bytes == Budget()._left_bytes


async def test_a_client_that_asks_first_sends_no_large_body(served: Served) -> None:
    async with served() as intake:
        reader, writer = await intake.connect()
        writer.write(HEAD.encode() + b"Content-Length: 10000000\r\nExpect: 100-continue\r\n\r\n")
        assert (await reader.readline()).startswith(b"HTTP/1.1 413")


async def test_more_than_there_is_room_for_is_asked_to_come_back(served: Served) -> None:
    async with served(budget=Budget(10)) as intake:
        intake.topics.answers.clear()
        waiting = asyncio.create_task(intake.answers())
        await intake.topics.asked.wait()
        refused = await intake.send(HEAD.encode() + b"Connection: close\r\nContent-Length: 9\r\n\r\n{       }")
        intake.topics.answers.set()

        assert refused.startswith(b"HTTP/1.1 503")
        assert b"\r\nretry-after: 5\r\n" in refused
        assert await waiting
        assert await intake.answers()


# Many ----------------------------------------------------------------------------------------------------------------


async def test_a_decent_client_gets_in_whatever_others_hold_open(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "MAX_CONNECTIONS", 5)
    before = cut("full")
    async with served() as intake:
        held = [await intake.connect() for _ in range(20)]
        for _ in range(20):
            assert await intake.answers()
        assert await rest_of(held[0][0]) == b""
    assert cut("full") > before


async def test_who_has_a_request_in_hand_is_never_cut_for_another(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "MAX_CONNECTIONS", 3)
    async with served() as intake:
        intake.topics.answers.clear()
        served_ones = []
        for _ in range(3):
            intake.topics.asked.clear()
            served_ones.append(asyncio.create_task(intake.answers()))
            await intake.topics.asked.wait()
        assert await intake.send(b"") == b""
        intake.topics.answers.set()
        assert all(await asyncio.gather(*served_ones))


# Wrong ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong",
    [
        HEAD + "Content-Length: -2\r\n\r\n{}",
        HEAD + "Content-Length: +2\r\n\r\n{}",
        HEAD + "Content-Length: 0x2\r\n\r\n{}",
        HEAD + "Content-Length: 2, 3\r\n\r\n{}",
        HEAD + "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
        HEAD + "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        HEAD + "Content-Length: 99999999999999999999999999\r\n\r\n{}",
        HEAD + "Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
        HEAD + "Transfer-Encoding: chunked\r\n\r\n-2\r\n{}\r\n0\r\n\r\n",
        HEAD + "Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n{}\r\n0\r\n\r\n",
        HEAD + "Transfer-Encoding: gzip\r\n\r\n{}",
        HEAD + " Folded: header\r\nContent-Length: 2\r\n\r\n{}",
        HEAD + "No colon\r\n\r\n",
        HEAD + "Null: \x00\r\n\r\n",
        "POST http://[ HTTP/1.1\r\n\r\n",
        "POST /in/é HTTP/1.1\r\n\r\n",
        "POST /in/open-forms HTTP/9.9\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        "\x00" * 100,
        "GET",
    ],
)
async def test_what_is_no_http_is_refused_without_a_word(served: Served, wrong: str) -> None:
    async with served() as intake:
        answer = await intake.send(wrong.encode(), ends=True)
        assert answer in {b"", protocol.BAD_REQUEST}
        assert intake.kept == 0
        assert await intake.answers()


async def test_a_client_that_leaves_in_its_body_leaves_nothing(served: Served) -> None:
    async with served() as intake:
        assert await intake.send(HEAD.encode() + b"Content-Length: 20\r\n\r\n{", ends=True) == b""
        assert await intake.answers()
        assert intake.kept == 1
        assert intake.budget._left_bytes == Budget()._left_bytes


async def test_what_follows_a_body_is_no_part_of_it(served: Served) -> None:
    async with served() as intake:
        answer = await intake.send(HEAD.encode() + b"Content-Length: 2\r\n\r\n{}{}{}")
        assert answer.startswith(NO_CONTENT)
        assert b"\r\nconnection: close\r\n" in answer
        assert answer.count(b"HTTP/1.1") == 1
        assert [messages for _, messages, _ in intake.topics.kept] == [[b"{}"]]


async def test_requests_that_come_together_are_answered_in_their_order(served: Served) -> None:
    async with served() as intake:
        unknown = REQUEST.replace(b"open-forms", b"bestaat-niet")
        answer = await intake.send(REQUEST + unknown + LAST)
        assert [each[:3] for each in answer.split(b"HTTP/1.1 ")[1:]] == [b"204", b"401", b"204"]
        assert intake.kept == 2


@pytest.mark.parametrize("size", [b"2", b"002", b"2;name=value"])
async def test_a_body_in_chunks_is_taken(served: Served, size: bytes) -> None:
    async with served() as intake:
        chunks = [b"1\r\n{\r\n", b"1;a=b\r\n", b"}\r\n", b"0\r\n\r\n"]
        head = HEAD.encode() + b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
        assert (await intake.send(head, *chunks)).startswith(NO_CONTENT)
        assert (await intake.send(head + size + b"\r\n{}\r\n0\r\n\r\n")).startswith(NO_CONTENT)
        assert [messages for _, messages, _ in intake.topics.kept] == [[b"{}"], [b"{}"]]


async def test_an_upgrade_is_not_made(served: Served) -> None:
    async with served() as intake:
        upgrade = HEAD + "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\r\n"
        answer = await intake.send(upgrade.encode(), ends=True)
        assert b"101" not in answer.partition(b"\r\n")[0]
        assert await intake.answers()


# Ours ----------------------------------------------------------------------------------------------------------------


async def test_a_bug_of_ours_is_told_to_nobody_but_the_log(served: Served, capsys: pytest.CaptureFixture[str]) -> None:
    before = metrics.OWN_FAILURES._value.get()
    async with served() as intake:
        intake.topics.failure = ValueError("kanarie")
        answer = await intake.send(HEAD.encode() + b"Connection: close\r\nContent-Length: 2\r\n\r\n{}")
        assert answer.startswith(b"HTTP/1.1 500")
        assert answer.endswith(b"\r\n\r\n")
        intake.topics.failure = None
        assert await intake.answers()
    assert metrics.OWN_FAILURES._value.get() == before + 1
    assert "delivery.handling_failed" in capsys.readouterr().out


async def test_requests_in_flight_are_answered_before_the_end(served: Served) -> None:
    async with served() as intake:
        intake.topics.answers.clear()
        in_flight = asyncio.create_task(intake.answers())
        await intake.topics.asked.wait()
        await intake.connect()
        asyncio.get_running_loop().call_later(SOON, intake.topics.answers.set)
    assert await in_flight


# TLS -----------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return self_signed(tmp_path_factory.mktemp("tls"), "127.0.0.1")


async def test_it_speaks_tls_itself(served: Served, certificate: Certificate) -> None:
    trusted = ssl.create_default_context(cafile=certificate.certificate)
    async with served(certificate=certificate) as intake:
        async with httpx.AsyncClient(verify=trusted, trust_env=False) as client:
            answer = await client.post(
                f"https://127.0.0.1:{intake.port}/in/open-forms", json={}, headers={"Authorization": SECRET}
            )
        assert answer.status_code == 204
        assert await intake.send(REQUEST, ends=True) == b""
        assert intake.kept == 1


@pytest.mark.usefixtures("hasty")
async def test_a_handshake_that_does_not_end_is_cut(served: Served, certificate: Certificate) -> None:
    async with served(certificate=certificate) as intake:
        assert await intake.send(b"\x16\x03\x01") == b""
