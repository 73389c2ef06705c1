"""Ports for the servers of one machine."""

import secrets
import socket
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from services.local.servers import network

Claims = dict[int, socket.socket]


@pytest.fixture
def claims(monkeypatch: pytest.MonkeyPatch) -> Iterator[Claims]:
    """The claims of this process, of which nobody else hears. Every port is free, and 7 is drawn twice."""
    draws, made = iter([7, 7, 8]), Claims()
    monkeypatch.setattr(secrets, "randbelow", lambda _: next(draws))
    monkeypatch.setattr(network, "is_free", lambda _: True)
    monkeypatch.setattr(network, "CLAIM", f"test {uuid4()}")
    monkeypatch.setattr(network, "_claims", made)
    yield made
    for each in made.values():
        each.close()


@pytest.mark.usefixtures("claims")
def test_the_ports_of_one_server_differ_although_the_same_is_drawn_twice(tmp_path: Path) -> None:
    ports = network.ports_of(tmp_path, ["broker", "controller"])

    assert [*ports.values()] == [network.DATA_PORT + 7, network.DATA_PORT + 8]
    assert network.ports_of(tmp_path, ["broker", "controller"]) == ports


def test_a_port_that_another_process_has_drawn_is_not_drawn_although_nobody_listens_on_it_yet(claims: Claims) -> None:
    drawn = network.free_port()
    of_others = dict(claims)
    claims.clear()  # as another process, which knows of no claim of ours

    assert network.free_port() == drawn + 1

    claims |= {-port: claim for port, claim in of_others.items()}
