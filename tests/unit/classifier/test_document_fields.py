"""Every field of a decision and of a partij stands in their documents, whatever is in it, unless it has its default."""

from collections.abc import Iterator
from dataclasses import MISSING, fields, is_dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, get_args, get_type_hints

import bson
import pytest
from bson.codec_options import CodecOptions
from hypothesis import given
from hypothesis import strategies as st
from pydantic.alias_generators import to_camel

from services.classifier.mongo.documents import besluit_document, besluit_of, partij_document, partij_of
from services.domain.besluit import BesluitRecord
from services.domain.partij import PartijRecord
from tests.support.thoroughness import EXAMPLES

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

KEPT = timedelta(days=120)
PLAIN: Final[dict[Any, st.SearchStrategy[Any]]] = {
    str: st.text(max_size=3),
    int: st.integers(0, 2**40),
    bool: st.booleans(),
    datetime: st.datetimes(timezones=st.just(UTC)),
    type(None): st.none(),
}


def anything(hint: object) -> st.SearchStrategy[Any]:
    """Return a strategy of values that a field with this hint can have, and of the fields within them."""
    if hint in PLAIN:
        return PLAIN[hint]
    if isinstance(hint, type) and is_dataclass(hint):
        hints = get_type_hints(hint)
        return st.builds(hint, **{each.name: anything(hints[each.name]) for each in fields(hint)})
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return st.sampled_from(hint)
    if Ellipsis in get_args(hint):
        return st.lists(anything(get_args(hint)[0]), max_size=2).map(tuple)
    return st.one_of(*map(anything, get_args(hint)))


def stored(document: dict[str, Any]) -> dict[str, Any]:
    """Return a document as MongoDB gives it back."""
    return bson.decode(bson.encode(document), CodecOptions(tz_aware=True))


def names_of(value: "DataclassInstance") -> Iterator[str]:
    """Yield the names that the fields of a value have in its document."""
    for field in fields(value):
        if field.default is MISSING or getattr(value, field.name) != field.default:
            yield to_camel(field.name)


@pytest.mark.interpreted
@EXAMPLES
@given(anything(BesluitRecord))
def test_a_decision_comes_back_as_it_was_with_no_field_at_its_default(besluit: BesluitRecord) -> None:
    kept = besluit.shortened() if besluit.without_trace else besluit
    document = stored(besluit_document(besluit, KEPT))

    assert besluit_of(document) == kept
    named = {"contactId": "wijzigingId"} if kept.is_change else {}
    names = {named.get(name, name) for name in names_of(kept)}
    assert document.keys() - {"_id", "aanleidingen", "vervaltOp"} == names - {"key"}
    for one, each in zip(document["onderwerpen"], kept.onderwerpen, strict=True):
        assert one.keys() == {*names_of(each)}
    for one, other in zip(document.get("partijen", []), kept.partijen, strict=True):
        assert (one.keys(), one["stand"].keys()) == ({*names_of(other)}, {*names_of(other.stand)})


@pytest.mark.interpreted
@EXAMPLES
@given(anything(PartijRecord))
def test_a_partij_comes_back_as_it_was_with_no_field_at_its_default(partij: PartijRecord) -> None:
    document = stored(partij_document(partij))

    assert partij_of(document) == partij
    assert document.keys() - {"_id", "gereserveerd"} == {*names_of(partij)} - {"partijId"}
