"""The server: it listens with TLS of its own, or behind a proxy that has it."""

import asyncio
import resource
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.utils import formatdate
from typing import Final

import structlog
from starlette.applications import Starlette
from uvicorn.config import Config
from uvicorn.server import ServerState

from services.channels.intake.http.protocol import REQUEST_SECONDS, BoundedProtocol, Connections
from services.runtime.ending import Ending
from services.runtime.errors import InvalidSettings
from services.runtime.settings import Settings
from services.runtime.waiting import repeated

log = structlog.get_logger()

MAX_CONNECTIONS: Final = 5000
"""Open at once. One that waits takes some 20 kB."""

OTHER_FILES: Final = 100
"""Files that the process opens for Kafka, the health port and logs, beside the connections of clients."""

BACKLOG: Final = 2048
"""Connections that the system holds until they are accepted."""

KEEP_ALIVE_SECONDS: Final = 75
"""How long a connection stays open without a request: longer than proxies keep theirs, which is a minute."""

DATE_SECONDS: Final = 1.0


@asynccontextmanager
async def listening(application: Starlette, settings: Settings, ending: Ending) -> AsyncIterator[str]:
    """Answer requests within the block, and yield the address. At its end, answer the requests in flight.

    Raises InvalidSettings when the address is not available, or the certificate can't be read.
    """
    config = Config(
        application, ws="none", lifespan="off", log_config=None, access_log=False, timeout_keep_alive=KEEP_ALIVE_SECONDS
    )
    config.load()
    state, connections = ServerState(), Connections(_most_connections())
    server = await asyncio.get_running_loop().create_server(
        lambda: BoundedProtocol(config, state, connections),
        sock=_socket(settings),
        ssl=(tls := _tls(settings)),
        ssl_handshake_timeout=REQUEST_SECONDS if tls else None,
        backlog=BACKLOG,
    )

    async def tell_time() -> None:
        state.default_headers = [(b"date", formatdate(usegmt=True).encode())]

    host, port = server.sockets[0].getsockname()[:2]
    address = f"{'https' if tls else 'http'}://{f'[{host}]' if ':' in host else host}:{port}"
    log.info("intake.served", address=address)
    try:
        async with repeated(tell_time, ending, seconds=DATE_SECONDS):
            yield address
    finally:
        server.close()
        await _finish(state, seconds=settings.shutdown_seconds)


async def _finish(state: ServerState, *, seconds: float) -> None:
    """Answer the requests in flight, for so long at most, and close every connection."""
    for connection in list(state.connections):
        connection.shutdown()
    if state.tasks:
        await asyncio.wait(state.tasks, timeout=seconds)


def _most_connections() -> int:
    """Raise the limit of open files to its maximum, and return how many connections it allows."""
    _, most_files = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most_files, most_files))
    return MAX_CONNECTIONS if most_files == resource.RLIM_INFINITY else min(MAX_CONNECTIONS, most_files - OTHER_FILES)


def _socket(settings: Settings) -> socket.socket:
    address = (settings.intake_host, settings.intake_port)
    try:
        return socket.create_server(address, family=socket.AF_INET6 if ":" in address[0] else socket.AF_INET)
    except OSError as error:
        raise InvalidSettings(
            f"KLANTCONTACT_INTAKE_HOST and KLANTCONTACT_INTAKE_PORT: {address[0]}:{address[1]} can't be listened on "
            f"({error.strerror}). Choose another; port 0 takes a free one."
        ) from error


def _tls(settings: Settings) -> ssl.SSLContext | None:
    certificate, key = settings.intake_certificate_file, settings.intake_key_file
    if certificate is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    files = f"KLANTCONTACT_INTAKE_CERTIFICATE_FILE and KLANTCONTACT_INTAKE_KEY_FILE: {certificate} or {key}"
    try:
        # Without a password OpenSSL would ask at the terminal for that of a locked key, and wait.
        context.load_cert_chain(certificate, key, password="")
    except ssl.SSLError as error:
        raise InvalidSettings(f"{files} does not hold what it should, in PEM and without a password.") from error
    except OSError as error:
        raise InvalidSettings(f"{files} can't be read ({error.strerror}).") from error
    return context
