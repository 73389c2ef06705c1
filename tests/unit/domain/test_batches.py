"""The end of a batch does not matter: a register with the records that a batch asks for decides as a whole one."""

from dataclasses import dataclass, field
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.classifier.mongo.queries import revised
from services.domain.besluit import BesluitRecord
from services.domain.case import Case, prepare
from services.domain.herbeoordeling import Feiten
from services.domain.numbers import Numbers
from services.domain.outcome import Outcome
from services.domain.partij import PartijRecord
from services.domain.policy import DEFAULT, Beleid
from services.domain.register import Register
from tests.support.examples import (
    SOURCE,
    Wire,
    betrokkene,
    change,
    contact,
    known,
    kvk,
    nth_rsin,
    received,
    received_change,
    rsin,
)
from tests.support.thoroughness import EXAMPLES
from tests.unit.domain.desk import NOW, SLEUTELS, Desk
from tests.unit.domain.policies import POLICIES
from tests.unit.domain.strategies import History, histories


def ready(history: History) -> list[Case]:
    return [prepare(received(data, source=source), SLEUTELS, DEFAULT) for source, data in history]


@EXAMPLES
@given(histories(), st.lists(st.integers(1, 4), min_size=12, max_size=12))
def test_batches_of_any_size_decide_as_contacts_one_by_one_do(history: History, sizes: list[int]) -> None:
    cases = ready(history)
    whole = Register(DEFAULT, Numbers(count(1), count(1), count(1)))
    expected = [whole.judge(case, NOW) for case in cases]
    shelf, judged = Shelf(), []
    for size in sizes:
        judged += shelf.transact(cases[:size])
        cases = cases[size:]
    assert judged == expected
    assert (shelf.partijen, shelf.besluiten) == (whole.partijen, whole.besluiten)


def organisatie(contact_id: str, *identificatoren: Wire, revisie: int = 1) -> tuple[str, Wire]:
    person = betrokkene(
        soort="organisatie", middel="eherkenning", toestemming="gegeven", identificatoren=identificatoren
    )
    return SOURCE, contact(contact_id, revisie=revisie, betrokkenen=[person])


R1, K1 = rsin(nth_rsin(0)), kvk("99990001")


@pytest.mark.parametrize(
    ("before", "batch"),
    [
        pytest.param(
            [organisatie("a", K1)],
            [organisatie("b", R1, K1), organisatie("c", R1), organisatie("c", R1, revisie=2)],
            id="a link made in the batch leads a revised contact to a partij of before",
        ),
        pytest.param(
            [organisatie("a", K1), organisatie("b", K1)],
            [organisatie("b", R1, revisie=2), organisatie("b", K1, revisie=3)],
            id="a revision goes from one partij to another and back",
        ),
        pytest.param(
            [organisatie("a", R1, K1), organisatie("b", K1)],
            [organisatie("b", revisie=2), organisatie("a", K1, revisie=2), organisatie("c", R1)],
            id="a partij loses all but one who know it",
        ),
        pytest.param(
            [organisatie("a", K1)],
            [organisatie("b", K1), organisatie("b", revisie=2)],
            id="a contact and its revision, which names nobody, come together",
        ),
        pytest.param(
            [organisatie("a", K1), organisatie("b", R1)],
            [organisatie("c", R1), organisatie("d", K1)],
            id="nothing is revised",
        ),
    ],
)
def test_a_batch_is_given_what_its_revisions_need(before: History, batch: History) -> None:
    whole = Register(DEFAULT, Numbers(count(1), count(1), count(1)))
    expected = [whole.judge(case, NOW) for case in ready(before + batch)]
    shelf = Shelf()
    assert shelf.transact(ready(before)) + shelf.transact(ready(batch)) == expected


def test_a_partij_that_comes_back_in_a_batch_and_is_taken_back_keeps_the_consent_of_a_change() -> None:
    def klant_then_nobody(contact_id: str) -> list[Case]:
        named, unnamed = contact(contact_id, betrokkenen=[known()]), contact(contact_id, revisie=2)
        return ready([(SOURCE, named), (SOURCE, unnamed)])

    consent = prepare(received_change(change("gegeven")), SLEUTELS, DEFAULT)
    first, correction = klant_then_nobody("a")
    before, batch = [first, consent, correction], klant_then_nobody("b")
    whole = Register(DEFAULT, Numbers(count(1), count(1), count(1)))
    expected = [whole.judge(case, NOW) for case in before + batch]
    shelf = Shelf()
    assert shelf.transact(before) + shelf.transact(batch) == expected
    assert shelf.partijen == whole.partijen


def test_a_batch_does_not_ask_for_records_that_no_revisie_can_touch() -> None:
    shelf = Shelf()
    shelf.transact(ready([organisatie("a", K1), organisatie("b", R1)]))
    batch = ready([organisatie("a", K1, revisie=2), organisatie("c", R1)])
    [partij] = [each for each in shelf.partijen.values() if each.sleutels == batch[0].sleutels[0]]
    assert shelf.filled(batch).touchable(batch[:1], batch) == {partij.partij_id}


@EXAMPLES
@given(histories(), st.sampled_from(POLICIES), st.sampled_from(list(Feiten)))
def test_a_register_that_forgets_unchanged_records_keeps_only_the_changes(
    history: History, beleid: Beleid, feiten: Feiten
) -> None:
    desk = Desk()
    for source, data in history:
        desk.bring(data, source=source)
    register = desk.register
    register.changed_partijen, register.changed_besluiten = set(), set()
    desk.change_policy(beleid)
    for source, data in history:
        desk.again(data, source=source, feiten=feiten)
    expected = Register(
        beleid,
        register.numbers,
        changed_partijen=register.changed_partijen,
        changed_besluiten=register.changed_besluiten,
    )
    for partij_id in register.changed_partijen:
        expected.add_partij(register.partijen[partij_id])
    for key in register.changed_besluiten:
        expected.add_besluit(register.besluiten[key])
    register.forget_unchanged()
    assert register == expected


@dataclass
class Shelf:
    """Keeps records between batches, and gives a batch only what it asks for, as the classifier's store does."""

    numbers: Numbers = field(default_factory=lambda: Numbers(count(1), count(1), count(1)))
    partijen: dict[str, PartijRecord] = field(default_factory=dict)
    besluiten: dict[str, BesluitRecord] = field(default_factory=dict)

    def transact(self, batch: list[Case]) -> list[Outcome]:
        register = self.filled(batch)
        judged = [register.judge(case, NOW) for case in batch]
        self.partijen.update({each: register.partijen[each] for each in register.changed_partijen})
        self.besluiten.update({each: register.besluiten[each] for each in register.changed_besluiten})
        return judged

    def filled(self, batch: list[Case]) -> Register:
        register = Register(DEFAULT, self.numbers)
        for besluit in self.asked_besluiten(batch):
            register.add_besluit(besluit)
        for partij in self.asked_partijen(batch):
            register.add_partij(partij)
        touchable = register.touchable(revised(batch, register), batch)
        for besluit in self.besluiten.values():
            for each in besluit.partijen:
                if each.partij_id in touchable:
                    register.add_bijdrage(each.partij_id, besluit.key, each.bijdrage(besluit.moment))
        return register

    def asked_besluiten(self, batch: list[Case]) -> list[BesluitRecord]:
        keys = {case.key for case in batch} | {case.vervolg_key() for case in batch}
        vervolg = [case.received.contact.vervolg_op for case in batch]
        ids = {each.klantcontact_id for each in vervolg if each is not None}
        return [
            besluit
            for besluit in self.besluiten.values()
            if besluit.key in keys or ids & {each.klantcontact_id for each in besluit.uitgegeven}
        ]

    def asked_partijen(self, batch: list[Case]) -> list[PartijRecord]:
        sleutels = {sleutel for case in batch for of_one in case.sleutels for sleutel in of_one}
        ids = {each for case in batch for each in case.own_partij_ids()}
        for case in batch:
            if case.key in self.besluiten:
                ids.update(each.partij_id for each in self.besluiten[case.key].partijen)
        return [
            partij
            for partij in self.partijen.values()
            if partij.partij_id in ids
            or sleutels & set(partij.sleutels)
            or (not partij.bekend and partij.grondsleutel in sleutels)
        ]
