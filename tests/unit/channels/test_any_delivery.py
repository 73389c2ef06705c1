"""Whatever is sent: it is refused with an answer of ours, or kept. Nothing else comes out of the intake."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from schemas.raw_messages import MAX_MESSAGE_BYTES
from services.channels.intake.delivery import Delivery
from services.channels.intake.envelopes import CONTENT_TYPES, MAX_MESSAGES, unpack
from services.channels.intake.gate import Entrance, load_entrances
from services.channels.intake.handler import Intake
from services.channels.intake.replies import NOT_GENUINE, Rejected
from services.channels.intake_fields import Omhulsel
from tests.fakes.raw_topics import RawTopicsInMemory
from tests.support.intake_channels import CHANNELS, firehose, intake_settings

BODIES = st.binary(max_size=300) | st.sampled_from(
    [b"[{}]", b'{"value":[{"clientState":"x"}]}', b"a=b&c=d", firehose(b"{}"), b'[{"a":[[[[]]]]}', b'{"records":[{}]}']
)
MOST_BYTES = 200


@cache
def entrances() -> Mapping[str, Entrance]:
    with TemporaryDirectory() as folder:
        return load_entrances(intake_settings(Path(folder), {}))


HEADERS = st.dictionaries(
    st.sampled_from([b"authorization", b"x-twilio-signature", b"x-api-key", b"x-client-certificate", b"traceparent"]),
    st.binary(max_size=40),
)
DELIVERIES = st.builds(
    lambda naam, query, headers, content_type, encoding, body: Delivery(
        naam, query, {**headers, b"content-type": content_type, b"content-encoding": encoding}, body
    ),
    st.sampled_from([*CHANNELS, "bestaat-niet"]),
    st.binary(max_size=60) | st.just(b"bodySHA256=0"),
    HEADERS,
    st.sampled_from(sorted(CONTENT_TYPES)) | st.binary(max_size=20),
    st.sampled_from([b"", b"gzip", b"identity", b"br"]),
    BODIES,
)


@given(DELIVERIES)
async def test_what_proves_nothing_is_refused_and_not_kept(sent: Delivery) -> None:
    topics = RawTopicsInMemory()
    with pytest.raises(Rejected) as rejected:
        await Intake(entrances(), topics).take(sent)
    assert rejected.value.reply is NOT_GENUINE
    assert topics.kept == []


@given(DELIVERIES, st.sampled_from(Omhulsel))
@example(Delivery("x", b"", {b"content-type": b"application/json"}, b"[" * 100), Omhulsel.LIJST)
def test_what_is_proven_is_unpacked_within_bounds_or_refused(sent: Delivery, omhulsel: Omhulsel) -> None:
    try:
        unpacked = unpack(omhulsel, sent, most_bytes=MOST_BYTES)
    except Rejected:
        return
    assert len(unpacked.messages) <= MAX_MESSAGES
    assert all(len(each) <= MAX_MESSAGE_BYTES for each in unpacked.messages)


@given(st.binary(max_size=200), st.sampled_from([*CHANNELS, "bestaat-niet"]))
def test_any_question_gets_plain_text_or_nothing(query: bytes, naam: str) -> None:
    reply = Intake(entrances(), RawTopicsInMemory()).validate(naam, b"validationToken=" + query)
    assert reply is None or dict(reply.headers)["content-type"] == "text/plain; charset=utf-8"
