"""Which fields are ours is written down in one place; this holds it against what the projector writes."""

from collections.abc import Callable, Mapping

import pytest

from services.operations.rebuild.others import of_others
from services.projector.merging import klantcontact, partij_document, taak
from services.projector.merging.documents import Amendment, difference
from services.projector.merging.taak import MADE_BY_OTHERS
from services.projector.mongo.writes import OURS, SINCE, WITH_FIELDS_OF_OTHERS, Collection, places_of
from services.runtime.mongo.client import Document
from tests.fakes.projector_store import FakeRegister
from tests.support.projector_examples import (
    Event,
    fact,
    partij,
    partij_changed,
    partij_withdrawn,
    registered,
    taak_created,
    taak_withdrawn,
)
from tests.support.projector_scenario import FULL

AMENDMENTS: Mapping[Collection, Callable[[Document], Amendment]] = {
    Collection.KLANTCONTACTEN: klantcontact.amendment,
    Collection.KLANTCONTACTEN_VERTROUWELIJK: klantcontact.amendment,
    Collection.PARTIJEN: lambda document: difference(document, {"_id": document["_id"]}),
    Collection.INTERNE_TAKEN: taak.amendment,
    Collection.INTERNE_TAKEN_VERTROUWELIJK: taak.amendment,
    Collection.VERVALLEN: partij_document.marker_amendment,
}


def without_toelichting(event: Event) -> Event:
    del event["data"]["interneTaak"]["toelichting"]
    return event


EVENTS: list[Event] = [
    registered(partijen=[partij(fields=FULL)]),
    registered("c-2", partijen=[partij("smit", resultaat="leeg")]),
    taak_created(),
    without_toelichting(taak_created("c-2")),
    registered("c-4", fields={"vertrouwelijk": True}),
    registered("c-5", fields={"vertrouwelijk": True}),
    taak_created("c-4", fields={"vertrouwelijk": True}),
    without_toelichting(taak_created("c-5", fields={"vertrouwelijk": True})),
    taak_withdrawn("c-3"),
    partij_withdrawn("c-3", "bakker"),
    partij_changed("jansen", versie=2, beperking=True),
    partij_changed("bakker", versie=2, beperking=True),
]


def documents(collection: Collection) -> list[Document]:
    register = FakeRegister()
    register.merge([fact(event) for event in EVENTS])
    return list(register.contents()[collection].values())


@pytest.mark.parametrize("collection", Collection)
def test_our_fields_are_those_that_the_projector_sets_and_removes(collection: Collection) -> None:
    amendments = [AMENDMENTS[collection](document) for document in documents(collection)]
    written = {path for each in amendments for path in (*each.set, *each.unset)}
    assert written - {SINCE} == OURS[collection]


@pytest.mark.parametrize("collection", WITH_FIELDS_OF_OTHERS)
def test_a_document_that_only_we_wrote_has_no_field_of_others_but_a_taaks_status(collection: Collection) -> None:
    expected = (
        {f"interneTaak.{MADE_BY_OTHERS}": "te_verwerken"} if collection in places_of(Collection.INTERNE_TAKEN) else {}
    )
    found = [of_others(collection, document) for document in documents(collection)]
    assert found == [expected] * 2
