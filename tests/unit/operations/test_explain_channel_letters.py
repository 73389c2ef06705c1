"""Which dead letters of channels could be of a contact, though they do not say whose they are."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from schemas.faults import RefusalKind
from schemas.reading.origin import Origin
from services.domain.ids import contact_key_named
from services.operations.dead_letters.letters import UNKNOWN, Content, Letter, LetterId, Withheld
from services.operations.explain.channel_letters import _could_be
from services.operations.explain.letters import Sought
from tests.support.examples import OTHER_SOURCE, SOURCE

LETTER = Letter(
    id=LetterId(0, 1),
    written_at=datetime(2026, 12, 1, 12, tzinfo=UTC),
    kind=RefusalKind.MAPPING_FOUT,
    faults=(),
    origin=None,
    source=SOURCE,
    attempt=1,
    earlier=(),
    is_cut=False,
    content=Content(None, b"{", ()),
)


@pytest.mark.parametrize(
    ("letter", "source", "could_be"),
    [
        (LETTER, SOURCE, True),
        (LETTER, None, True),
        (LETTER, OTHER_SOURCE, False),
        (replace(LETTER, source=UNKNOWN), OTHER_SOURCE, True),
        (replace(LETTER, withheld=Withheld.NO_KEY), SOURCE, True),
        (replace(LETTER, withheld=Withheld.LOST, source=UNKNOWN), SOURCE, True),
        (replace(LETTER, withheld=Withheld.ERASED), SOURCE, False),
        (replace(LETTER, withheld=Withheld.EXPIRED), SOURCE, False),
        (replace(LETTER, contact_key=contact_key_named(SOURCE, "c-2")), SOURCE, False),
        (replace(LETTER, contact_key=contact_key_named(SOURCE, "c-1")), SOURCE, False),  # it is of it
    ],
)
def test_a_letter_that_names_nobody_could_be_of_each_contact_of_its_source(
    letter: Letter,
    source: str | None,
    could_be: bool,  # noqa: FBT001 - a column of the table
) -> None:
    assert _could_be(letter, Sought(contact=Origin(source, "c-1")), source) is could_be
