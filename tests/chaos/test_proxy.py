"""What a proxy does to the connections that pass it."""

import asyncio
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from unittest.mock import Mock

import pytest

from services.local.servers.network import HOST, free_port
from tests.chaos.proxy import Connection, Network, Proxy
from tests.chaos.sockets import owners

SILENCE_SECONDS = 0.3


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    """A proxy before a server that sends back what it gets."""
    network, server = Network(), socket.create_server((HOST, 0))
    accepting = threading.Thread(target=partial(_accept, server), daemon=True)
    accepting.start()
    yield network.proxy(free_port(), server.getsockname()[1])
    network.close()
    server.shutdown(socket.SHUT_RDWR)
    server.close()
    accepting.join()


def _accept(server: socket.socket) -> None:
    while True:
        try:
            connection, _ = server.accept()
        except OSError:
            return
        threading.Thread(target=_echo, args=(connection,), daemon=True).start()


def _echo(connection: socket.socket) -> None:
    with connection:
        try:
            while data := connection.recv(1024):
                connection.sendall(data)
        except OSError:
            return


@contextmanager
def _client(proxy: Proxy) -> Iterator[socket.socket]:
    with socket.create_connection((HOST, proxy.port), timeout=10) as client:
        yield client


def _answer(client: socket.socket, said: bytes = b"hello") -> bytes:
    client.sendall(said)
    return client.recv(1024)


def _rest(client: socket.socket) -> bytes:
    """Return what still comes before the connection ends."""
    rest = b""
    with suppress(ConnectionResetError):
        while data := client.recv(1024):
            rest += data
    return rest


def _is_silent(client: socket.socket) -> bool:
    client.settimeout(SILENCE_SECONDS)
    try:
        _answer(client)
    except TimeoutError:
        return True
    return False


def test_it_passes_everything_on(proxy: Proxy) -> None:
    with _client(proxy) as client:
        assert _answer(client) == b"hello"


def test_what_is_slow_takes_longer_in_each_direction(proxy: Proxy) -> None:
    with _client(proxy) as client:
        _answer(client)
        proxy.slow(0.1)
        began = time.monotonic()
        assert _answer(client) == b"hello"
        assert time.monotonic() - began >= 0.2


def test_what_is_cut_ends_in_the_middle(proxy: Proxy) -> None:
    with _client(proxy) as client:
        _answer(client)
        proxy.cut()
        client.sendall(b"hello")
        assert len(_rest(client)) < len(b"hello")
    with _client(proxy) as client:
        assert _answer(client) == b"hello"


def test_what_is_silent_stays_open_and_says_nothing_while_new_connections_work(proxy: Proxy) -> None:
    with _client(proxy) as old:
        _answer(old)
        proxy.silence()
        assert _is_silent(old)
        with _client(proxy) as new:
            assert _answer(new) == b"hello"


def test_a_process_is_barred_on_connections_that_it_has_and_makes_until_it_is_let_pass(proxy: Proxy) -> None:
    with _client(proxy) as before:
        _answer(before)
        proxy.bar([os.getpid()])
        with _client(proxy) as during:
            assert _is_silent(before)
            assert _is_silent(during)
    proxy.let_pass()
    with _client(proxy) as after:
        assert _answer(after) == b"hello"


def test_the_owner_of_a_connection_is_found_also_when_other_files_close_meanwhile() -> None:
    # A process that lists its own files lists the one with which it does so, which is closed when it is looked at.
    with socket.create_server((HOST, 0)) as server:
        before = socket.socket()
        with socket.create_connection(server.getsockname()) as client:
            before.close()
            port = client.getsockname()[1]
            assert owners([port], [os.getpid()]) == {port: os.getpid()}


def test_a_client_that_leaves_before_the_server_is_reached_leaves_no_connection_behind(proxy: Proxy) -> None:
    left, late = Connection(proxy, Mock(spec=asyncio.AbstractEventLoop)), Mock(spec=asyncio.Transport)
    left.server.connection_made(late)
    late.abort.assert_called_once_with()


def test_who_is_not_barred_passes(proxy: Proxy) -> None:
    with _client(proxy) as client:
        proxy.bar([1])
        assert _answer(client) == b"hello"
