"""Every answer of the intake. A refusal has no body, and repeats nothing of the request."""

from enum import StrEnum
from http import HTTPStatus
from typing import Final

import orjson

from schemas.values import value_class
from services.runtime.errors import KlantcontactError


class Reception(StrEnum):
    """What became of a request, as metrics name it."""

    ACCEPTED = "accepted"
    HANDSHAKE = "handshake"
    """A platform asked whether it may deliver here."""
    NOT_GENUINE = "not_genuine"
    TOO_LARGE = "te_groot"
    UNREADABLE = "onleesbaar"
    BUSY = "busy"
    FAILED = "failed"
    """Our own code failed."""


RETRY_AFTER: Final = ("retry-after", "5")
"""Seconds. A broker that restarts is back within them."""
CLOSE: Final = ("connection", "close")
CHALLENGE: Final = ("www-authenticate", 'Basic realm="kanaal"')
"""Some clients send a password only when they are asked for it. It is the same for every channel, and for none."""


@value_class(frozen=True, slots=True)
class Reply:
    """One answer over HTTP, and how metrics count it."""

    reception: Reception
    status: HTTPStatus
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


ACCEPTED: Final = Reply(Reception.ACCEPTED, HTTPStatus.NO_CONTENT)
NOT_GENUINE: Final = Reply(Reception.NOT_GENUINE, HTTPStatus.UNAUTHORIZED, (CHALLENGE,))
TOO_LARGE: Final = Reply(Reception.TOO_LARGE, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
WRONG_TYPE: Final = Reply(Reception.UNREADABLE, HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
UNREADABLE: Final = Reply(Reception.UNREADABLE, HTTPStatus.BAD_REQUEST)
TOO_SLOW: Final = Reply(Reception.UNREADABLE, HTTPStatus.REQUEST_TIMEOUT, (CLOSE,))
BUSY: Final = Reply(Reception.BUSY, HTTPStatus.SERVICE_UNAVAILABLE, (RETRY_AFTER,))
FAILED: Final = Reply(Reception.FAILED, HTTPStatus.INTERNAL_SERVER_ERROR)


def firehose_accepted(request_id: str, *, milliseconds: int) -> Reply:
    """Return the only answer that Amazon Data Firehose takes for a success."""
    return Reply(
        Reception.ACCEPTED,
        HTTPStatus.OK,
        (("content-type", "application/json"),),
        orjson.dumps({"requestId": request_id, "timestamp": milliseconds}),
    )


def graph_validated(token: str) -> Reply:
    """Return the answer that confirms a subscription to Microsoft Graph: its token, as plain text."""
    return Reply(
        Reception.HANDSHAKE,
        HTTPStatus.OK,
        (("content-type", "text/plain; charset=utf-8"), ("x-content-type-options", "nosniff")),
        token.encode(),
    )


def webhook_allowed(origin: str) -> Reply:
    """Return the answer to the handshake of CloudEvents' webhooks: this sender may deliver, as fast as it likes."""
    return Reply(
        Reception.HANDSHAKE,
        HTTPStatus.OK,
        (("webhook-allowed-origin", origin), ("webhook-allowed-rate", "*"), ("allow", "OPTIONS, POST")),
    )


class Rejected(KlantcontactError):
    """The intake refuses a request, and has written nothing of it to Kafka."""

    def __init__(self, reply: Reply) -> None:
        """`reply`: the answer, which says why."""
        super().__init__()
        self.reply = reply
