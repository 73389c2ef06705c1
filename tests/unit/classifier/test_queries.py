"""What a batch asks of the register before it is judged: no more than it can need."""

import pytest

from services.classifier.mongo.queries import most_numbers, revised
from services.domain.case import Case, prepare
from services.domain.herbeoordeling import Feiten, Herbeoordeling
from services.domain.numbers import NumberKind
from services.domain.policy import DEFAULT, Beleid, Bron
from tests.support.examples import Wire, contact, known, received
from tests.unit.domain.desk import SLEUTELS, Desk


def _data(revisie: int) -> Wire:
    return {**contact(betrokkenen=[known()]), "revisie": revisie}


def _case(revisie: int) -> Case:
    return prepare(received(_data(revisie)), SLEUTELS, DEFAULT)


@pytest.mark.parametrize(
    ("in_force", "batch", "asked"),
    [
        pytest.param(None, [1], [], id="a new contact"),
        pytest.param(None, [1, 1, 1], [], id="repeats in one batch"),
        pytest.param(None, [1, 2], [2], id="a correction in one batch"),
        pytest.param(None, [2, 1], [2], id="the correction comes first"),
        pytest.param(2, [2, 2], [], id="repeats of what is in force"),
        pytest.param(2, [1], [], id="overtaken"),
        pytest.param(2, [3, 3], [3, 3], id="a correction of what is in force, and its repeat"),
    ],
)
def test_only_a_higher_revisie_asks_for_what_others_did(
    in_force: int | None, batch: list[int], asked: list[int]
) -> None:
    desk = Desk()
    if in_force is not None:
        desk.bring(_data(in_force))

    cases = revised([_case(each) for each in batch], desk.register)

    assert [each.received.contact.revisie for each in cases] == asked


def test_a_new_judgement_asks_for_what_others_did() -> None:
    desk = Desk()
    desk.bring(_data(1))
    again = prepare(received(_data(1)), SLEUTELS, DEFAULT, herbeoordeling=Herbeoordeling(1, Feiten.VASTGELEGD))

    assert revised([again], desk.register) == [again]


def test_what_a_source_may_not_publish_costs_neither_numbers_nor_a_look_at_others() -> None:
    desk = Desk()
    desk.bring(_data(1))
    other = {**_data(1), "contactId": "c-2"}
    asked: list[tuple[int, int]] = []
    for beleid in (DEFAULT, Beleid(bronnen={"urn:another": Bron()})):
        batch = [prepare(received(each), SLEUTELS, beleid) for each in (_data(2), other)]
        numbers = most_numbers(batch, desk.register)
        asked.append((len(revised(batch, desk.register)), numbers[NumberKind.KLANTCONTACT]))
    assert asked == [(1, 2), (0, 0)]
