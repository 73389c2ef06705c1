"""Ports for the servers of one machine."""

import secrets
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from services.local.servers import network
from services.local.servers.errors import StartFailed

OTHER = """
import subprocess
from services.local.servers.network import free_port, reserve
drawn = {drawn}
started = subprocess.Popen(["cat"], close_fds=False)
print(drawn, flush=True)
started.wait()
"""
"""A process that draws a port and starts something that outlives it, which ends with the input of both."""

ONLY_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has abstract Unix sockets")


@contextmanager
def another_process(drawn: str) -> Iterator[tuple["subprocess.Popen[str]", str]]:
    """Start a process, and yield it with what it has drawn."""
    with subprocess.Popen(
        [sys.executable, "-c", OTHER.format(drawn=drawn)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        yield process, process.stdout.readline().strip()


def test_the_ports_of_one_server_differ_although_the_same_is_drawn_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    draws = iter([7, 7, 8])
    monkeypatch.setattr(secrets, "randbelow", lambda _: next(draws))
    monkeypatch.setattr(network, "is_free", lambda _: True)
    monkeypatch.setattr(network, "_hold", lambda _: True)
    monkeypatch.setattr(network, "_DRAWN", set())

    ports = network.ports_of(tmp_path, ["broker", "controller"])

    assert [*ports.values()] == [network.DATA_PORT + 7, network.DATA_PORT + 8]
    assert network.ports_of(tmp_path, ["broker", "controller"]) == ports


@ONLY_LINUX
def test_a_port_that_another_process_has_drawn_is_not_drawn_again_until_that_one_ends(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with another_process("free_port()") as (other, drawn):
        port = int(drawn)
        monkeypatch.setattr(network, "LOWEST_PORT", port)
        monkeypatch.setattr(network, "DATA_PORT", port + 1)
        assert network.is_free(port), "else it proves nothing"
        with pytest.raises(StartFailed):
            network.free_port()
        other.kill()
        other.wait()
        assert network.free_port() == port


@ONLY_LINUX
def test_a_port_that_a_server_of_others_has_is_not_reserved_and_is_left_to_every_process() -> None:
    with socket.create_server((network.HOST, 0)) as server:
        port = server.getsockname()[1]
        assert not network.reserve(port)
    with another_process(f"reserve({port})") as (_, reserved):
        assert reserved == "True"


@ONLY_LINUX
def test_a_port_whose_reservation_ended_is_not_reserved_again_when_another_process_has_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(network, "_HELD", {})
    monkeypatch.setattr(network, "MOST_HELD", 1)
    first, _ = network.free_port(), network.free_port()
    with another_process(f"reserve({first})") as (_, reserved):
        assert reserved == "True"
        assert not network.reserve(first)
    assert network.reserve(first)


def test_a_process_never_draws_the_same_port_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    port = network.free_port()
    monkeypatch.setattr(network, "LOWEST_PORT", port)
    monkeypatch.setattr(network, "DATA_PORT", port + 1)
    with pytest.raises(StartFailed):
        network.free_port()


@ONLY_LINUX
def test_reservations_take_no_more_file_descriptors_than_there_is_a_bound_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network, "_HELD", held := dict[int, int]())
    monkeypatch.setattr(network, "MOST_HELD", 3)
    ports = [network.free_port() for _ in range(5)]
    assert len(held) == 3
    assert len(set(ports)) == 5
