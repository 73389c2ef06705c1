"""Strategies for events that are wrong in ways nobody thought of: valid ones, changed at random places."""

import json
from collections.abc import Iterator
from typing import Any, Final

from hypothesis import strategies as st

from tests.contract.changes import whole_event
from tests.support.examples import Wire

_Place = tuple[Any, ...]

SPECIAL: Final[list[Any]] = [
    *("", " ", "\u00a0", "x" * 41, "x" * 1001, "\ud800", "k", "o", "q", "0", "<organisatie>", "<ref>"),
    *("999900020", "999900001", "000000000", "99990001", "999900000001"),
    *("bsn", "rsin", "kvk_nummer", "vestigingsnummer", "brp", "hr", "persoon", "organisatie", "contactpersoon"),
    *("interne_taak", "zaak_nieuw", "geen", "ingetrokken", "overig", "klant", "2026-11-30T09:50:00Z", "9999-01-01"),
    *(0, -1, 1, 1.0, 1.5, 2**53, 10**30, True, False, None, 1e308),
    *([], {}, [None], [[]], [{}], {"ref": "k"}, {"naam": "x", "<organisatie>": {}}, {"\ud800": "\ud800"}),
]

leaves = (
    st.sampled_from(SPECIAL)
    | st.text(max_size=5)
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False, width=32)
)
json_values: st.SearchStrategy[Any] = leaves | st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


def places(tree: Any, at: _Place = ()) -> Iterator[_Place]:  # noqa: ANN401 - JSON
    """Return every place in a tree but its root."""
    items: Any = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for key, value in items:
        yield (*at, key)
        yield from places(value, (*at, key))


@st.composite
def mutated_events(draw: st.DrawFn, most: int = 4) -> Wire:
    """Return the whole event with one to `most` changes: a value replaced, taken away, copied elsewhere, or added."""
    tree: Any = whole_event()
    for _ in range(draw(st.integers(1, most))):
        everywhere = list(places(tree))
        *steps, last = draw(st.sampled_from(everywhere))
        holder = _at(tree, tuple(steps))
        match draw(st.sampled_from(["replace", "remove", "copy", "add", "repeat"])):
            case "remove":
                del holder[last]
            case "copy":
                holder[last] = _copied(_at(tree, draw(st.sampled_from(everywhere))))
            case "add" if isinstance(holder, dict):
                name = draw(st.text(max_size=5) | st.sampled_from(["totStandGekomen", "werkteVoor", "<ref>"]))
                holder[name] = _copied(draw(json_values))
            case "repeat" if isinstance(holder, list):
                holder.extend(_copied([holder[last]] * draw(st.sampled_from([1, 20, 50]))))
            case _:
                holder[last] = _copied(draw(json_values))
    wire: Wire = tree
    return wire


def _copied(value: Any) -> Any:  # noqa: ANN401 - JSON
    return json.loads(json.dumps(value))


def _at(tree: Any, place: _Place) -> Any:  # noqa: ANN401 - JSON
    found: Any = tree
    for step in place:
        found = found[step]
    return found
