"""Real events of the classifier through the projector: any order ends in the same, and the right, documents."""

import random
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.classifier.changes import Opdracht
from services.domain.besluit import BesluitRecord, OnderwerpBesluit, Uitgegeven
from services.domain.consent import STATEMENTS
from services.domain.herbeoordeling import Feiten
from services.domain.ids import contact_key
from services.domain.partij import PartijRecord
from services.domain.policy import DEFAULT
from services.projector.events import read
from services.projector.mongo.writes import SINCE, Collection
from tests.fakes.projector_store import FakeRegister
from tests.support.examples import change
from tests.support.projector_examples import OWN_SOURCES
from tests.support.thoroughness import examples
from tests.unit.domain.desk import Brought, Desk
from tests.unit.domain.policies import POLICIES
from tests.unit.domain.strategies import KLANTEN, MOMENTS, History, histories

CHANGES = 0.3
"""How often a new policy and a new judgement follow a contact."""

DETAILS = ("contactnaam", "organisatienaam", "digitaleAdressen", "bezoekadres", "correspondentieadres")

Documents = dict[Collection, dict[str, dict[str, Any]]]

THOROUGH = settings(max_examples=examples(100), suppress_health_check=[HealthCheck.too_slow])


def _stored_after(batches: Sequence[Sequence[bytes]]) -> Documents:
    register = FakeRegister()
    for batch in batches:
        register.merge([read(each, OWN_SOURCES).fact for each in batch])
    return {
        collection: {
            identifier: {name: value for name, value in document.items() if name != SINCE}
            for identifier, document in documents.items()
        }
        for collection, documents in register.contents().items()
    }


def _published(desk: Desk, history: History, seed: int) -> list[bytes]:
    """Return the events of a history in which the policy sometimes changes and a contact is judged again."""
    chance = random.Random(seed)
    published: list[bytes] = []
    for number, (source, data) in enumerate(history):
        published += [sent.value for sent in desk.bring(data, source=source).sent]
        if chance.random() < CHANGES:
            published += [sent.value for sent in _changed(desk, chance).sent]
        if chance.random() < CHANGES:
            desk.change_policy(chance.choice([DEFAULT, *POLICIES]))
            of, former = chance.choice(history[: number + 1])
            in_force = desk.register.besluiten.get(contact_key(of, former["contactId"]))
            besluitversie = in_force.besluitversie if in_force else 1
            again = desk.again(former, source=of, besluitversie=besluitversie, feiten=chance.choice(list(Feiten)))
            published += [sent.value for sent in again.sent]
    return published


def _changed(desk: Desk, chance: random.Random) -> Brought:
    """Bring a change of a klant (known or not, new, repeated or corrected), or of the municipality itself."""
    bekend = [each for each in desk.register.partijen.values() if each.bekend]
    if bekend and chance.random() < CHANGES:
        op, about = datetime.fromisoformat(chance.choice(MOMENTS)), chance.choice(bekend).partij_id
        name = str(chance.random())
        if chance.random() < CHANGES:
            return desk.instruct(Opdracht(name, about, op, toestemming=chance.choice(list(STATEMENTS))))
        return desk.instruct(Opdracht(name, about, op, beperking=chance.random() < 2 * CHANGES))
    data = change(
        chance.choice(["gegeven", "ingetrokken"]),
        wijziging_id=f"w-{chance.randint(1, 3)}",
        revisie=chance.randint(1, 3),
        op=chance.choice(MOMENTS),
        middel=chance.choice(["digid", "digid", "geen"]),
        identificatoren=chance.choice(KLANTEN),
    )
    return desk.say(data)


@THOROUGH
@given(histories(), st.integers(), st.integers(1, 7))
def test_every_order_ends_in_the_documents_of_the_in_order_run(history: History, seed: int, size: int) -> None:
    published = _published(Desk(), history, seed)
    chance = random.Random(seed)
    shuffled = [*published, *chance.sample(published, chance.randint(0, len(published)))]
    chance.shuffle(shuffled)
    batches = [shuffled[start : start + size] for start in range(0, len(shuffled), size)]
    assert _stored_after(batches) == _stored_after([[each] for each in published])


@THOROUGH
@given(histories(), st.integers())
def test_the_final_documents_match_the_decisions_in_force(history: History, seed: int) -> None:
    desk = Desk()
    stored = _stored_after([_published(desk, history, seed)])
    besluiten = desk.register.besluiten.values()
    registered = [(besluit, each) for besluit in besluiten for each in besluit.registered()]
    for vertrouwelijk, klantcontacten, taken in (
        (False, Collection.KLANTCONTACTEN, Collection.INTERNE_TAKEN),
        (True, Collection.KLANTCONTACTEN_VERTROUWELIJK, Collection.INTERNE_TAKEN_VERTROUWELIJK),
    ):
        here = [(besluit, each) for besluit, each in registered if besluit.vertrouwelijk is vertrouwelijk]
        assert set(stored[klantcontacten]) == {_numbers(besluit, each).klantcontact_id for besluit, each in here}
        assert set(stored[taken]) == {
            besluit.taak_id_of(each.onderwerp_id) for besluit, each in here if each.interne_taak
        }
    known = {partij.partij_id: partij for partij in desk.register.partijen.values() if partij.bekend}
    assert set(stored[Collection.PARTIJEN]) == set(known)
    for partij_id, document in stored[Collection.PARTIJEN].items():
        _compare(document, known[partij_id])


def _numbers(besluit: BesluitRecord, onderwerp: OnderwerpBesluit) -> Uitgegeven:
    found = besluit.numbers_of(onderwerp.onderwerp_id)
    assert found is not None
    return found


def _compare(document: dict[str, Any], partij: PartijRecord) -> None:
    assert document["nummer"] == partij.nummer
    assert document["versie"] == partij.versie
    assert document["toestemming"] == ("gegeven" if partij.has_consent else "geen")
    assert document.get("beperking", False) is (partij.beperkt is not None)
    if partij.stand.leeg:
        assert not any(document.get(name) for name in DETAILS)
    assert (partij.gevuld is None) or partij.has_consent
