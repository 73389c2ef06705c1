"""Ports for the servers of one machine."""

import secrets
from pathlib import Path

import pytest

from services.local.servers import network


def test_the_ports_of_one_server_differ_although_the_same_is_drawn_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    draws = iter([7, 7, 8])
    monkeypatch.setattr(secrets, "randbelow", lambda _: next(draws))
    monkeypatch.setattr(network, "is_free", lambda _: True)

    ports = network.ports_of(tmp_path, ["broker", "controller"])

    assert [*ports.values()] == [network.DATA_PORT + 7, network.DATA_PORT + 8]
    assert network.ports_of(tmp_path, ["broker", "controller"]) == ports
