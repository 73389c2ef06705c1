"""The proofs that a delivery comes from its platform. Each compares secrets in constant time.

A proof has one secret or several: while a municipality replaces a secret, both the old and the new one are valid.
"""

import base64
import hmac
import re
from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Final, Protocol

import orjson

from services.channels.intake.delivery import Delivery, form_fields

PROXY_SECRET: Final = b"x-klantcontact-proxy"
"""The header with which a proxy that checks certificates proves itself. Any client can send the one with the name."""

MAX_NOTIFICATIONS_BYTES: Final = 256 * 1024
"""Of a body in which Microsoft Graph's `clientState` is looked up. That happens before its proof."""


class Proof(Protocol):
    """One way to prove where a delivery comes from, with the secrets of one channel."""

    def holds(self, delivery: Delivery) -> bool:
        """Whether the delivery proves it."""


class HeaderProof:
    """The platform sends a secret in a header."""

    def __init__(self, header: bytes, values: Iterable[bytes]) -> None:
        """`header`: its name in lower case."""
        self._header = header
        self._digests = _digests(values)

    def holds(self, delivery: Delivery) -> bool:
        """Whether the header has one of the values."""
        return _is_one_of(delivery.headers.get(self._header, b""), self._digests)


class BasicProof:
    """The user and password of HTTP's basic authentication (RFC 7617)."""

    def __init__(self, user: str, passwords: Iterable[bytes]) -> None:
        """A password may hold any byte, and the user no colon."""
        self._digests = _digests(base64.b64encode(user.encode() + b":" + password) for password in passwords)

    def holds(self, delivery: Delivery) -> bool:
        """Whether the credentials are those of the user."""
        scheme, _, credentials = delivery.headers.get(b"authorization", b"").partition(b" ")
        return _is_one_of(credentials, self._digests) & (scheme.lower() == b"basic")


class CertificateProof:
    """A proxy has seen a client certificate that is allowed, and proves that it is the proxy."""

    def __init__(self, header: bytes, certificates: Iterable[str], secrets: Iterable[bytes]) -> None:
        """`header`: the one in which the proxy names the certificate, in lower case."""
        self._proxy = HeaderProof(PROXY_SECRET, secrets)
        self._certificate = HeaderProof(header, (each.encode() for each in certificates))

    def holds(self, delivery: Delivery) -> bool:
        """Whether both headers are right."""
        return self._proxy.holds(delivery) & self._certificate.holds(delivery)


class GraphProof:
    """Each notification of Microsoft Graph carries the `clientState` that its subscription was made with."""

    def __init__(self, states: Iterable[bytes]) -> None:
        """`states`: those of the subscriptions."""
        self._digests = _digests(states)

    def holds(self, delivery: Delivery) -> bool:
        """Whether there is a notification, and all have one of the states."""
        states = _client_states(delivery.body)
        return 0 < len(states) == sum(_is_one_of(each, self._digests) for each in states)


class TwilioProof:
    """Twilio signs the address and the fields of a form. Of any other body the address holds the SHA-256.

    It signs with the auth token and HMAC-SHA1. Where a webhook rule gives the address a shared key, it signs with that
    key, and one more header names the key and the algorithm.

    Sources: https://www.twilio.com/docs/usage/security#validating-requests and
    https://www.twilio.com/docs/usage/webhooks/webhook-shared-keys
    """

    def __init__(self, public_url: str, tokens: Iterable[bytes]) -> None:
        """`public_url`: the address that Twilio was given, without a query. It never comes from a header.

        `tokens`: auth tokens and shared keys.
        """
        self._url = public_url.encode()
        self._tokens = tuple(tokens)

    def holds(self, delivery: Delivery) -> bool:
        """Whether the signature is that of a token, and covers the body."""
        given = delivery.headers.get(b"x-twilio-signature", b"")
        fields = _signed_fields(delivery)
        signed = self._url + (b"?" + delivery.query if delivery.query else b"") + (fields or b"")
        digest = _digest(delivery)
        right = sum(hmac.compare_digest(given, _signature(token, signed, digest or SHA_1)) for token in self._tokens)
        return (right > 0) & (digest is not None) & (fields is not None) & _covers_body(delivery)


def _digests(values: Iterable[bytes]) -> tuple[bytes, ...]:
    return tuple(sha256(value).digest() for value in values)


def _is_one_of(given: bytes, digests: Sequence[bytes]) -> bool:
    """Whether a value has one of these digests.

    Digests have one length, so the time does not tell that of the secret. The sum compares with all of them.
    """
    digest = sha256(given).digest()
    return sum(hmac.compare_digest(digest, each) for each in digests) > 0


def _client_states(body: bytes) -> list[bytes]:
    """Return the `clientState` of each notification; nothing when one has none, or the body is no list of them."""
    if len(body) > MAX_NOTIFICATIONS_BYTES:
        return []
    try:
        return [each["clientState"].encode() for each in orjson.loads(body)["value"]]
    except (AttributeError, KeyError, TypeError, ValueError):
        return []


# Twilio --------------------------------------------------------------------------------------------------------------

_BODY_HASH: Final = re.compile(rb"(?:^|&)bodySHA256=([^&]*)")

SIGNATURE_SETTINGS: Final = b"x-twilio-webhooks-signature-settings"
"""As in `key=WK01,algorithm=HMAC_SHA256`. Twilio sends it where a shared key signs."""

SHA_1: Final = "sha1"
_DIGESTS: Final = {b"HMAC_SHA1": SHA_1, b"HMAC_SHA256": "sha256"}


def _digest(delivery: Delivery) -> str | None:
    """Return the digest that a request says it is signed by. None for one that we do not know."""
    settings = delivery.headers.get(SIGNATURE_SETTINGS)
    if settings is None:
        return SHA_1
    fields = dict(each.strip().partition(b"=")[::2] for each in settings.split(b","))
    return _DIGESTS.get(fields.get(b"algorithm", b""))


def _signature(token: bytes, signed: bytes, digest: str) -> bytes:
    return base64.b64encode(hmac.digest(token, signed, digest))


def _signed_fields(delivery: Delivery) -> bytes | None:
    """Return the signed text of a form: its different names and values, sorted. None for a body that is no form."""
    if not delivery.is_form:
        return b""
    try:
        return b"".join((name + value).encode() for name, value in sorted(set(form_fields(delivery.body))))
    except ValueError:
        return None


def _covers_body(delivery: Delivery) -> bool:
    """Whether the signature covers the body: by its fields, or by the hash in the address."""
    hashes = _BODY_HASH.findall(delivery.query)
    if not hashes:
        return delivery.is_form
    digest = sha256(delivery.body).hexdigest().encode()
    return sum(hmac.compare_digest(each, digest) for each in hashes) == len(hashes)
