"""Which contacts have been kept long enough."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest

from schemas.outputs import Regel
from services.operations.retain.selection import (
    Fate,
    StoredContact,
    StoredKlantcontact,
    StoredPartij,
    changes_due,
    judge_contact,
    judge_details,
    judge_partij,
)
from services.operations.retain.terms import Terms
from tests.support.examples import ALICE, known
from tests.support.examples import contact as contact_data
from tests.unit.domain.desk import Desk

OP: Final = datetime(2026, 3, 2, 9, 50, tzinfo=UTC)
LATER: Final = datetime(2030, 1, 1, tzinfo=UTC)
TERMS: Final = Terms.model_validate(
    {
        "klantcontacten": {"regels": {"V2": "P1Y", "V4": "P5Y"}, "met_zaak": "P10Y"},
        "contactgegevens_na_taak": "P30D",
        "partijen_zonder_contact": "P90D",
        "besluiten_zonder_klantcontact": "P2Y",
    }
)


def klantcontact(regel: Regel = Regel.V2, **facts: object) -> StoredKlantcontact:
    return StoredKlantcontact("k-1", regel, **facts)  # type: ignore[arg-type] # each a fact of it


def contact(*klantcontacten: StoredKlantcontact, beperkt: bool = False) -> StoredContact:
    return StoredContact("c-1", OP, klantcontacten, beperkt)


@pytest.mark.parametrize(
    ("stored", "standing", "why"),
    [
        (contact(klantcontact()), Fate.GOES, "its term has passed"),
        (contact(klantcontact(), klantcontact(Regel.V4)), Fate.NOT_YET, "the last of its klantcontacten decides"),
        (contact(klantcontact(), klantcontact(Regel.V3)), Fate.NO_TERM, "no term was set for one of them"),
        (contact(klantcontact(zaak=True)), Fate.NOT_YET, "a zaak is linked"),
        (contact(klantcontact(taak_open=True)), Fate.OPEN_TAAK, "somebody still needs it"),
        (contact(klantcontact(), beperkt=True), Fate.RESTRICTED, "AVG art. 18"),
        (contact(klantcontact(Regel.V4), beperkt=True), Fate.NOT_YET, "it would not go anyway"),
        (contact(), Fate.GOES, "nothing of it is registered"),
        (contact(beperkt=True), Fate.RESTRICTED, "nothing of it is registered, and its partij is restricted"),
    ],
)
def test_a_contact_goes_once_all_of_it_has_been_kept_long_enough(
    stored: StoredContact, standing: Fate, why: str
) -> None:
    assert judge_contact(stored, TERMS, LATER).standing is standing, why


def test_a_contact_goes_at_the_moment_that_its_term_ends_and_not_before() -> None:
    ends = OP.replace(year=2027)
    stored = contact(klantcontact())
    assert judge_contact(stored, TERMS, ends - timedelta(microseconds=1)).standing is Fate.NOT_YET
    assert judge_contact(stored, TERMS, ends).standing is Fate.GOES


def test_without_terms_nothing_ever_goes() -> None:
    for stored in (contact(), contact(klantcontact(contactgegevens=True, gereed_op=OP))):
        assert judge_contact(stored, Terms(), LATER).standing is Fate.NO_TERM
        assert judge_details(stored, Terms(), LATER) is Fate.NO_TERM
    assert judge_partij(StoredPartij("p-1", "1"), {}, Terms(), LATER) is Fate.NO_TERM


@pytest.mark.parametrize(
    ("stored", "standing"),
    [
        (contact(klantcontact()), Fate.NO_TERM),
        (contact(klantcontact(contactgegevens=True, taak_open=True)), Fate.OPEN_TAAK),
        (contact(klantcontact(contactgegevens=True)), Fate.NOT_YET),
        (contact(klantcontact(contactgegevens=True, gereed_op=LATER - timedelta(days=29))), Fate.NOT_YET),
        (contact(klantcontact(contactgegevens=True, gereed_op=LATER - timedelta(days=30))), Fate.GOES),
        (contact(klantcontact(contactgegevens=True, gereed_op=OP), beperkt=True), Fate.RESTRICTED),
        (
            contact(klantcontact(contactgegevens=True, gereed_op=OP), klantcontact(contactgegevens=True)),
            Fate.NOT_YET,
        ),
    ],
)
def test_details_go_some_time_after_every_taak_of_the_contact_is_done(stored: StoredContact, standing: Fate) -> None:
    assert judge_details(stored, TERMS, LATER) is standing


def test_a_change_of_consent_goes_once_no_contact_knows_its_partij_and_it_is_not_restricted() -> None:
    desk = Desk()
    desk.bring(contact_data("c-1", betrokkenen=[known(number=ALICE)]))
    [judged] = desk.register.besluiten.values()
    change, partij = replace(judged, onderwerpen=()), judged.partijen[0].partij_id

    assert changes_due([change], set(), set()) == [change]
    assert changes_due([change], {partij}, set()) == []
    assert changes_due([change], set(), {partij}) == []


@pytest.mark.parametrize(
    ("since", "beperkt", "standing"),
    [
        (LATER - timedelta(days=89), False, Fate.NOT_YET),
        (LATER - timedelta(days=90), False, Fate.GOES),
        (LATER - timedelta(days=90), True, Fate.RESTRICTED),
        (None, False, Fate.GOES),
    ],
)
def test_the_entry_of_a_partij_goes_some_time_after_the_last_contact_let_go_of_it(
    since: datetime | None,
    beperkt: bool,  # noqa: FBT001 - a column
    standing: Fate,
) -> None:
    left = {} if since is None else {"p-1": since}
    assert judge_partij(StoredPartij("p-1", "1", beperkt), left, TERMS, LATER) is standing
