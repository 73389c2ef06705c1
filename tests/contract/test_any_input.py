"""Whatever arrives is received or refused, quickly and without an exception."""

import json
import re

from hypothesis import example, given, settings
from hypothesis import strategies as st

from schemas.faults import FaultKind, Refusal, RefusalKind
from schemas.reading import decoding
from schemas.reading.decoding import Received, decode
from tests.contract.changes import WRITTEN_AT, binary, in_base64, structured, whole_event
from tests.contract.mutations import json_values, mutated_events
from tests.support.examples import Wire, line
from tests.support.thoroughness import examples

VALID = line(whole_event())

header_values = st.none() | st.binary(max_size=20) | st.sampled_from([b"1.0", b"application/cloudevents", b"urn:a:b"])
header_names = st.sampled_from(["ce_id", "ce_source", "CE_TYPE", "content-type", "ce_", "ce_data", "x"]) | st.text(
    max_size=5
)
headers = st.lists(st.tuples(header_names, header_values), max_size=6)


def check(read: Received | Refusal) -> None:
    """Hold what came out against what is promised of it."""
    if isinstance(read, Received):
        return
    assert read.kind in RefusalKind
    assert read.faults
    assert len(set(read.faults)) == len(read.faults), "each error once"
    assert all(fault.soort in FaultKind for fault in read.faults)
    assert read.contact_id is None or "data.contactId" not in [fault.pad for fault in read.faults]


@given(st.binary(max_size=200), headers)
def test_any_bytes(value: bytes, some_headers: list[tuple[str, bytes | None]]) -> None:
    check(decode(value, some_headers, WRITTEN_AT))


@given(st.integers(0, len(VALID)), st.integers(0, len(VALID)), st.binary(max_size=10), headers)
@settings(max_examples=examples(300))
def test_a_valid_record_in_which_a_piece_is_replaced(
    start: int, end: int, piece: bytes, some_headers: list[tuple[str, bytes | None]]
) -> None:
    check(decode(VALID[:start] + piece + VALID[end:], some_headers, WRITTEN_AT))


@given(json_values)
def test_any_json(value: object) -> None:
    check(decode(json.dumps(value).encode(), (), WRITTEN_AT))
    check(structured({**whole_event(), "data": value}))


@given(mutated_events())
@settings(max_examples=examples(500))
def test_a_valid_event_with_a_few_changes(tree: Wire) -> None:
    check(structured(tree))


@given(mutated_events(most=30))
@settings(max_examples=examples(100))
def test_a_valid_event_with_many_changes(tree: Wire) -> None:
    check(structured(tree))


# Two ways to read, one answer -----------------------------------------------------------------------------------------


@given(mutated_events(most=2))
@settings(max_examples=examples(500))
@example(whole_event())
def test_what_is_read_fast_is_read_the_same_with_care(tree: Wire) -> None:
    value = json.dumps(tree).encode()
    fast = decoding._read_fast(value, None, WRITTEN_AT)
    assert fast is None or fast == decoding._read_with_care(value, None, WRITTEN_AT)


@given(mutated_events(most=2), st.booleans())
@settings(max_examples=examples(500))
@example(whole_event(), False)  # noqa: FBT003 - hypothesis hands values over by position
def test_both_ways_read_the_same_from_data_in_base64(tree: Wire, ascii_only: bool) -> None:  # noqa: FBT001 - the same
    value = in_base64(tree, ascii_only=ascii_only)
    fast = decoding._read_fast(value, None, WRITTEN_AT)
    assert fast is None or fast == decoding._read_with_care(value, None, WRITTEN_AT)


@given(mutated_events(most=2), st.sampled_from(["id", "subject", "datacontenttype"]), st.text(max_size=3))
@settings(max_examples=examples(200))
def test_both_ways_read_the_same_in_binary_mode(tree: Wire, name: str, text: str) -> None:
    attributes = {each: value for each, value in whole_event().items() if each != "data"} | {name: text}
    value = json.dumps(tree.get("data")).encode()
    fast = decoding._read_fast(value, dict(attributes), WRITTEN_AT)
    assert fast is None or fast == decoding._read_with_care(value, dict(attributes), WRITTEN_AT)


@given(st.sampled_from(sorted({*whole_event(), *whole_event()["data"]} - {"data"})), json_values)
@settings(max_examples=examples(200))
def test_of_a_name_that_stands_twice_the_last_counts_in_both_ways(name: str, value: object) -> None:
    twice = re.sub(
        rb'"(%s)": ' % name.encode(),
        lambda found: b'"%s": %s, %s' % (name.encode(), json.dumps(value).encode(), found[0]),
        VALID,
        count=1,
    )
    fast = decoding._read_fast(twice, None, WRITTEN_AT)
    careful = decoding._read_with_care(twice, None, WRITTEN_AT)
    assert isinstance(careful, Received), careful
    assert fast is None or fast == careful


@given(mutated_events(most=3))
@settings(max_examples=examples(200))
def test_the_data_is_read_the_same_in_binary_mode(tree: Wire) -> None:
    event = {**whole_event(), "data": tree.get("data")}
    if isinstance(event["data"], dict):
        assert binary(event) == structured(event)
    else:
        assert isinstance(binary(event), Refusal)


# No value leaves ------------------------------------------------------------------------------------------------------

CANARY = "KANARIE"


def _marked(tree: object, mark: str) -> object:
    if isinstance(tree, dict):
        return {name: _marked(value, mark) for name, value in tree.items()}
    if isinstance(tree, list):
        return [_marked(value, mark) for value in tree]
    return f"{tree}{mark}"


def test_no_refusal_holds_a_value() -> None:
    for mark in (CANARY, CANARY * 30, f"{CANARY}\ud800"):
        marked = _marked(whole_event(), mark)
        assert isinstance(marked, dict)
        of_other_names = [(f"ce-{name}", mark.encode("utf-8", "replace")) for name in marked if name != "data"]
        for refused in (
            structured(marked),
            decode(in_base64(marked), (), WRITTEN_AT),
            decode(json.dumps(marked["data"]).encode(), of_other_names, WRITTEN_AT),
        ):
            assert isinstance(refused, Refusal)
            assert len(refused.faults) > 40
            assert CANARY not in repr((refused.kind, refused.faults))


@given(mutated_events())
@settings(max_examples=examples(100))
def test_no_refusal_of_a_changed_event_holds_a_value(tree: Wire) -> None:
    refused = structured({**tree, "data": _marked(tree.get("data"), CANARY)})
    shown = repr(refused.faults) if isinstance(refused, Refusal) else ""
    assert CANARY not in shown
