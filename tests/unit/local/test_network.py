"""Ports for the servers of one machine."""

import secrets
import subprocess
import sys
from collections import deque
from pathlib import Path

import pytest

from services.local.servers import network
from services.local.servers.errors import StartFailed

DRAWS = """
import sys
from services.local.servers.network import free_port
print(free_port(), flush=True)
sys.stdin.read()
"""
"""A process that draws a port, starts nothing on it, and lives until its input ends."""


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


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has abstract Unix sockets")
def test_a_port_that_another_process_has_drawn_is_not_drawn_again_until_that_one_ends(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with subprocess.Popen([sys.executable, "-c", DRAWS], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        port = int(other.stdout.readline())
        monkeypatch.setattr(network, "LOWEST_PORT", port)
        monkeypatch.setattr(network, "DATA_PORT", port + 1)
        assert network.is_free(port), "else it proves nothing"
        with pytest.raises(StartFailed):
            network.free_port()
        other.kill()
    assert network.free_port() == port


def test_a_process_never_draws_the_same_port_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    port = network.free_port()
    monkeypatch.setattr(network, "LOWEST_PORT", port)
    monkeypatch.setattr(network, "DATA_PORT", port + 1)
    with pytest.raises(StartFailed):
        network.free_port()


@pytest.mark.skipif(sys.platform != "linux", reason="nothing is held elsewhere")
def test_reservations_take_no_more_file_descriptors_than_there_is_a_bound_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network, "_HELD", held := deque[int]())
    monkeypatch.setattr(network, "MOST_HELD", 3)
    ports = [network.free_port() for _ in range(5)]
    assert len(held) == 3
    assert len(set(ports)) == 5
