"""The most that one contact can get over all its revisies: `schemas/deviations.md`, "What the schemas say beyond"."""

from dataclasses import replace

from schemas.faults import RefusalKind
from services.domain.besluit import MAX_EVER_GIVEN
from services.domain.outcome import Refused
from tests.support.examples import NEW_ZAAK, Wire, betrokkene, contact, known, nth_bsn, onderwerp
from tests.unit.domain.desk import Desk

AT_ONCE = 50
"""The most onderwerpen, and the most partijen, of one event."""

FULL = MAX_EVER_GIVEN // AT_ONCE
"""The number of revisies that reach the bound when each is full and shares nothing with the one before."""

PARTIJEN_TOO_MANY = [("data.betrokkenen", "te_veel")]
ONDERWERPEN_TOO_MANY = [("data.onderwerpen", "te_veel")]
RECORD_TOO_LARGE = [("data.revisie", "te_veel")]


def questions(first: int, number: int = AT_ONCE) -> list[Wire]:
    return [onderwerp(f"o{at}", opvolging=NEW_ZAAK) for at in range(first, first + number)]


def people(first: int) -> list[Wire]:
    return [known(f"k{at}", nth_bsn(at)) for at in range(first, first + AT_ONCE)]


def with_onderwerpen() -> Desk:
    """Return a desk that saw a contact come to the bound in onderwerpen."""
    desk = Desk()
    for at in range(FULL):
        desk.bring(contact(revisie=1 + at, onderwerpen=questions(AT_ONCE * at)))
    return desk


def with_partijen() -> Desk:
    """Return a desk that saw a contact come to the bound in partijen."""
    desk = Desk()
    for at in range(FULL):
        desk.bring(contact(revisie=1 + at, betrokkenen=people(AT_ONCE * at)))
    return desk


def test_a_revisie_with_an_onderwerp_beyond_the_bound_is_refused_and_leaves_everything_as_it_was() -> None:
    desk = with_onderwerpen()
    before = dict(desk.register.besluiten)
    brought = desk.bring(contact(revisie=99, onderwerpen=questions(MAX_EVER_GIVEN, 1)))
    assert brought.faults == ONDERWERPEN_TOO_MANY
    assert isinstance(brought.outcome, Refused)
    assert brought.outcome.refusal.kind is RefusalKind.CONTACT_ONGELDIG
    assert desk.register.besluiten == before


def test_a_revisie_with_a_partij_beyond_the_bound_is_refused_and_leaves_everything_as_it_was() -> None:
    desk = with_partijen()
    before = dict(desk.register.partijen)
    brought = desk.bring(contact(revisie=99, betrokkenen=[betrokkene(middel="digid")]))
    assert brought.faults == PARTIJEN_TOO_MANY
    assert desk.register.partijen == before


def test_an_onderwerp_or_partij_that_the_contact_had_before_can_come_back() -> None:
    assert len(with_onderwerpen().bring(contact(revisie=99, onderwerpen=questions(0))).registered) == AT_ONCE
    assert len(with_partijen().bring(contact(revisie=99, betrokkenen=people(0))).registered) == 1


def test_a_revisie_that_only_takes_back_is_never_refused() -> None:
    brought = with_onderwerpen().bring(contact(revisie=99))
    assert len(brought.of_kind("klantcontact.withdrawn")) == MAX_EVER_GIVEN


def test_a_contact_above_the_bound_from_an_earlier_release_can_still_be_corrected() -> None:
    desk = with_onderwerpen()
    [(key, besluit)] = desk.register.besluiten.items()
    assert len(besluit.uitgegeven) == MAX_EVER_GIVEN
    # As a record of an earlier release has it.
    more = [replace(each, onderwerp_id=f"more-{each.onderwerp_id}") for each in besluit.uitgegeven]
    desk.register.besluiten[key] = replace(besluit, uitgegeven=(*besluit.uitgegeven, *more))
    assert len(desk.bring(contact(revisie=99, onderwerpen=questions(0))).registered) == AT_ONCE
    assert desk.bring(contact(revisie=100, onderwerpen=questions(999, 1))).faults == ONDERWERPEN_TOO_MANY


def test_an_onderwerp_that_gets_no_klantcontact_does_not_count() -> None:
    desk = with_onderwerpen()
    brought = desk.bring(contact(revisie=99, onderwerpen=[onderwerp("answered")]))
    assert [each.regel for each in brought.besluit.onderwerpen] == ["V1"]


def test_a_revisie_whose_record_would_pass_4_mb_is_refused_and_leaves_everything_as_it_was() -> None:
    desk = Desk()
    desk.bring(contact(betrokkenen=[known()], onderwerpen=questions(0)))
    [(key, besluit)] = desk.register.besluiten.items()
    long_ids = [replace(each, onderwerp_id=f"{at}-{'x' * 300_000}") for at, each in enumerate(besluit.uitgegeven[:10])]
    for number, faults in ((5, None), (10, RECORD_TOO_LARGE)):
        desk.register.besluiten[key] = replace(besluit, uitgegeven=(*long_ids[:number], *besluit.uitgegeven))
        before = dict(desk.register.besluiten)
        brought = desk.bring(contact(revisie=2, betrokkenen=[known()], onderwerpen=questions(0)))
        if faults is None:
            assert brought.besluit.revisie == 2
        else:
            assert brought.faults == faults
            assert desk.register.besluiten == before
