"""What is stored while one key takes over from another, and what the domain sees of it."""

import copy
from typing import Any

import pytest
from pymongo import UpdateOne

from services.classifier.mongo.documents import besluit_document, partij_document
from services.classifier.mongo.key_versions import SETTLED, KeyState, Translation, state_of, translation, with_hashes
from services.classifier.mongo.register import KEPT_WITHOUT_TRACE
from services.classifier.mongo.writes import partij_writes
from services.domain.case import Case, prepare
from services.domain.policy import DEFAULT
from services.domain.sleutels import Sleutels
from services.runtime.mongo.client import Document
from tests.support.examples import ALICE, contact, known, received
from tests.unit.domain.desk import Desk

OLD = Sleutels(b"a key of the tests, thirty-two bytes")
NEW = Sleutels(b"a key of the tests, thirty-two bytes", b"another key, just as long as the own")

AHEAD, ROTATING, DONE = KeyState(1), KeyState(2, 1), KeyState(2)


def case(sleutels: Sleutels = NEW) -> Case:
    return prepare(received(contact(betrokkenen=[known(number=ALICE)])), sleutels, DEFAULT)


def stored(sleutels: Sleutels) -> tuple[Document, Document]:
    """Return a decision and a partij as a process with these keys stores them."""
    desk = Desk()
    desk.bring(contact(betrokkenen=[known(number=ALICE)]))
    [besluit], [partij] = desk.register.besluiten.values(), desk.register.partijen.values()
    documents = besluit_document(besluit, KEPT_WITHOUT_TRACE), partij_document(partij)
    return with_hashes(documents[0], sleutels.raised), with_hashes(documents[1], sleutels.raised)


@pytest.mark.parametrize(
    ("control", "state"),
    [
        ({"controle": "1:x"}, AHEAD),
        ({"controle": "2:x", "rotatie": {"van": 1, "begonnenOp": "…"}}, ROTATING),
        ({"controle": "2:x", "rotatie": {"van": 1, "begonnenOp": "…", "klaarOp": "…"}}, DONE),
    ],
)
def test_the_control_document_says_which_versies_there_are(control: Document, state: KeyState) -> None:
    assert state_of(control) == state


def test_nothing_is_turned_once_every_hash_is_of_the_newest_key() -> None:
    assert translation(NEW, DONE, [case()]) is SETTLED
    assert translation(OLD, KeyState(1), [case(OLD)]) is SETTLED


@pytest.mark.parametrize(
    ("state", "looked_up"),
    [
        pytest.param(AHEAD, [OLD], id="ahead: what every process stores"),
        pytest.param(ROTATING, [OLD, NEW], id="rotating: both"),
        pytest.param(DONE, [NEW], id="settled"),
    ],
)
def test_a_klant_is_looked_up_by_what_can_be_stored(state: KeyState, looked_up: list[Sleutels]) -> None:
    asked = case()
    [[newest]] = asked.sleutels
    [[identity]] = asked.identities

    forms = translation(NEW, state, [asked]).as_stored([newest])

    assert set(forms) == {sleutels.of_identity(identity) for sleutels in looked_up}


@pytest.mark.parametrize(("state", "writes"), [(AHEAD, OLD), (ROTATING, NEW)])
@pytest.mark.parametrize("held", [OLD, NEW])
def test_the_domain_sees_the_newest_hashes_and_one_versie_is_written(
    state: KeyState, writes: Sleutels, held: Sleutels
) -> None:
    if (state, held) == (AHEAD, NEW):
        return  # nobody stores that
    turning = translation(NEW, state, [case()])
    for index in (0, 1):
        seen = turning.read(copy.deepcopy(stored(held)[index]))
        assert seen == stored(NEW)[index]
        assert turning.written(seen) == stored(writes)[index]


def test_what_the_domain_made_of_a_contact_is_written_as_every_process_stores_it() -> None:
    turning = translation(NEW, AHEAD, [case()])
    assert turning.written(stored(NEW)[0]) == stored(OLD)[0]


def test_any_change_of_a_partij_while_rotating_gives_it_the_newest_hashes() -> None:
    desk = Desk()
    desk.bring(contact(betrokkenen=[known(number=ALICE)]))
    [before] = desk.register.partijen.values()
    desk.bring(contact("c-2", betrokkenen=[known(number=ALICE)]))
    [after] = desk.register.partijen.values()
    turning = Translation(written=lambda document: with_hashes(document, NEW.raised))

    [write] = partij_writes([(before, after)], turning.written, {before.partij_id: partij_document(before)})

    new = stored(NEW)[1]
    assert isinstance(write, UpdateOne)
    update: Any = write._doc
    changed = update["$set"]
    assert {name: changed[name] for name in ("sleutels", "grondsleutel")} == {
        "sleutels": new["sleutels"],
        "grondsleutel": new["grondsleutel"],
    }
