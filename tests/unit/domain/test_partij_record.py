"""A partij as if only some of its contacts had been: what is left out makes no difference but to itself."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

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
