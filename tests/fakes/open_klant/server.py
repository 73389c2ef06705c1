"""Open Klant on a port of this machine, in a thread of the test."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from secrets import token_hex

import uvicorn
from starlette.types import ASGIApp

from services.local.servers.network import free_port
from tests.fakes.open_klant.api import ROOT, Api
from tests.fakes.open_klant.faults import Weather, Weathered
from tests.fakes.open_klant.rows import Register
from tests.support.certificates import Certificate

STOP_SECONDS = 60.0


@dataclass
class OpenKlant:
    """Open Klant: its rows, its weather, and where it listens. It keeps its rows while it is stopped."""

    register: Register = field(default_factory=Register)
    weather: Weather = field(default_factory=Weather)
    token: str = field(default_factory=lambda: token_hex(20))
    host: str = "127.0.0.1"
    port: int = 0
    """A free one, drawn at the first start and kept: nobody else is given it while Open Klant is stopped."""
    certificate: Certificate | None = None
    """Answers over TLS with it."""

    @property
    def root(self) -> str:
        """The address of Open Klant itself."""
        return f"{'https' if self.certificate else 'http'}://{self.host}:{self.port}"

    @property
    def url(self) -> str:
        """The address that its resources stand under."""
        return f"{self.root}{ROOT}"

    def app(self) -> ASGIApp:
        """Return the application."""
        return Weathered(Api(self.register, self.token).app(), self.weather, ROOT)

    @contextmanager
    def running(self) -> Iterator["OpenKlant"]:
        """Listen within the block."""
        self.port = self.port or free_port()
        listener = socket.create_server((self.host, self.port))
        config = uvicorn.Config(self.app(), http="httptools", ws="none", lifespan="off", log_level="critical")
        if self.certificate:
            config.ssl_certfile, config.ssl_keyfile = self.certificate.certificate, self.certificate.key
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="open-klant", daemon=True)
        thread.start()
        try:
            yield self
        finally:
            server.should_exit = True
            server.force_exit = True
            thread.join(STOP_SECONDS)
            listener.close()
            assert not thread.is_alive(), "it still answers"
