"""A partij as if only some of its contacts had been: what is left out makes no difference but to itself."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.contact_ended_v1 import Toestemming
from schemas.outputs import PartijResultaat
from services.domain.consent import Moment
from services.domain.partij import Bijdrage, PartijRecord
from tests.support.thoroughness import MORE_EXAMPLES

BEGAN = datetime(2026, 3, 2, 9, 50, tzinfo=UTC)


def _bijdrage(
    versie: int, resultaat: PartijResultaat, verklaring: Toestemming | None, day: int, sleutels: tuple[str, ...]
) -> Bijdrage:
    vult = resultaat in {PartijResultaat.NIEUW, PartijResultaat.AANGEVULD} and day % 2 == 0
    contact = Moment(BEGAN + timedelta(days=day), "urn:x:y", f"c-{versie}")
    return Bijdrage(contact, versie, resultaat, verklaring, vult, sleutels)


bijdragen = st.lists(
    st.tuples(
        st.sampled_from(PartijResultaat),
        st.sampled_from([None, None, Toestemming.GEGEVEN, Toestemming.INGETROKKEN]),
        st.integers(0, 5),
        st.sampled_from([(), ("1:bsn:a",), ("1:bsn:a",), ("1:rsin:b", "1:bsn:a")]),
    ),
    max_size=12,
).map(lambda rows: [_bijdrage(versie, *row) for versie, row in enumerate(rows, 1)])


@given(bijdragen, st.integers(0, 12))
@MORE_EXAMPLES
def test_contacts_that_only_count_are_passed_over_without_a_difference(given: list[Bijdrage], geleegd_bij: int) -> None:
    partij = PartijRecord("p", "1", "1:bsn:a", versie=20, geleegd_bij=geleegd_bij)
    one_by_one = PartijRecord("p", "1", "1:bsn:a", geleegd_bij=geleegd_bij)
    for each in given:
        one_by_one = one_by_one.with_bijdrage(replace(each, vult=each.vult and each.versie > geleegd_bij))
    expected = replace(one_by_one, versie=20, geleegd_bij=geleegd_bij)
    assert partij.known_only_by(given[::-1]) == expected


KNOWN = PartijRecord("p", "1", "1:bsn:a", versie=3, contacten=1, sleutels=("1:bsn:a",))
FILLED = replace(KNOWN, gevuld=Moment(BEGAN, "urn:x:y", "c-0"))


@pytest.mark.parametrize(
    ("partij", "changes", "only_counts"),
    [
        pytest.param(KNOWN, {}, True, id="bestaand"),
        pytest.param(FILLED, {}, True, id="bestaand, where details stand"),
        pytest.param(KNOWN, {"resultaat": PartijResultaat.LEEG}, True, id="leeg, where nothing stands"),
        pytest.param(FILLED, {"resultaat": PartijResultaat.LEEG}, False, id="leeg, where details stand"),
        pytest.param(KNOWN, {"resultaat": PartijResultaat.NIEUW}, False, id="nieuw"),
        pytest.param(KNOWN, {"resultaat": PartijResultaat.AANGEVULD}, False, id="aangevuld"),
        pytest.param(KNOWN, {"vult": True}, False, id="it fills"),
        pytest.param(KNOWN, {"verklaring": Toestemming.GEGEVEN}, False, id="a statement"),
        pytest.param(KNOWN, {"sleutels": ("1:bsn:a",)}, True, id="a link that is known"),
        pytest.param(KNOWN, {"sleutels": ("1:bsn:a", "1:rsin:b")}, False, id="a new link"),
    ],
)
def test_a_contact_only_counts_when_it_changes_nothing_else(
    partij: PartijRecord, changes: dict[str, Any], *, only_counts: bool
) -> None:
    bijdrage = replace(
        Bijdrage(Moment(BEGAN, "urn:x:y", "c-1"), 4, PartijResultaat.BESTAAND, None, vult=False, sleutels=()), **changes
    )

    assert partij.only_counts(bijdrage) is only_counts
    if only_counts:
        changed = partij.with_bijdrage(bijdrage)
        assert replace(changed, geleegd_bij=0) == replace(partij, versie=4, contacten=2, geleegd_bij=0)
