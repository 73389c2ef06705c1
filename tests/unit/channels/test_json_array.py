"""A JSON array is taken apart, and its objects stay as they were sent."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.channels.intake.json_array import objects_in

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)
OBJECTS = st.dictionaries(st.text(), VALUES, max_size=3)


@given(st.lists(OBJECTS, max_size=5), st.sampled_from(["", " ", "\n\t\r "]), st.booleans())
def test_every_object_comes_out_byte_for_byte(objects: list[object], space: str, ascii_only: bool) -> None:  # noqa: FBT001
    texts = [json.dumps(each, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass") for each in objects]
    body = space.encode() + b"[" + (space + "," + space).encode().join(texts) + b"]" + space.encode()
    try:
        body.decode()
    except UnicodeDecodeError:
        return
    assert list(objects_in(body)) == texts


def test_what_reading_and_writing_would_change_stays() -> None:
    sent = [b'{"n": 1.50, "n": 2}', b'{ "huge":' + b"9" * 5000 + b"}", b'{"small":1e-999}']
    assert list(objects_in(b"[" + b" ,\n".join(sent) + b"]")) == sent


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"[",
        b"[}",
        b"[1]",
        b'["x"]',
        b"[[]]",
        b"[null]",
        b"[{}",
        b"[{},]",
        b"[,{}]",
        b"[{} {}]",
        b"[{}]x",
        b"[{}] []",
        b"[{]",
        b'[{"a":NaN}]',
        b'[{"a":Infinity}]',
        b'[{"a":\x80}]',
        b"\xef\xbb\xbf[{}]",
        b'[{"a":' + b"[" * 100_000,
        b"[" * 100_000,
    ],
)
def test_anything_else_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the parser of the standard library has many texts
        list(objects_in(body))
