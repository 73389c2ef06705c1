"""The intake as a process on Apache Kafka: each platform delivers as it does, and its messages lie in the raw topic."""

import gzip
import json
import resource
import socket
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlencode

import pytest

from services.channels.intake.http.server import MAX_CONNECTIONS
from services.local.servers.network import HOST, free_port
from tests.integration.channels.conftest import Town
from tests.support.commands import klantcontact
from tests.support.intake_channels import (
    CERTIFICATE,
    CHANNELS,
    FORM,
    FORM_URL,
    JSON,
    ORIGIN,
    OTHER_SECRET,
    SECRET,
    TWILIO_URL,
    basic,
    firehose,
    twilio_query,
    twilio_signature,
)
from tests.support.intake_process import intake

FORM_FIELDS = {"CallSid": "CA1", "From": "+31612345678", "CallStatus": "completed"}
EVENTS = b'[{"type": "one"}, {"type":"two", "n": 1.0}]'
NOTIFICATION = json.dumps({"value": [{"clientState": SECRET, "resourceData": {"id": "1"}}]}).encode()


def test_open_forms(town: Town) -> None:
    answer = town.client.post("/in/open-forms", json={"metadata": 1}, headers={"Authorization": SECRET})

    assert (answer.status_code, answer.content) == (204, b"")
    [message] = town.kept("open-forms")
    headers = dict(message.headers() or [])
    assert (message.key(), message.value()) == (None, b'{"metadata":1}')
    assert (headers["content-type"], headers["bewezen"]) == (b"application/json", b"api_sleutel")
    assert headers.keys() == {"content-type", "ontvangen", "bewezen"}


@pytest.mark.parametrize("compressed", [False, True])
def test_amazon_connect_by_firehose(town: Town, compressed: bool) -> None:  # noqa: FBT001
    request_id = f"00000000-0000-4000-8000-00000000000{compressed:d}"
    body = firehose(b'{"ContactId": "1"}', b'{"ContactId": "2"}\n', request_id=request_id)
    answer = town.client.post(
        "/in/connect",
        content=gzip.compress(body) if compressed else body,
        headers={
            "Content-Type": JSON,
            "X-Amz-Firehose-Access-Key": SECRET,
            "X-Amz-Firehose-Request-Id": request_id,
            **({"Content-Encoding": "gzip"} if compressed else {}),
        },
    )

    assert (answer.status_code, answer.headers["content-type"]) == (200, JSON)
    assert answer.json().keys() == {"requestId", "timestamp"}
    assert answer.json()["requestId"] == request_id
    kept = [each for each in town.kept("connect") if dict(each.headers() or [])["bezorging"] == request_id.encode()]
    # In their order and in one batch: neighbours in one partition.
    assert [each.value() for each in kept] == [b'{"ContactId": "1"}', b'{"ContactId": "2"}\n']
    first, second = kept
    assert (first.partition(), (first.offset() or 0) + 1) == (second.partition(), second.offset())


def test_genesys_by_basic_authentication(town: Town) -> None:
    headers = {"Authorization": basic("genesys"), "Content-Type": JSON}
    assert town.client.post("/in/genesys", content=b'{"conversationId":"1"}', headers=headers).status_code == 204
    assert [each.value() for each in town.kept("genesys")] == [b'{"conversationId":"1"}']


def test_twilio_with_the_hash_of_its_body(town: Town) -> None:
    query = twilio_query(EVENTS)
    headers = {
        "Content-Type": JSON,
        "X-Twilio-Signature": twilio_signature(f"{TWILIO_URL}?{query}"),
        "I-Twilio-Idempotency-Token": "token-1",
    }
    answers = [
        town.client.post(f"/in/twilio?{query}", content=body, headers=headers).status_code
        for body in (EVENTS, EVENTS + b" ")
    ]

    assert answers == [204, 401]
    kept = [each for each in town.kept("twilio") if dict(each.headers() or [])["bezorging"] == b"token-1"]
    assert [each.value() for each in kept] == [b'{"type": "one"}', b'{"type":"two", "n": 1.0}']


def test_twilio_with_a_shared_key_and_sha_256(town: Town) -> None:
    query = twilio_query(EVENTS)
    headers = {
        "Content-Type": JSON,
        "X-Twilio-Signature": twilio_signature(f"{TWILIO_URL}?{query}", OTHER_SECRET, digest="sha256"),
        "I-Twilio-Idempotency-Token": "token-2",
    }
    settings = "X-Twilio-Webhooks-Signature-Settings"
    answers = [
        town.client.post(f"/in/twilio?{query}", content=EVENTS, headers=headers | named).status_code
        for named in (
            {settings: "key=WK0123,algorithm=HMAC_SHA256"},
            {settings: "key=WK0123,algorithm=HMAC_SHA1"},
            {},
        )
    ]

    assert answers == [204, 401, 401]
    kept = [each for each in town.kept("twilio") if dict(each.headers() or [])["bezorging"] == b"token-2"]
    assert [each.value() for each in kept] == [b'{"type": "one"}', b'{"type":"two", "n": 1.0}']


def test_twilio_by_form(town: Town) -> None:
    signed = FORM_URL + "?a=1" + "".join(name + value for name, value in sorted(FORM_FIELDS.items()))
    headers = {"Content-Type": FORM, "X-Twilio-Signature": twilio_signature(signed)}
    answers = [
        town.client.post(f"/in/twilio-form?a={a}", content=urlencode(FORM_FIELDS), headers=headers).status_code
        for a in (1, 2)
    ]

    assert answers == [204, 401]
    assert [json.loads(each.value() or b"") for each in town.kept("twilio-form")] == [FORM_FIELDS]


def test_a_certificate_that_a_proxy_has_seen(town: Town) -> None:
    known = {"X-Client-Certificate": CERTIFICATE, "X-Klantcontact-Proxy": SECRET}
    answers = [
        town.client.post("/in/balie", json={"by": "proxy"}, headers=headers).status_code
        for headers in (known, {"X-Client-Certificate": CERTIFICATE}, {**known, "X-Client-Certificate": "CN=other"})
    ]

    assert answers == [204, 401, 401]
    assert town.count("balie") == 1


def test_microsoft_graph(town: Town) -> None:
    validation = town.client.post("/in/graph?validationToken=Validation%3A+1", headers={"Content-Type": "text/plain"})
    notified = town.client.post("/in/graph", content=NOTIFICATION, headers={"Content-Type": JSON})
    forged = town.client.post(
        "/in/graph", content=NOTIFICATION.replace(b"a-secret", b"b-secret"), headers={"Content-Type": JSON}
    )

    assert (validation.status_code, validation.content) == (200, b"Validation: 1")
    assert validation.headers["content-type"] == "text/plain; charset=utf-8"
    assert (notified.status_code, forged.status_code) == (204, 401)
    assert [each.value() for each in town.kept("graph")] == [NOTIFICATION]


def test_mail(town: Town) -> None:
    body = b"From: a@example.nl\r\nSubject: =?utf-8?q?=C3=A9?=\r\n\r\nBody\r\n"
    headers = {"Authorization": basic("mail"), "Content-Type": "message/rfc822"}
    assert town.client.post("/in/mail", content=body, headers=headers).status_code == 204
    [message] = town.kept("mail")
    assert message.value() == body
    assert dict(message.headers() or [])["content-type"] == b"message/rfc822"


def test_cloudevents_after_a_handshake(town: Town) -> None:
    allowed = town.client.options("/in/events", headers={"WebHook-Request-Origin": ORIGIN})
    refused = town.client.options("/in/events", headers={"WebHook-Request-Origin": "other.example.com"})
    binary = {"X-Api-Key": SECRET, "Content-Type": JSON, "ce-id": "1", "ce-type": "nl.example", "ce-specversion": "1.0"}
    delivered = [
        town.client.post("/in/events", content=b'{"in": "binary mode"}', headers=binary),
        town.client.post(
            "/in/events",
            content=b'[{"id":"2"},{"id":"3"}]',
            headers={"X-Api-Key": SECRET, "Content-Type": "application/cloudevents-batch+json; charset=utf-8"},
        ),
    ]

    assert (allowed.status_code, allowed.headers["webhook-allowed-origin"]) == (200, ORIGIN)
    assert (allowed.headers["webhook-allowed-rate"], refused.status_code) == ("*", 401)
    assert [answer.status_code for answer in delivered] == [204, 204]
    kept = {message.value(): dict(message.headers() or []) for message in town.kept("events")}
    assert kept.keys() == {b'{"in": "binary mode"}', b'{"id":"2"}', b'{"id":"3"}'}
    assert kept[b'{"in": "binary mode"}']["ce-type"] == b"nl.example"
    assert kept[b'{"id":"2"}']["content-type"] == b"application/cloudevents+json"


def test_a_list_of_nothing_is_accepted_and_nothing_is_kept(town: Town) -> None:
    before = town.count("twilio")
    query = twilio_query(b"[]")
    headers = {"Content-Type": JSON, "X-Twilio-Signature": twilio_signature(f"{TWILIO_URL}?{query}")}
    assert town.client.post(f"/in/twilio?{query}", content=b"[]", headers=headers).status_code == 204
    assert town.count("twilio") == before


# What is refused -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path", "headers", "body", "status"),
    [
        ("POST", "/in/open-forms", {}, b"{}", 401),
        ("POST", "/in/bestaat-niet", {}, b"{}", 401),
        ("POST", "/in/kafka-connect", {"Authorization": SECRET}, b"{}", 401),
        ("POST", "/in/Open-Forms", {"Authorization": SECRET}, b"{}", 401),
        ("POST", "/in/open-forms", {"Authorization": SECRET, "Content-Type": "text/xml"}, b"<a/>", 415),
        ("POST", "/in/bestaat-niet", {"Content-Type": "text/xml"}, b"<a/>", 415),
        ("POST", "/in/open-forms", {"Authorization": SECRET, "Content-Type": "message/rfc822"}, b"{}", 415),
        ("POST", "/in/open-forms", {"Authorization": SECRET, "Content-Encoding": "br"}, b"{}", 415),
        ("POST", "/in/open-forms", {"Authorization": SECRET}, b"", 400),
        ("POST", "/in/open-forms", {"Authorization": SECRET}, b"x" * (256 * 1024 + 1), 413),
        ("POST", "/in/bestaat-niet", {}, b"x" * (5 * 1024 * 1024), 413),
        ("POST", "/in/twilio-form", {"Content-Type": FORM}, b"a=" + b"b" * 70_000, 413),
        ("OPTIONS", "/in/open-forms", {}, b"", 401),
        ("OPTIONS", "/in/bestaat-niet", {}, b"", 401),
        ("GET", "/in/open-forms", {}, b"", 405),
        ("GET", "/in/bestaat-niet", {}, b"", 405),
        ("PUT", "/in/open-forms", {"Authorization": SECRET}, b"{}", 405),
        ("POST", "/", {}, b"{}", 404),
        ("POST", "/in", {}, b"{}", 404),
        ("POST", "/in/", {}, b"{}", 404),
        ("POST", "/in/open-forms/", {"Authorization": SECRET}, b"{}", 404),
        ("POST", "/in/open-forms/x", {"Authorization": SECRET}, b"{}", 404),
        ("POST", "/in/%2e%2e/in/open-forms", {"Authorization": SECRET}, b"{}", 404),
        ("POST", "/IN/open-forms", {"Authorization": SECRET}, b"{}", 404),
    ],
)
def test_an_answer_that_refuses_has_no_body(
    town: Town, method: str, path: str, headers: dict[str, str], body: bytes, status: int
) -> None:
    before = town.count("open-forms")
    answer = town.client.request(method, path, content=body, headers={"Content-Type": JSON, **headers})

    assert (answer.status_code, answer.content) == (status, b"")
    assert town.count("open-forms") == before


def test_a_wrong_secret_and_an_unknown_channel_get_the_same_answer_to_the_last_byte(town: Town) -> None:
    answers = [
        town.client.post(f"/in/{naam}", content=b"{}", headers={"Content-Type": JSON, "Authorization": "wrong"})
        for naam in ("open-forms", "twilio", "graph", "connect", "bestaat-niet")
    ]
    told = [{name: value for name, value in each.headers.items() if name != "date"} for each in answers]
    assert {each.status_code for each in answers} == {401}
    assert all(each == {"content-length": "0", "www-authenticate": 'Basic realm="kanaal"'} for each in told)


def test_outcomes_and_silence_are_measured(town: Town) -> None:
    before = {outcome: town.process.received("genesys", outcome) for outcome in ("accepted", "not_genuine")}
    unknown = town.process.received("andere", "not_genuine")
    for naam, secret in (("genesys", SECRET), ("genesys", "wrong"), ("bestaat-niet", SECRET)):
        headers = {"Authorization": basic("genesys", secret), "Content-Type": JSON}
        town.client.post(f"/in/{naam}", content=b"{}", headers=headers)

    assert town.process.received("genesys", "accepted") == before["accepted"] + 1
    assert town.process.received("genesys", "not_genuine") == before["not_genuine"] + 1
    assert town.process.received("andere", "not_genuine") == unknown + 1
    silent = town.process.measured("klantcontact_channel_silent_seconds")
    assert silent.keys() == {(naam,) for naam, fields in CHANNELS.items() if "authenticatie" in fields}
    assert silent["genesys",] < min(silent["mail",], silent["events",])
    assert town.process.measured("klantcontact_channel_silence_allowed_seconds")["genesys",] == 72 * 3600


def test_nothing_of_a_request_is_in_the_log(town: Town) -> None:
    canary = "kanarie-7f3a"
    for headers in ({"Authorization": SECRET}, {"Authorization": canary}):
        town.client.post(
            f"/in/open-forms?q={canary}",
            content=f'{{"naam": "{canary}"}}',
            headers={"Content-Type": JSON, "X-Canary": canary, **headers},
        )
    town.client.post(f"/in/{canary}", content=canary)
    assert any(canary.encode() in (message.value() or b"") for message in town.kept("open-forms"))
    assert canary not in town.process.said()
    assert SECRET not in town.process.said()


def test_a_platform_gets_in_while_others_hold_thousands_of_connections(town: Town) -> None:
    _, most_files = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most_files, most_files))
    before = town.process.measured("klantcontact_channel_cut_connections_total").get(("full",), 0)
    address = (HOST, town.process.settings.intake_port)
    with ExitStack() as held:
        for _ in range(min(MAX_CONNECTIONS + 200, most_files - 200)):
            held.enter_context(socket.create_connection(address))
        with town.process.client() as client:
            answer = client.post("/in/open-forms", json={}, headers={"Authorization": SECRET})

    assert answer.status_code == 204
    assert most_files < MAX_CONNECTIONS or (
        town.process.measured("klantcontact_channel_cut_connections_total")["full",] >= before + 200
    )


# Starting and ending -------------------------------------------------------------------------------------------------


def test_an_intake_that_can_not_start_says_why(town: Town, tmp_path: Path) -> None:
    ours = town.process.settings
    without_file = ours.model_copy(update={"kanalen_file": None})
    without_secret = ours.model_copy(update={"kanalen_file": tmp_path / "kanalen.toml"})
    (tmp_path / "kanalen.toml").write_text('[kanaal.x]\nmapping = "mail"\n')
    ran = [klantcontact("run", "intake", settings=each) for each in (without_file, without_secret, ours)]

    assert [each.returncode for each in ran] == [2, 2, 2]
    for each, told in zip(
        ran, ("KANALEN_FILE is not set", "no channel has `authenticatie`", "INTAKE_PORT"), strict=True
    ):
        assert told in each.stderr.decode()


def test_an_intake_that_is_asked_to_end_does(town: Town, tmp_path: Path) -> None:
    settings = town.process.settings.model_copy(update={"intake_port": free_port()})
    with intake(settings, tmp_path) as process, process.client() as client:
        client.post("/in/open-forms", json={}, headers={"Authorization": SECRET})
        assert process.terminate() == 0
        assert not [line for line in process.log() if line["level"] in {"warning", "error", "critical"}]
