"""What a batch asks the register for, before it is judged."""

from services.classifier.mongo.queries import most_numbers, revised
from services.domain.case import Case, prepare
from services.domain.policy import DEFAULT, Beleid, Bron
from tests.support.examples import contact, received
from tests.unit.domain.desk import SLEUTELS, Desk

ONLY_ANOTHER = Beleid(bronnen={"urn:another": Bron()})


def _case(contact_id: str, revisie: int, beleid: Beleid) -> Case:
    return prepare(received(contact(contact_id, revisie=revisie)), SLEUTELS, beleid)


def test_a_revisie_and_a_new_contact_cost_nothing_when_their_source_may_not_publish_them() -> None:
    desk = Desk()
    desk.bring(contact("c-1"))
    asked: list[tuple[int, int]] = []
    for beleid in (DEFAULT, ONLY_ANOTHER):
        batch = [_case("c-1", 2, beleid), _case("c-2", 1, beleid)]
        asked.append((len(revised(batch, desk.register)), sum(most_numbers(batch, desk.register).values())))
    assert asked == [(1, 2), (0, 0)]
