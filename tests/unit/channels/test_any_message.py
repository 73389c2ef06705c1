"""Whatever a stranger sends, a mapping answers: always the same, and never with a value of the message in a fault."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.channels.mapping.files import EXAMPLES, SHIPPED, shipped_names
from services.channels.mapping.mapping import ChannelMapping, load
from services.channels.mapping.outcome import ChannelOutcome, MappedContact, RefusedContact, SkippedContact

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(), max_size=20)
    | st.sampled_from(["\ud800", "\0", "2026-11-20T09:00:00Z", "999990007", "com.twilio.taskrouter.task.completed", ""])
)
trees = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)
NAMES = shipped_names()
COMMON = settings(suppress_health_check=[HealthCheck.too_slow])


@cache
def shipped(name: str) -> ChannelMapping:
    file = SHIPPED / name / f"{name}.toml"
    return load(file.read_text("utf-8"), file.name)


@cache
def examples(name: str) -> list[str]:
    """Return the messages beside a mapping, each as JSON."""
    files = sorted((SHIPPED / name / EXAMPLES).glob("*.json"))
    return [file.read_text("utf-8") for file in files]


def places(tree: Any, here: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:  # noqa: ANN401 - JSON
    inner = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    return [here, *(place for key, each in inner for place in places(each, (*here, key)))]


def replaced(tree: Any, place: tuple[str | int, ...], value: Any) -> Any:  # noqa: ANN401 - JSON
    if not place:
        return value
    holder = tree
    for step in place[:-1]:
        holder = holder[step]
    holder[place[-1]] = value
    return tree


def answered(mapping: ChannelMapping, message: bytes) -> list[ChannelOutcome]:
    first, second = mapping.map_json(message), mapping.map_json(message)
    assert first == second
    assert first
    assert all(isinstance(each, MappedContact | SkippedContact | RefusedContact) for each in first)
    return first


@pytest.mark.parametrize("name", NAMES)
@given(tree=trees)
@COMMON
def test_any_json_is_answered(name: str, tree: Any) -> None:  # noqa: ANN401 - JSON
    answered(shipped(name), json.dumps(tree).encode())


@pytest.mark.parametrize("name", NAMES)
@given(data=st.data())
@COMMON
def test_a_message_with_anything_at_one_place_is_answered(name: str, data: st.DataObject) -> None:
    tree = json.loads(data.draw(st.sampled_from(examples(name))))
    place = data.draw(st.sampled_from(places(tree)))
    answered(shipped(name), json.dumps(replaced(tree, place, data.draw(trees))).encode())


@pytest.mark.parametrize("name", NAMES)
@given(message=st.binary(max_size=200))
@COMMON
def test_any_bytes_are_answered(name: str, message: bytes) -> None:
    answered(shipped(name), message)
    assert shipped(name).map_mail(message)


CANARY = "kanarie-7f3a"


def with_canaries(tree: Any) -> Any:  # noqa: ANN401 - JSON
    """Return a message in which every text that is not a date-time is a canary."""
    if isinstance(tree, dict):
        return {name: with_canaries(each) for name, each in tree.items()}
    if isinstance(tree, list):
        return [with_canaries(each) for each in tree]
    kept = isinstance(tree, str) and (tree.startswith(("2026", "com.twilio")) or tree in {"customer", "agent", "bsn"})
    return CANARY if isinstance(tree, str) and not kept else tree


@pytest.mark.parametrize("name", [name for name in NAMES if name != "mail"])
def test_no_value_of_a_message_stands_in_a_fault(name: str) -> None:
    refused = 0
    for example in examples(name):
        tree = with_canaries(json.loads(example))
        for place in places(tree):
            for value in (CANARY, [CANARY], {CANARY: CANARY}, None):
                message = json.dumps(replaced(json.loads(json.dumps(tree)), place, value)).encode()
                for outcome in shipped(name).map_json(message):
                    refused += isinstance(outcome, RefusedContact)
                    assert not isinstance(outcome, RefusedContact) or CANARY not in repr(outcome)
    assert refused > 10


def test_the_files_of_all_examples_are_read() -> None:
    assert {each.suffix for name in NAMES for each in (Path(SHIPPED) / name / EXAMPLES).iterdir()} == {
        ".eml",
        ".json",
        ".jsonl",
    }
