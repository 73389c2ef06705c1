"""Events in any order, and any number of times, result in the documents of the in-order run."""

import random
from collections.abc import Mapping, Sequence
from typing import Any
from unittest.mock import patch

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.projector.merging import partij
from services.projector.mongo.writes import CONFIDENTIAL, SINCE, Collection, places_of
from tests.fakes.projector_store import FakeRegister
from tests.support.projector_examples import Event, fact, partij_id
from tests.support.projector_histories import Draw, History, Published, Shown, Standing, histories
from tests.support.thoroughness import examples

Documents = Mapping[Collection, Mapping[str, Any]]

THOROUGH = settings(max_examples=examples(150), suppress_health_check=[HealthCheck.too_slow])


def stored_after(batches: Sequence[Sequence[Published]]) -> Documents:
    """Return the documents after the batches, without the moments at which they were written."""
    register = FakeRegister()
    for batch in batches:
        register.merge([fact(each.event) for each in batch])
    return {
        collection: {identifier: _without_moment(document) for identifier, document in documents.items()}
        for collection, documents in register.contents().items()
    }


def _without_moment(document: Event) -> Event:
    return {name: value for name, value in document.items() if name != SINCE}


def in_order(history: History) -> Documents:
    return stored_after([[each] for each in history.published])


@st.composite
def deliveries(draw: Draw, history: History) -> Sequence[Sequence[Published]]:
    """Draw an order of topics and events, with repeats, cut into batches."""
    chance = random.Random(draw(st.integers()))
    repeats = chance.sample(history.published, chance.randint(0, len(history.published)))
    delivered = [*history.published, *repeats]
    chance.shuffle(delivered)
    if draw(st.booleans()):
        # One topic after another, as when a projector starts afresh.
        topics = draw(st.permutations(sorted({each.topic for each in delivered})))
        delivered.sort(key=lambda each: topics.index(each.topic))
    size = draw(st.integers(1, max(1, len(delivered))))
    return [delivered[start : start + size] for start in range(0, len(delivered), size)]


@THOROUGH
@given(st.data())
def test_every_order_ends_in_the_documents_of_the_in_order_run(data: st.DataObject) -> None:
    history = data.draw(histories())

    assert stored_after(data.draw(deliveries(history))) == in_order(history)


@THOROUGH
@given(st.data())
def test_the_order_does_not_matter_either_when_contacts_fall_out_of_a_partij(data: st.DataObject) -> None:
    with patch.object(partij, "MAX_CONTACTS", 2):
        history = data.draw(histories())

        assert stored_after(data.draw(deliveries(history))) == in_order(history)


@THOROUGH
@given(histories())
def test_the_in_order_run_ends_in_what_the_decisions_come_to(history: History) -> None:
    stored = in_order(history)

    assert _standing(stored, Collection.KLANTCONTACTEN) == history.klantcontacten
    assert _standing(stored, Collection.INTERNE_TAKEN) == history.taken
    assert {identifier: _visible(each) for identifier, each in stored[Collection.PARTIJEN].items()} == {
        partij_id(name): _must_show(shown) for name, shown in history.partijen.items()
    }


@THOROUGH
@given(histories())
def test_a_removed_document_leaves_ids_and_versies_only(history: History) -> None:
    stored = in_order(history)

    kept = {name for each in stored[Collection.VERVALLEN].values() for name in _all_names(each)}
    assert kept <= {
        "_id",
        "collectie",
        "revisie",
        "besluitversie",
        "versie",
        "geleegdBij",
        "vervallenBij",
        "toestemming",
        "bijdragen",
        "source",
        "contactId",
        "versies",
        "identificatoren",
        "bsn",
        "kvk_nummer",
    }


def _standing(stored: Documents, collection: Collection) -> dict[str, Standing]:
    """Return what stands in a collection and in the confidential one beside it. No thing stands in both."""
    found = [
        (identifier, Standing(each["herkomst"]["revisie"], vertrouwelijk=place is CONFIDENTIAL[collection]))
        for place in places_of(collection)
        for identifier, each in stored[place].items()
    ]
    assert len(dict(found)) == len(found)
    return dict(found)


def _visible(stored: Event) -> Event:
    names = ("toestemming", "contactnaam", "organisatienaam", "digitaleAdressen", "bezoekadres")
    return {
        **{name: stored[name] for name in names if name in stored},
        "identificatoren": {each["codeSoortObjectId"]: each["objectId"] for each in stored["partijIdentificatoren"]},
    }


def _must_show(shown: Shown) -> Event:
    """Return what the partij must show, computed from its contacts in order, without merging."""
    by_decision = list(reversed(shown.brought.values()))
    by_moment = sorted(by_decision, key=lambda each: each["op"].timestamp() * 1000 // 1, reverse=True)
    named = next((each for each in by_decision if "contactnaam" in each or "organisatienaam" in each), {})
    adressen: dict[str, Event] = {}
    for brought in by_moment:
        for adres in brought.get("digitaleAdressen", ()):
            adressen.setdefault(adres["adres"], adres)
    bezoekadres = next((each["bezoekadres"] for each in by_moment if "bezoekadres" in each), None)
    return {
        "toestemming": shown.toestemming,
        **{name: named[name] for name in ("contactnaam", "organisatienaam") if name in named},
        "digitaleAdressen": list(adressen.values()),
        **({"bezoekadres": bezoekadres} if bezoekadres else {}),
        "identificatoren": shown.identificatoren,
    }


def _all_names(document: object) -> set[str]:
    if isinstance(document, list):
        return {name for each in document for name in _all_names(each)}
    if isinstance(document, dict):
        return set(document) | {name for each in document.values() for name in _all_names(each)}
    return set()
