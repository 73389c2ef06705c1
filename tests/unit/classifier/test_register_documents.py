"""Documents of the register that stood there before this release are still read."""

from services.classifier.mongo.documents import partij_document, partij_of
from tests.support.examples import contact, known
from tests.unit.domain.desk import Desk


def test_a_partij_that_was_stored_with_its_soort_is_read() -> None:
    desk = Desk()
    desk.bring(contact(betrokkenen=[known(toestemming="gegeven")]))
    [partij] = desk.register.partijen.values()

    assert partij_of({**partij_document(partij), "soortPartij": "persoon"}) == partij
