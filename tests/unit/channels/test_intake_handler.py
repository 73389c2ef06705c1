"""What the intake does with one delivery: what is kept of it, and what nobody learns from the answer."""

from collections.abc import Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path

import pytest

from services.channels.intake import proofs
from services.channels.intake.delivery import Delivery
from services.channels.intake.gate import Entrance, Gate, load_entrances
from services.channels.intake.handler import Intake
from services.channels.intake.proofs import Proof
from services.channels.intake.replies import ACCEPTED, NOT_GENUINE, Rejected
from tests.fakes.raw_topics import RawTopicsInMemory
from tests.support.intake_channels import CERTIFICATE, ORIGIN, OTHER_SECRET, SECRET, firehose, intake_settings

TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture
def entrances(tmp_path: Path) -> Mapping[str, Entrance]:
    return load_entrances(intake_settings(tmp_path, {}))


def delivery(naam: str, body: bytes = b"{}", **headers: str) -> Delivery:
    given = {name.replace("_", "-"): value for name, value in {"content_type": "application/json", **headers}.items()}
    return Delivery(naam, b"", {name.encode(): value.encode() for name, value in given.items()}, body)


async def test_a_genuine_message_is_kept_with_what_is_known_of_it(entrances: Mapping[str, Entrance]) -> None:
    topics = RawTopicsInMemory()
    sent = delivery(
        "open-forms",
        authorization=SECRET,
        traceparent=TRACEPARENT,
        idempotency_key="delivery-1",
        ce_type="x",
        x_twilio_signature="secret",
        cookie="secret",
    )
    before = datetime.now(UTC)

    assert await Intake(entrances, topics).take(sent) == ACCEPTED

    [(topic, messages, headers)] = topics.kept
    kept = dict(headers)
    received_at = kept.pop("ontvangen")
    assert received_at is not None
    assert before <= datetime.fromisoformat(received_at.decode()) <= datetime.now(UTC)
    assert (topic, messages) == ("kanaal.open-forms", [b"{}"])
    assert kept == {
        "content-type": b"application/json",
        "bewezen": b"api_sleutel",
        "bezorging": b"delivery-1",
        "traceparent": TRACEPARENT.encode(),
        "ce-type": b"x",
    }


@pytest.mark.parametrize("unfit", ["", "with a space", "x" * 201, "é"])
async def test_an_id_or_trace_that_does_not_fit_is_left_out(entrances: Mapping[str, Entrance], unfit: str) -> None:
    topics = RawTopicsInMemory()
    await Intake(entrances, topics).take(
        delivery("open-forms", authorization=SECRET, idempotency_key=unfit, traceparent=unfit)
    )
    assert not dict(topics.kept[0][2]).keys() & {"bezorging", "traceparent"}


async def test_all_messages_of_a_request_are_written_together(entrances: Mapping[str, Entrance]) -> None:
    topics = RawTopicsInMemory()
    sent = delivery("connect", firehose(b'{"a":1}', b'{"a":2}'), x_amz_firehose_access_key=OTHER_SECRET)
    assert (await Intake(entrances, topics).take(sent)).status == HTTPStatus.OK
    assert [messages for _, messages, _ in topics.kept] == [[b'{"a":1}', b'{"a":2}']]


async def test_an_unknown_channel_and_a_wrong_secret_get_one_answer(entrances: Mapping[str, Entrance]) -> None:
    topics = RawTopicsInMemory()
    intake = Intake(entrances, topics)
    for naam in (*entrances, "kafka-connect", "bestaat-niet", ""):
        with pytest.raises(Rejected) as rejected:
            await intake.take(delivery(naam, authorization="wrong", x_client_certificate=CERTIFICATE))
        assert rejected.value.reply is NOT_GENUINE
    assert topics.kept == []


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The kinds of proof that were put to a delivery, with the work that each does."""
    kinds: list[str] = []
    for kind in (
        each for each in vars(proofs).values() if isinstance(each, type) and each.__module__ == proofs.__name__
    ):
        if kind is not Proof and hasattr(kind, "holds"):
            holds = kind.holds

            def noted(self: Proof, sent: Delivery, holds: object = holds, name: str = kind.__name__) -> bool:
                kinds.append(name)
                return bool(holds(self, sent))  # type: ignore[operator] # a method of a class that is looped over

            monkeypatch.setattr(kind, "holds", noted)
    return kinds


def test_what_is_refused_takes_the_same_work_whatever_its_name(
    entrances: Mapping[str, Entrance], asked: list[str]
) -> None:
    gate = Gate(entrances)
    work = {}
    for naam in (*entrances, "bestaat-niet"):
        with pytest.raises(Rejected):
            gate.admit(delivery(naam, b'{"value":[{"clientState":"wrong"}]}'))
        work[naam] = sorted(asked)
        asked.clear()
    assert len(work["bestaat-niet"]) == 7  # five kinds, of which one looks at two headers
    assert {naam for naam, kinds in work.items() if kinds != work["bestaat-niet"]} == set()


# Before anything is delivered ----------------------------------------------------------------------------------------


def test_graph_hears_its_token_back_as_plain_text(entrances: Mapping[str, Entrance]) -> None:
    reply = Intake(entrances, RawTopicsInMemory()).validate("graph", b"validationToken=Validation%3A+Testing+%3Cb%3E")
    assert reply is not None
    assert (reply.status, reply.body) == (HTTPStatus.OK, b"Validation: Testing <b>")
    assert dict(reply.headers)["content-type"].startswith("text/plain")


@pytest.mark.parametrize(
    ("naam", "query"),
    [
        ("open-forms", b"validationToken=a"),
        ("bestaat-niet", b"validationToken=a"),
        ("graph", b""),
        ("graph", b"validationToken="),
        ("graph", b"validationToken=a&validationToken=b"),
        ("graph", b"validationToken=a%0d%0ab"),
        ("graph", b"validationToken=" + b"a" * 1001),
        ("graph", b"validationToken=%c3%a9"),
        ("graph", b"validationToken=\xff"),
    ],
)
def test_nobody_else_hears_anything_back(entrances: Mapping[str, Entrance], naam: str, query: bytes) -> None:
    assert Intake(entrances, RawTopicsInMemory()).validate(naam, query) is None


def test_a_question_of_too_many_parts_is_no_question(entrances: Mapping[str, Entrance]) -> None:
    assert Intake(entrances, RawTopicsInMemory()).validate("graph", b"validationToken=a" + b"&a=b" * 300) is None


def test_a_sender_of_cloudevents_that_is_named_may_deliver(entrances: Mapping[str, Entrance]) -> None:
    reply = Intake(entrances, RawTopicsInMemory()).allow("events", ORIGIN)
    assert dict(reply.headers) == {
        "webhook-allowed-origin": ORIGIN,
        "webhook-allowed-rate": "*",
        "allow": "OPTIONS, POST",
    }


@pytest.mark.parametrize(
    ("naam", "origin"), [("events", "other.example.com"), ("events", None), ("open-forms", ORIGIN), ("nee", ORIGIN)]
)
def test_any_other_sender_may_not(entrances: Mapping[str, Entrance], naam: str, origin: str | None) -> None:
    with pytest.raises(Rejected) as rejected:
        Intake(entrances, RawTopicsInMemory()).allow(naam, origin)
    assert rejected.value.reply is NOT_GENUINE
