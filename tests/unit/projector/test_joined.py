"""Merging documents of another generation equals merging the events that they came from."""

from hypothesis import given, settings
from hypothesis import strategies as st

from services.projector.merging.projection import States, joined
from services.projector.mongo.stored import told_by
from services.projector.mongo.writes import Collection
from services.runtime.mongo.client import Document
from tests.fakes.projector_store import FakeRegister
from tests.support.projector_examples import fact, registered
from tests.support.projector_histories import History, histories
from tests.support.thoroughness import examples


@given(history=histories(), data=st.data())
@settings(max_examples=examples(50))
def test_older_documents_merged_with_the_events_left_in_topics_equal_all_events(
    history: History, data: st.DataObject
) -> None:
    facts = [fact(published.event) for published in history.published]
    projected = data.draw(st.integers(0, len(facts)))
    removed = data.draw(st.integers(0, projected))
    live, new, whole = FakeRegister(), FakeRegister(), FakeRegister()
    live.merge(facts[:projected])
    new.merge(facts[removed:])
    whole.merge(facts)

    for collection in data.draw(st.permutations(list(Collection))):
        new.absorb(told_by(collection, live.contents()[collection].values()))

    assert _without_moments(new) == _without_moments(whole)


def test_the_known_document_stays_where_both_generations_know_the_same() -> None:
    register = FakeRegister()
    register.merge([fact(registered())])
    (document,) = register.contents()[Collection.KLANTCONTACTEN].values()
    damaged: Document = {**document, "klantcontact": {}}

    told = told_by(Collection.KLANTCONTACTEN, [damaged])

    assert joined(told_by(Collection.KLANTCONTACTEN, [document]), told) == States()
    assert joined(States(), told) == told


def _without_moments(register: FakeRegister) -> list[dict[str, Document]]:
    return [
        {identifier: {**each, "sinds": None} for identifier, each in there.items()}
        for there in register.contents().values()
    ]
