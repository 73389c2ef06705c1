"""The proofs: what holds, and every forgery that does not. The vectors are those of Twilio's own library."""

import json
from collections.abc import Mapping
from urllib.parse import urlencode

import pytest

from services.channels.intake.delivery import FORM, Delivery, headers_once
from services.channels.intake.proofs import BasicProof, CertificateProof, GraphProof, HeaderProof, TwilioProof
from tests.support.intake_channels import basic

TOKEN = b"12345"
FORM_URL = "https://mycompany.com/myapp.php"
FORM_QUERY = b"foo=1&bar=2"
FIELDS = {
    "CallSid": "CA1234567890ABCDE",
    "Caller": "+12349013030",
    "Digits": "1234",
    "From": "+12349013030",
    "To": "+18005551212",
}
FORM_SIGNATURE = b"0/KCTR6DLpKmkAf8muzZqo1nDgQ="

EVENTS_URL = "https://kanalen.gemeente.example/in/twilio"
EVENTS = b'[{"specversion":"1.0"}]'
EVENTS_QUERY = b"bodySHA256=8b8f7ee9c565d6ba5a29b8180901a6e377653e88f4bf47a2c92175d7595cd2da"
EVENTS_SIGNATURE = b"GX8a+0l8y+otN0xqTbdKNJQfOJM="


def delivery(body: bytes = b"{}", *, query: bytes = b"", headers: Mapping[str, bytes | str] | None = None) -> Delivery:
    given = {name.lower().encode(): value for name, value in (headers or {}).items()}
    return Delivery(
        "x", query, {name: value.encode() if isinstance(value, str) else value for name, value in given.items()}, body
    )


def form(
    fields: Mapping[str, str] | bytes = FIELDS,
    *,
    query: bytes = FORM_QUERY,
    signature: bytes = FORM_SIGNATURE,
    settings: bytes | None = None,
) -> Delivery:
    body = fields if isinstance(fields, bytes) else urlencode(fields).encode()
    headers = {"content-type": FORM, "x-twilio-signature": signature}
    return delivery(body, query=query, headers=headers | _settings(settings))


def _settings(settings: bytes | None) -> dict[str, bytes]:
    return {} if settings is None else {"X-Twilio-Webhooks-Signature-Settings": settings}


def events(
    body: bytes = EVENTS,
    *,
    query: bytes = EVENTS_QUERY,
    signature: bytes = EVENTS_SIGNATURE,
    content_type: bytes = b"application/json",
    settings: bytes | None = None,
) -> Delivery:
    headers = {"content-type": content_type, "x-twilio-signature": signature}
    return delivery(body, query=query, headers=headers | _settings(settings))


# Twilio --------------------------------------------------------------------------------------------------------------


def test_a_signed_form_holds() -> None:
    assert TwilioProof(FORM_URL, [TOKEN]).holds(form())


def test_a_signed_form_holds_in_any_order_and_encoding_of_its_fields() -> None:
    """Twilio signs the fields, not the bytes: what is kept is made of the same fields."""
    shuffled = urlencode(dict(reversed(FIELDS.items()))).replace("4", "%34").encode()
    assert TwilioProof(FORM_URL, [TOKEN]).holds(form(shuffled))


@pytest.mark.parametrize(
    "forged",
    [
        form({**FIELDS, "Digits": "1235"}),
        form({**FIELDS, "Extra": ""}),
        form({name: value for name, value in FIELDS.items() if name != "Digits"}),
        form(b""),
        form(b"CallSid=\xff"),
        form(b"CallSid=%ff"),
        form(b"&".join([b"a=b"] * 300)),
        form(query=b"foo=1&bar=3"),
        form(query=b"bar=2&foo=1"),
        form(query=b"foo=1&bar=2&"),
        form(query=b""),
        form(signature=b""),
        form(signature=FORM_SIGNATURE.lower()),
        form(signature=FORM_SIGNATURE.rstrip(b"=")),
        form(signature=FORM_SIGNATURE + b" "),
        form(signature=FORM_SIGNATURE.replace(b"/", b"_")),
        # The last character of base64 has two bits that say nothing: a lenient decoder takes four spellings.
        form(signature=b"0/KCTR6DLpKmkAf8muzZqo1nDgR="),
        form(signature=b"\xff\xfe"),
    ],
)
def test_a_forged_form_does_not_hold(forged: Delivery) -> None:
    assert not TwilioProof(FORM_URL, [TOKEN]).holds(forged)


def test_a_signed_body_holds() -> None:
    assert TwilioProof(EVENTS_URL, [TOKEN]).holds(events())


@pytest.mark.parametrize(
    "forged",
    [
        events(b'[{"specversion":"1.1"}]'),
        events(EVENTS + b" "),
        events(b""),
        events(query=b"bodySHA256="),
        events(query=b""),
        events(query=EVENTS_QUERY.upper()),
        events(query=EVENTS_QUERY + b"&" + EVENTS_QUERY),
        events(signature=FORM_SIGNATURE),
        # The signature of an address alone says nothing of a body, also where the body claims to be a form.
        events(b"", content_type=FORM),
        events(b"a=b", content_type=FORM),
    ],
)
def test_a_forged_body_does_not_hold(forged: Delivery) -> None:
    assert not TwilioProof(EVENTS_URL, [TOKEN]).holds(forged)


def test_a_body_without_a_hash_in_the_signed_address_does_not_hold() -> None:
    """An address that Twilio signed for something else, as a status callback without fields."""
    bare = events(query=b"", signature=b"cgRrQquHFCusduU9QWe3yGfcTf0=")
    empty_form = events(b"", query=b"", signature=b"cgRrQquHFCusduU9QWe3yGfcTf0=", content_type=FORM)

    assert TwilioProof(EVENTS_URL, [TOKEN]).holds(empty_form)
    assert not TwilioProof(EVENTS_URL, [TOKEN]).holds(bare)


@pytest.mark.parametrize(
    ("url", "token"),
    [("http://kanalen.gemeente.example/in/twilio", TOKEN), (EVENTS_URL + "/", TOKEN), (EVENTS_URL, b"12346")],
)
def test_another_address_or_token_does_not_hold(url: str, token: bytes) -> None:
    assert not TwilioProof(url, [token]).holds(events())


def test_while_a_token_is_replaced_both_hold() -> None:
    assert TwilioProof(EVENTS_URL, [b"the new one", TOKEN]).holds(events())


SHARED_KEY = b"whsec_0123456789abcdef"
SHA_256 = b"key=WK0123,algorithm=HMAC_SHA256"
FORM_SHA_256 = b"QtK9qvHZnDLkPrVJKRZTf9EcluSnlAbKuvG0am+zQqM="
EVENTS_SHA_256 = b"EzV6AbW3hc/VO8bQFshrcyp6tu8ogPdwT4c4g/NjI1U="
"""As `openssl dgst -sha256 -hmac` makes them of the address, and of the fields of the form."""


@pytest.mark.parametrize(
    ("url", "signed"),
    [
        (FORM_URL, form(signature=FORM_SHA_256, settings=SHA_256)),
        (FORM_URL, form(signature=FORM_SHA_256, settings=b"algorithm=HMAC_SHA256, key=WK0123")),
        (FORM_URL, form(signature=b"Zqc2QW8AErFciMzUXqjSpSZjTEo=", settings=b"key=WK0123,algorithm=HMAC_SHA1")),
        (EVENTS_URL, events(signature=EVENTS_SHA_256, settings=SHA_256)),
    ],
)
def test_what_a_shared_key_signs_holds_by_the_algorithm_that_the_header_names(url: str, signed: Delivery) -> None:
    assert TwilioProof(url, [TOKEN, SHARED_KEY]).holds(signed)
    assert not TwilioProof(url, [TOKEN]).holds(signed)


@pytest.mark.parametrize(
    "forged",
    [
        events(signature=EVENTS_SHA_256),
        *(
            events(signature=EVENTS_SHA_256, settings=settings)
            for settings in (b"", b"HMAC_SHA256", b"algorithm=", b"algorithm=hmac_sha256", b"algorithm=NONE", b"\xff=,")
        ),
        events(signature=EVENTS_SHA_256, settings=SHA_256 + b",algorithm=HMAC_SHA1"),
        events(EVENTS + b" ", signature=EVENTS_SHA_256, settings=SHA_256),
        events(signature=EVENTS_SIGNATURE, settings=SHA_256),
        events(settings=b"algorithm=NONE"),
    ],
)
def test_another_algorithm_than_the_signature_is_made_by_does_not_hold(forged: Delivery) -> None:
    assert not TwilioProof(EVENTS_URL, [TOKEN, SHARED_KEY]).holds(forged)


# A header ------------------------------------------------------------------------------------------------------------


def test_a_header_holds_with_any_of_its_values() -> None:
    proof = HeaderProof(b"x-api-key", [b"old", b"new"])
    held = {value: proof.holds(delivery(headers={"X-Api-Key": value})) for value in ("old", "new", "ol", "old ", "OLD")}
    assert held == {"old": True, "new": True, "ol": False, "old ": False, "OLD": False}
    assert not proof.holds(delivery())


def test_a_header_that_comes_twice_counts_as_absent() -> None:
    headers = headers_once(
        [(b"x-api-key", b"new"), (b"accept", b"*/*"), (b"x-api-key", b"new"), (b"x-api-key", b"new")]
    )
    assert headers == {b"accept": b"*/*"}


@pytest.mark.parametrize(
    ("value", "holds"),
    [
        (basic("genesys", "geheim:een"), True),
        (basic("genesys", "geheim:een").replace("Basic", "basic"), True),
        (basic("genesys", "geheim:een").replace("Basic", "Bearer"), False),
        (basic("genesys", "geheim"), False),
        (basic("Genesys", "geheim:een"), False),
        (basic("genesys:geheim", "een"), True),  # the same credentials: a user has no colon
        ("Basic", False),
        ("Basic genesys:geheim:een", False),
        ("", False),
    ],
)
def test_basic_authentication(value: str, holds: bool) -> None:  # noqa: FBT001 - a column of the table
    assert BasicProof("genesys", [b"geheim:een"]).holds(delivery(headers={"Authorization": value})) is holds


@pytest.mark.parametrize(
    ("certificate", "secret", "holds"),
    [("CN=balie", "of the proxy", True), ("CN=balie", "", False), ("CN=ander", "of the proxy", False), ("", "", False)],
)
def test_a_certificate_counts_only_from_the_proxy(certificate: str, secret: str, holds: bool) -> None:  # noqa: FBT001
    proof = CertificateProof(b"x-client", ["CN=balie"], [b"of the proxy"])
    headers = {"X-Client": certificate, "X-Klantcontact-Proxy": secret}
    assert proof.holds(delivery(headers=headers)) is holds


# Microsoft Graph -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "holds"),
    [
        ({"value": [{"clientState": "right"}]}, True),
        ({"value": [{"clientState": "right"}, {"clientState": "right"}]}, True),
        ({"value": [{"clientState": "right"}, {"clientState": "wrong"}]}, False),
        ({"value": [{"clientState": "right"}, {}]}, False),
        ({"value": [{"clientState": None}]}, False),
        ({"value": [{"clientState": ["right"]}]}, False),
        ({"value": ["right"]}, False),
        ({"value": []}, False),
        ({"value": "right"}, False),
        ({"value": None}, False),
        ({}, False),
        (["right"], False),
        ("right", False),
    ],
)
def test_every_notification_has_the_client_state(body: object, holds: bool) -> None:  # noqa: FBT001
    assert GraphProof([b"right"]).holds(delivery(json.dumps(body).encode())) is holds


@pytest.mark.parametrize(
    "body", [b"", b"no json", b"[" * 100_000, b'{"value":[{"clientState":"\\ud800"}]}', b" " * 300_000]
)
def test_what_is_no_notification_does_not_hold(body: bytes) -> None:
    assert not GraphProof([b"right"]).holds(delivery(body))
