"""Each error that an event can have gets a hint for its place, with an example that is valid there."""

import json
import re
import tomllib
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.cloudevents import DATA_BASE64
from schemas.faults import HINTS, Fault, FaultKind, Refusal, generalised
from schemas.hints import hint, hints
from schemas.places import EXAMPLES, kinds_at, places
from schemas.reading.decoding import Received, decode
from tests.contract.bad_data import ADDRESS, CONTACTPERSOON, ORGANISATIE
from tests.contract.changes import ABSENT, binary, changed, faults, structured, whole_event
from tests.contract.mutations import mutated_events
from tests.contract.mutations import places as all_places
from tests.contract.test_schema_lines import BAD
from tests.support.examples import ZAAK, Wire, kvk, vestiging
from tests.support.thoroughness import examples

_FOLDER: Final = Path("schemas/examples")
BASES: Final[list[Wire]] = [
    *[json.loads(path.read_text("utf-8")) for path in sorted(_FOLDER.glob("contact.ended.*.json"))],
    whole_event(),
    changed({f"data.{CONTACTPERSOON}.werkteVoor": {"naam": "X", "partijIdentificatoren": [kvk("99990002")]}}),
    changed({"data.vervolgOp": {"klantcontactId": "x"}}),
    changed({"data.onderwerpen.0.opvolging.toegewezenAan.actoridentificator": ZAAK}),
]
"""Valid events in which every place is there."""

LEFT_OUT: Final = frozenset(
    {
        FaultKind.NIET_TOEGESTAAN,
        FaultKind.DUBBELE_PARTIJ,
        FaultKind.REVISIE_CONFLICT,
        FaultKind.BRON_NIET_TOEGESTAAN,
    }
)
"""Kinds whose remedy may be to leave something out, to send something again, or to look into the policy: no example of
a value helps."""


def _at(tree: Any, pad: str) -> Iterator[str]:  # noqa: ANN401 - JSON
    """Yield each place of an event at which a value can be put, for a path with `*`."""
    everywhere = {".".join(map(str, place)) for place in all_places(tree)}
    name = pad.rpartition(".")[2]
    parents = {each.rpartition(".")[0] for each in everywhere if generalised(each) == pad} | {
        each for each in everywhere if generalised(each) == pad.rpartition(".")[0] and name != "*"
    }
    for each in everywhere:
        if generalised(each) == pad:
            yield each
    for parent in parents:
        if isinstance(_value(tree, parent), dict) and name != "*":
            yield f"{parent}.{name}" if parent else name


def _value(tree: Any, pad: str) -> Any:  # noqa: ANN401 - JSON
    for step in pad.split(".") if pad else ():
        tree = tree[int(step) if isinstance(tree, list) else step]
    return tree


@pytest.mark.parametrize("pad", [pytest.param(pad, id=pad) for pad in places()])
def test_the_example_of_a_place_is_valid_there(pad: str) -> None:
    example = places()[pad].example
    assert example is not None
    assert any(
        isinstance(structured(changed({place: example}, base)), Received) for base in BASES for place in _at(base, pad)
    ), example


@pytest.mark.parametrize(
    ("pad", "kind"), [pytest.param(pad, kind, id=f"{pad or 'root'} {kind}") for pad, kind in hints()]
)
def test_a_hint_shows_what_is_expected_at_its_place(pad: str, kind: FaultKind) -> None:
    told = hints()[pad, kind]
    assert not re.search(r"[{][a-z]+[}]", told), "a part was not filled in"
    assert told.endswith(".")
    if pad not in ("", DATA_BASE64) and kind not in LEFT_OUT:
        other = pad.endswith("partijIdentificatoren.*") and kind is FaultKind.ONTBREEKT
        of_place = f"{pad.removesuffix('partijIdentificatoren.*')}werkteVoor.partijIdentificatoren.*"
        example = places()[of_place if other and of_place in places() else pad].example
        assert json.dumps(example, ensure_ascii=False) in told


def test_each_place_has_a_hint_for_each_kind_that_its_schema_names() -> None:
    assert {(pad, kind) for pad, place in places().items() for kind in kinds_at(place)} <= set(hints())
    assert len(hints()) > 450


def _of(tree: Wire) -> list[tuple[str, FaultKind]]:
    read = structured(tree)
    return [(generalised(fault.pad), fault.soort) for fault in read.faults] if isinstance(read, Refusal) else []


@pytest.mark.parametrize("changes", BAD)
def test_every_error_that_a_bad_event_has_is_in_the_table(changes: dict[str, Any]) -> None:
    assert set(_of(changed(changes))) <= set(hints())


@given(mutated_events())
@settings(max_examples=examples(300))
def test_every_error_that_a_changed_event_has_is_in_the_table(tree: Wire) -> None:
    assert set(_of(tree)) <= set(hints())


WRONG: Final[tuple[Any, ...]] = (
    "",
    " ",
    "x" * 1001,
    "x\0",
    "2026-01-01",
    "1800-01-01T00:00:00Z",
    0,
    1.5,
    True,
    None,
    [],
    [None],
    {},
)


@given(st.sampled_from(BASES), st.data())
@settings(max_examples=examples(200))
def test_every_error_of_one_wrong_field_is_in_the_table(base: Wire, data: st.DataObject) -> None:
    place = ".".join(map(str, data.draw(st.sampled_from(list(all_places(base))))))
    for value in (ABSENT, *WRONG):
        assert set(_of(changed({place: value}, base))) <= set(hints())


SAID: Final = [
    # where, what was sent; the hint says the first and not the second
    ("data.betrokkenen.0.partijIdentificatoren.0.objectId", 999990007, "Send digits only, as a text", "no number"),
    (f"data.{ADDRESS}.land", "nl", 'of the form `^[A-Z]{2}$`, such as "NL". ISO 3166 alpha-2', "postcode"),
    ("data.contactId", "x" * 257, "Send a hash of it that is always made in the same way", "Shorten it"),
    ("data.onderwerpen.0.opvolging.soort", "taak", '"geen", "interne_taak", "zaak_nieuw"', "schema"),
    ("data.revisie", "2", "without quotes", "in quotes"),
    ("source", "telefonie", 'such as "urn:nld:oin:', "postcode"),
]


@pytest.mark.parametrize(("place", "value", "said", "not_said"), SAID)
def test_a_hint_fits_the_field(place: str, value: object, said: str, not_said: str) -> None:
    read = structured(changed({place: value}))
    assert isinstance(read, Refusal)
    told = [hint(fault) for fault in read.faults if fault.pad == place]
    assert len(told) == 1
    assert said in told[0]
    assert not_said not in told[0]


def test_a_kvk_nummer_that_is_missing_is_missed_where_it_would_stand_and_the_hint_shows_one() -> None:
    numbers = f"data.{ORGANISATIE}.partijIdentificatoren"
    lacking = changed({numbers: [vestiging("999900000001")]})
    assert faults(structured(lacking)) == [(f"{numbers}.1", "ontbreekt")]
    told = hint(Fault(f"{numbers}.1", FaultKind.ONTBREEKT))
    found = re.search(r"[{].*[}]", told)
    assert found
    assert isinstance(structured(changed({f"{numbers}.1": json.loads(found[0])}, lacking)), Received)


def test_the_hint_of_an_attribute_names_its_header_and_the_value_without_quotes_is_valid_there() -> None:
    for name in ("specversion", "id", "source", "time", "type", "datacontenttype", "dataschema", "subject"):
        header = "content-type" if name == "datacontenttype" else f"ce_{name}"
        assert f"the header `{header}`" in hint(Fault(name, FaultKind.VERKEERD_TEKEN))
        assert isinstance(binary({**whole_event(), name: places()[name].example}), Received)


def test_a_fault_without_a_place_or_with_one_of_another_release_gets_the_hint_of_its_kind() -> None:
    for pad in ("", "data.gone", "data.kanaal.0"):
        assert hint(Fault(pad, FaultKind.ONBEKENDE_REF)) == HINTS[FaultKind.ONBEKENDE_REF]


def test_the_examples_go_with_the_package_and_are_valid() -> None:
    project = tomllib.loads(Path("pyproject.toml").read_text("utf-8"))
    patterns = project["tool"]["setuptools"]["package-data"]["schemas"]
    for name in EXAMPLES:
        assert any(fnmatch(f"examples/{name}", each) for each in patterns)
        assert isinstance(decode((_FOLDER / name).read_bytes()), Received)
