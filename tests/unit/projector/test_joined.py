"""Merging what documents of another generation tell: the same as merging the events that they came from."""

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
@settings(deadline=None, max_examples=examples(50))
def test_documents_over_what_topics_still_hold_end_as_all_events_do(history: History, data: st.DataObject) -> None:
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


def test_what_is_known_already_stays_where_both_know_the_same() -> None:
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
