"""No output holds a value that its rule does not allow, and each holds all that it should.

Every text of a contact holds a mark. This file works out by itself where each mark may stand.
Source: `schemas/decision.md`, "Details".
"""

from collections.abc import Iterable

from hypothesis import given

from schemas.contact_ended_v1 import ContactEnded, Onderwerp, SoortOpvolging
from schemas.vng import SoortPartij
from services.domain.outcome import Decided
from tests.support.examples import Wire, received
from tests.support.thoroughness import EXAMPLES
from tests.unit.domain.desk import Brought, Desk
from tests.unit.domain.oracle import Oracle
from tests.unit.domain.oracle_judgement import Judged, Outcome
from tests.unit.domain.strategies import History, contacts, histories, marks_in


@EXAMPLES
@given(histories())
def test_each_event_holds_exactly_what_its_rule_allows(history: History) -> None:
    desk, oracle = Desk(), Oracle()
    for source, data in history:
        arrived = received(data, source=source)
        opinion, brought = oracle.judge(arrived), desk.judge(arrived)
        if not isinstance(brought.outcome, Decided):
            continue
        assert isinstance(opinion, Judged)
        contact = arrived.contact
        for onderwerp, outcome in zip(contact.onderwerpen, opinion.outcomes, strict=True):
            allowed = {
                "klantcontact.registered": in_klantcontact(contact, onderwerp, outcome),
                "taak.created": in_taak(onderwerp),
            }
            for each in brought.sent:
                if each.data["herkomst"].get("onderwerpId") == onderwerp.onderwerp_id and each.kind in allowed:
                    assert marks_in(each.data) == allowed[each.kind]
        assert not marks_around(brought)


@EXAMPLES
@given(histories())
def test_an_event_that_takes_back_holds_no_values(history: History) -> None:
    desk = Desk()
    for source, data in history:
        for each in desk.bring(data, source=source).sent:
            if each.kind.endswith(".withdrawn"):
                assert not marks_in(each.body)


@EXAMPLES
@given(contacts())
def test_the_decision_record_and_the_register_hold_no_values(data: Wire) -> None:
    desk = Desk()
    brought = desk.bring(data)
    assert marks_in(data)
    assert not marks_in(f"{brought.besluit} {desk.register.partijen}")


def in_klantcontact(contact: ContactEnded, onderwerp: Onderwerp, outcome: Outcome) -> set[str]:
    """Return the marks that may stand in the klantcontact of an onderwerp."""
    told: list[object] = [contact.kanaal, onderwerp.onderwerp, onderwerp.inhoud or ""]
    told += [each.model_dump() for each in (*contact.actoren, *onderwerp.onderwerpobjecten, *onderwerp.bijlagen)]
    if onderwerp.opvolging.soort in (SoortOpvolging.ZAAK_NIEUW, SoortOpvolging.ZAAK_BESTAAND):
        assert onderwerp.opvolging.zaak is not None
        told.append(onderwerp.opvolging.zaak.model_dump())
    for place in outcome.places.values():
        told += [*place.at_betrokkene, *place.at_partij]
    told += employers_named(contact, outcome)
    return marks_of(told)


def employers_named(contact: ContactEnded, outcome: Outcome) -> Iterable[str]:
    """Return the names of employers that may be told: those of a contactpersoon whose own name may be at its partij."""
    by_ref = {each.ref: each for each in contact.betrokkenen}
    for ref, place in outcome.places.items():
        person = by_ref[ref]
        if person.soort_partij is not SoortPartij.CONTACTPERSOON or not place.takes_details:
            continue
        employer = person.werkte_voor
        if isinstance(employer, str):
            if by_ref[employer].rol != "overig":
                yield by_ref[employer].organisatienaam or ""
        elif employer is not None:
            yield employer.naam or ""


def in_taak(onderwerp: Onderwerp) -> set[str]:
    """Return the marks that may stand in the taak of an onderwerp."""
    opvolging = onderwerp.opvolging
    told: list[object] = [opvolging.gevraagde_handeling or "", opvolging.toelichting or ""]
    if opvolging.toegewezen_aan is not None:
        told.append(opvolging.toegewezen_aan.model_dump())
    return marks_of(told)


def marks_of(values: Iterable[object]) -> set[str]:
    return set().union(*map(marks_in, values))


def marks_around(brought: Brought) -> set[str]:
    """Return the marks outside of the data: in attributes and keys."""
    around = [{name: value for name, value in each.body.items() if name != "data"} for each in brought.sent]
    return marks_of([*around, *(each.key for each in brought.sent)])
