"""How Open Klant is reached: TLS, limits in time, kept connections, and a token that may be replaced."""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

from services.bridge.errors import TokenRefused
from services.bridge.open_klant.client import HttpOpenKlant
from services.runtime.errors import InvalidSettings
from services.runtime.secret import load_secret
from services.runtime.settings import PREFIX, Settings

ADVICE = "It holds the token that Open Klant's administration shows, and nothing else."


@asynccontextmanager
async def open_klant(settings: Settings) -> AsyncIterator[HttpOpenKlant]:
    """Provide Open Klant's API for the block. Raises InvalidSettings for what the operator must change."""
    if settings.openklant_url is None:
        raise InvalidSettings(f"{PREFIX}OPENKLANT_URL is not set: the bridge needs Open Klant's address and token.")
    _token(settings)
    limits = httpx.Limits(max_connections=settings.openklant_lanes, max_keepalive_connections=None)
    async with httpx.AsyncClient(
        base_url=settings.openklant_url, verify=_context(settings), limits=limits, timeout=settings.openklant_timeout
    ) as http:
        yield HttpOpenKlant(
            http,
            lambda: _present_token(settings),
            timeout_seconds=settings.openklant_timeout,
            at_once=settings.openklant_lanes,
        )


def _token(settings: Settings) -> str:
    variable = f"{PREFIX}OPENKLANT_TOKEN_FILE"
    token = load_secret(None, settings.openklant_token_file, file_variable=variable, advice=ADVICE) or b""
    text = token.decode("ascii", errors="replace")
    if not text.isprintable() or not text or " " in text:
        raise InvalidSettings(f"{variable}: {settings.openklant_token_file} holds no token. {ADVICE}")
    return text


def _present_token(settings: Settings) -> str:
    """Return the token as it is now. Raises TokenRefused while its file holds none: it may be about to be replaced."""
    try:
        return _token(settings)
    except InvalidSettings as error:
        raise TokenRefused(str(error)) from None


def _context(settings: Settings) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=settings.openklant_ca_file)
    except (OSError, ssl.SSLError) as error:
        raise InvalidSettings(
            f"{PREFIX}OPENKLANT_CA_FILE: {settings.openklant_ca_file} can't be read as PEM ({type(error).__name__})."
        ) from error
