"""What the headers of a record say: a trace; and attributes in a form that CloudEvents does not have in Kafka."""

import json

import pytest

from schemas.cloudevents import Header
from schemas.faults import Refusal
from schemas.reading.decoding import Received, decode
from tests.contract.changes import ABSENT, WRITTEN_AT, changed, faults, structured, whole_event
from tests.support.examples import Wire, line

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
OF_THE_EVENT = whole_event()["traceparent"]


def _attributes(prefix: str, tree: Wire, *, quoted: bool = False) -> list[Header]:
    values = {name: value for name, value in tree.items() if name not in ("data", "datacontenttype")}
    return [
        (f"{prefix}{name}", (json.dumps(value) if quoted else str(value)).encode()) for name, value in values.items()
    ]


# The trace ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("own", "headers", "carried"),
    [
        (ABSENT, [("traceparent", TRACE.encode())], TRACE),
        (ABSENT, [("Traceparent", TRACE.encode())], TRACE),
        (None, [("traceparent", TRACE.encode())], TRACE),
        ("Jan Jansen", [("traceparent", TRACE.encode())], TRACE),
        (OF_THE_EVENT, [("traceparent", TRACE.encode())], OF_THE_EVENT),
        (ABSENT, [("traceparent", b"Jan Jansen")], None),
        (ABSENT, [("traceparent", b"\xff")], None),
        (ABSENT, [("traceparent", None)], None),
        (ABSENT, [("tracestate", TRACE.encode())], None),
    ],
)
def test_the_header_counts_when_the_event_has_none(own: object, headers: list[Header], carried: str | None) -> None:
    tree = changed({"traceparent": own})
    in_structured_mode = decode(line(tree), headers, WRITTEN_AT)
    assert isinstance(in_structured_mode, Received)
    assert in_structured_mode.traceparent == carried
    if own is not None:
        in_binary_mode = decode(line(tree["data"]), [*_attributes("ce_", tree), *headers], WRITTEN_AT)
        assert in_binary_mode == in_structured_mode


# Attributes in another form -------------------------------------------------------------------------------------------

OTHER_NAMES = ["ce-", "CE-", "cloudEvents:", "cloudEvents_"]


@pytest.mark.parametrize("prefix", OTHER_NAMES)
def test_attributes_under_the_names_of_another_protocol_are_one_error(prefix: str) -> None:
    refused = decode(line(whole_event()["data"]), _attributes(prefix, whole_event()), WRITTEN_AT)
    assert isinstance(refused, Refusal)
    assert (faults(refused), refused.kind.value, refused.contact_id) == (
        [("", "kopregels")],
        "envelop_ongeldig",
        "c-1",
    )


def test_attributes_in_quotes_are_one_error() -> None:
    refused = decode(line(whole_event()["data"]), _attributes("ce_", whole_event(), quoted=True), WRITTEN_AT)
    assert isinstance(refused, Refusal)
    assert (faults(refused), refused.kind.value, refused.contact_id) == (
        [("", "kopregels")],
        "envelop_ongeldig",
        "c-1",
    )


@pytest.mark.parametrize(("prefix", "quoted"), [("ce-", False), ("ce_", True)])
def test_what_is_wrong_with_the_data_is_told_beside_it(prefix: str, *, quoted: bool) -> None:
    tree = changed({"data.kanaal": ABSENT, "data.betrokkenen.0.ref": ABSENT, "data.nieuw": 1})
    refused = decode(line(tree["data"]), _attributes(prefix, tree, quoted=quoted), WRITTEN_AT)
    assert isinstance(refused, Refusal)
    assert faults(refused) == [
        ("", "kopregels"),
        ("data.betrokkenen.0.ref", "ontbreekt"),
        ("data.kanaal", "ontbreekt"),
    ]
    assert refused.unknown_fields == ("data.nieuw",)


@pytest.mark.parametrize("prefix", OTHER_NAMES)
def test_a_whole_event_is_read_whatever_headers_lie_beside_it(prefix: str) -> None:
    assert decode(line(whole_event()), _attributes(prefix, whole_event()), WRITTEN_AT) == structured(whole_event())


def test_attributes_of_both_names_are_those_of_kafka() -> None:
    headers = [*_attributes("ce_", changed({"subject": "k-1"})), *_attributes("ce-", changed({"id": ""}))]
    assert isinstance(decode(line(whole_event()["data"]), headers, WRITTEN_AT), Received)


def test_one_attribute_that_is_missing_is_told_as_such() -> None:
    headers = _attributes("ce_", changed({"time": ABSENT}))
    assert faults(decode(line(whole_event()["data"]), [*headers, ("ce-time", b"x")], WRITTEN_AT)) == [
        ("time", "ontbreekt")
    ]


@pytest.mark.parametrize("name", ["ce-", "ce-other", "id", "cloudevents", "x-ce-id"])
def test_another_header_is_no_attribute(name: str) -> None:
    refused = decode(line(whole_event()["data"]), [(name, b"x")], WRITTEN_AT)
    assert ("", "kopregels") not in faults(refused)
    assert ("specversion", "ontbreekt") in faults(refused)


def test_one_value_in_quotes_is_enough() -> None:
    headers = [*_attributes("ce_", whole_event()), ("content-type", b'"application/json"')]
    assert faults(decode(line(whole_event()["data"]), headers, WRITTEN_AT)) == [("", "kopregels")]


def test_a_quote_within_an_id_is_part_of_it() -> None:
    headers = [*_attributes("ce_", changed({"id": '"1"'}))]
    assert isinstance(decode(line(whole_event()["data"]), headers, WRITTEN_AT), Received)


def test_in_structured_mode_a_text_in_quotes_is_a_wrong_value() -> None:
    assert faults(structured(changed({"specversion": '"1.0"'}))) == [("specversion", "onbekende_waarde")]


def test_data_that_cannot_be_read_is_told_first() -> None:
    assert faults(decode(b"[]", _attributes("ce-", whole_event()), WRITTEN_AT)) == [("", "onleesbaar")]
