"""A mail of RFC 822 in the shape of Microsoft Graph."""

import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.channels.mapping.files import SHIPPED
from services.channels.mapping.mail import mail_as_message
from services.channels.mapping.reading import UnreadableMessage

MAIL = (Path(SHIPPED) / "mail/voorbeelden/V2-rfc822.eml").read_bytes()


def with_header(header: str) -> dict[str, Any]:
    return mail_as_message(header.encode() + b"\n" + MAIL)


def test_a_mail_has_the_shape_of_graph_and_not_its_body() -> None:
    sender = {"emailAddress": {"name": "M. van Zomeren", "address": "marit@example.nl"}}
    assert mail_as_message(MAIL) == {
        "internetMessageId": "<CAF00D@mail.example.nl>",
        "subject": "Aanvraag Mantelzorgvergoeding",
        "sentDateTime": "2026-11-20T09:59:58+01:00",
        "receivedDateTime": "2026-11-20T10:00:05+01:00",
        "from": sender,
        "sender": sender,
        "toRecipients": [{"emailAddress": {"name": "Gemeente", "address": "info@gemeente.example"}}],
        "ccRecipients": [],
        "replyTo": [],
        "isDraft": False,
        "hasAttachments": True,
        "inferenceClassification": "focused",
        "inReplyTo": None,
        "automatisch": False,
    }


@pytest.mark.parametrize(
    ("header", "field", "value"),
    [
        ("Auto-Submitted: auto-replied (vacation)", "automatisch", True),
        ("Auto-Submitted: no", "automatisch", False),
        ("Precedence: Bulk", "inferenceClassification", "other"),
        ("List-Unsubscribe: <mailto:weg@example.nl>", "inferenceClassification", "other"),
        ("Received: from x by y", "receivedDateTime", "2026-11-20T09:59:58+01:00"),
        ("In-Reply-To: <A@example.nl>", "inReplyTo", "<A@example.nl>"),
    ],
)
def test_a_header_says(header: str, field: str, value: object) -> None:
    assert with_header(header)[field] == value


@pytest.mark.parametrize(
    ("sender", "name", "address"),
    [
        ("José <a@b.nl>".encode(), "José", "a@b.nl"),
        (b"Jos\xe9 <a@b.nl>", "Jos\ufffd", "a@b.nl"),
        ("<josé@b.nl>".encode(), None, "josé@b.nl"),
        (b"=?utf-8?q?Jos=e9?= <a@b.nl>", "Jos\ufffd", "a@b.nl"),
    ],
    ids=["UTF-8", "Latin-1", "an address in UTF-8", "an encoded word that is wrong"],
)
def test_a_sender_beyond_ascii_is_text(sender: bytes, name: str | None, address: str) -> None:
    found = mail_as_message(b"From: " + sender + b"\n\n")
    assert found["from"] == {"emailAddress": {"name": name, "address": address}}


PIECES = [
    *(
        b"<a@b.nl>",
        b"<",
        b"a",
        b"@",
        b",",
        b":",
        b";",
        b"(",
        b'"',
        b"\\",
        b".",
        b" ",
        b"\n",
        b"\x00",
        b"\xff",
        b"\xc3\xa9",
    ),
    *(
        b"=?utf-8?q?=ff?=",
        b"=?utf-7?q?+2AA-?=",
        b"=?utf-8?b?",
        b"?=",
        b"Mon, 20 Nov 2026 10:00:00 ",
        b"+0100",
        b"9" * 30,
    ),
]
READ = [b"From", b"Sender", b"To", b"Date", b"Received", b"Subject", b"Message-ID", b"Content-Type", b"Auto-Submitted"]


@given(headers=st.lists(st.tuples(st.sampled_from(READ), st.lists(st.sampled_from(PIECES), max_size=12))))
def test_a_mail_of_any_headers_is_a_message_or_unreadable(headers: list[tuple[bytes, list[bytes]]]) -> None:
    with suppress(UnreadableMessage):
        orjson.dumps(mail_as_message(b"\n".join(name + b": " + b"".join(pieces) for name, pieces in headers)))


@pytest.mark.parametrize("value", [b"", b"geen mail", b"\x00\xff", b"Subject: alleen dit\n\n"])
def test_what_has_no_sender_and_no_id_is_no_mail(value: bytes) -> None:
    with pytest.raises(UnreadableMessage):
        mail_as_message(value)


@pytest.mark.parametrize("content_type", ["a/b;" * 50_000, "multipart/mixed; " + "x" * 200_000, "(" * 200_000])
def test_a_long_content_type_is_not_read(content_type: str) -> None:
    began = time.process_time()
    found = mail_as_message(b"Message-ID: <a@b>\nContent-Type: " + content_type.encode() + b"\n\n")
    assert found["hasAttachments"] is False
    assert time.process_time() - began < 1


HOSTILE = ["(" * 8000, "<" * 8000, '"' * 8000, "a@" * 4000, "=?utf-8?q?" * 800, "[" * 8000, ":;" * 4000, "a," * 4000]


@pytest.mark.parametrize("header", HOSTILE, ids=lambda header: header[:10])
def test_a_header_made_to_be_slow_is_read_in_time(header: str) -> None:
    began = time.process_time()
    found = mail_as_message(b"Message-ID: <a@b>\nFrom: " + header.encode() + b"\nTo: " + header.encode() + b"\n\n")
    assert found["internetMessageId"] == "<a@b>"
    assert time.process_time() - began < 5
