"""The wire format of a raw topic."""

from datetime import UTC, datetime

import pytest

from schemas.cloudevents import Headers
from schemas.raw_messages import dead_letter_topic_of, is_mail, moment_header, raw_topic_of


def test_the_topics_of_a_channel() -> None:
    assert raw_topic_of("open-forms") == "kanaal.open-forms"
    assert dead_letter_topic_of("kanaal.open-forms") == "kanaal.open-forms.dlq"


def test_the_moment_of_receipt_is_a_header() -> None:
    moment = datetime(2026, 11, 30, 9, 5, 0, 120_000, tzinfo=UTC)
    assert moment_header(moment) == ("ontvangen", b"2026-11-30T09:05:00.120000+00:00")


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ([("content-type", b"message/rfc822")], True),
        ([("Content-Type", b"Message/RFC822; charset=utf-8")], True),
        ([("content-type", b"application/json")], False),
        ([("content-type", None)], False),
        ([], False),
    ],
)
def test_the_content_type_says_what_is_a_mail(headers: Headers, expected: bool) -> None:  # noqa: FBT001 - a case
    assert is_mail(headers) is expected
