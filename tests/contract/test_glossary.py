"""Every Dutch name that a publisher or subscriber sees is explained in the glossary, and what stands there exists."""

import importlib
import inspect
import re
from collections.abc import Iterator
from enum import StrEnum

import pytest

from schemas import outputs, vng
from schemas.faults import FaultKind, RefusalKind
from schemas.generation.files import SCHEMAS
from schemas.generation.published import EVENTS
from schemas.outputs import PartijRegel, Regel
from schemas.types import Bericht

ROWS = [
    [cell.strip() for cell in row.strip().strip("|").split("|")]
    for row in (SCHEMAS / "glossary.md").read_text("utf-8").splitlines()
    if row.startswith("| ") and not row.startswith(("| term", "| event", "| on the wire", "| value", "| word"))
]
TERMS = [term for row in ROWS for term in re.findall(r"`([^`]+)`", row[0])]
PLACES = [place for row in ROWS for place in re.findall(r"`([^`]+)`", row[2])]

CLOUDEVENTS = {"specversion", "id", "source", "type", "time", "subject", "data"} | {
    "datacontenttype",
    "dataschema",
    "traceparent",
}
"""Named by that standard."""

OURS = {"OutputEnvelope", "Envelope", "ContactEndedAttributes"}
"""English names of our own."""

MODULES = [vng, outputs, *(event.module for event in EVENTS)]


def _classes() -> Iterator[type]:
    for module in MODULES:
        for found in vars(module).values():
            if inspect.isclass(found) and found.__module__ == module.__name__:
                yield found


MODELS = [each for each in _classes() if issubclass(each, Bericht)]
ENUMS = [each for each in _classes() if issubclass(each, StrEnum)]
EXPLAINED_ELSEWHERE = (FaultKind, RefusalKind, Regel, PartijRegel)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_a_model_and_its_fields_are_explained(model: type[Bericht]) -> None:
    if model.__name__ not in OURS and not model.__name__.endswith("Event"):
        assert model.__name__ in TERMS
    fields = {info.alias for info in model.model_fields.values()}
    assert fields - CLOUDEVENTS - set(TERMS) == set()


@pytest.mark.parametrize("values", ENUMS, ids=lambda values: values.__name__)
def test_an_enum_and_its_values_are_explained(values: type[StrEnum]) -> None:
    assert values.__name__ in TERMS
    if values not in EXPLAINED_ELSEWHERE:
        assert {each.value for each in values} - set(TERMS) == set()


def test_no_term_stands_there_twice_in_one_table() -> None:
    assert len({tuple(row) for row in ROWS}) == len(ROWS)
    assert all(len(row) == 3 and all(row) for row in ROWS)


FIELDS = {name for model in MODELS for name in model.model_fields}


@pytest.mark.parametrize("place", sorted(set(PLACES)))
def test_the_python_name_of_a_term_exists(place: str) -> None:
    if "." not in place:
        assert place in FIELDS
        return
    try:
        importlib.import_module(place)
    except ModuleNotFoundError:
        module, name = place.rsplit(".", 1)
        assert hasattr(importlib.import_module(module), name)


def test_both_pages_of_errors_and_deviations_are_there() -> None:
    assert (SCHEMAS / "faults.md").is_file()
    assert (SCHEMAS / "deviations.md").is_file()
