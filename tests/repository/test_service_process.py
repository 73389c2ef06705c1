"""What a test sees of a service while that is at work."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import pytest

from services.local.servers.process import Server
from services.local.system import _is_ready
from services.runtime.settings import Settings
from tests.support.service_process import ServiceProcess


def test_a_line_of_the_log_counts_once_it_is_whole(tmp_path: Path) -> None:
    process = ServiceProcess("projector", Settings(), tmp_path / "projector.log")
    line = '{"event":"process.asked_to_end","reason":"één"}\n'.encode()
    for written in range(len(line)):
        process.server.log_file.write_bytes(line + line[:written])
        assert process.log() == [{"event": "process.asked_to_end", "reason": "één"}]
    process.server.log_file.write_bytes(line + line)
    assert len(process.log("process.asked_to_end")) == 2


@contextmanager
def answering(answer: bytes) -> Iterator[int]:
    """A service that ends in the middle of an answer: the port where it gives one."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def give() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(10_000)
                connection.sendall(answer)

        giving = Thread(target=give)
        giving.start()
        yield listener.getsockname()[1]
        giving.join()


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"])
def test_a_service_that_ends_before_it_has_answered_does_not_answer(tmp_path: Path, answer: bytes) -> None:
    process = ServiceProcess("projector", Settings(), tmp_path / "projector.log")
    with answering(answer) as process.server.port:
        assert process.status("/readyz") == 0


def test_a_service_that_ends_before_it_has_answered_is_not_ready(tmp_path: Path) -> None:
    with answering(b"") as port:
        service = Server(name="x", port=port, command=[], log_file=tmp_path / "x", is_ready=_is_ready)
        assert not _is_ready(service)
