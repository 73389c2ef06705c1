"""Ids, keys and sources that look as if they name a person."""

from typing import Any
from uuid import UUID

import pytest

from services.domain.personal import FIELDS, looks_personal, personal_fields
from tests.support.examples import ALICE, contact, onderwerp, received, stranger


@pytest.mark.parametrize(
    "text",
    [
        ALICE,
        f"klant{ALICE}x",
        f"urn:x:{ALICE}:1",
        "klant@example.nl",
        "0612345678",
        "06-12345678",
        "020-1234567",
        "0592-123456",
        "tel:+31612345678",
        "+31 6 12345678",
        "gesprek-0031612345678",
        "06 12 34 56 78",
        f"{int(ALICE) + 1}/{ALICE}",
    ],
)
def test_a_bsn_an_address_and_a_telephone_number_look_personal(text: str) -> None:
    assert looks_personal(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "k",
        "gesprek-000018",
        "telefonie-2026-09-02-000018",
        str(int(ALICE) + 1),
        f"1{ALICE}",
        "urn:nld:oin:00000001823288444000:systeem:telefonie",
        "2026-09-02T10:00:00.000000",
        str(UUID(int=int(ALICE))),
        f"{ALICE:a>32}",
        "1767225600000",
        "0601234567890",
    ],
)
def test_ids_that_say_nothing_do_not(text: str) -> None:
    assert not looks_personal(text)


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("id", {"event_id": ALICE}),
        ("source", {"source": f"urn:x:{ALICE}"}),
        ("subject", {"other": {"subject": ALICE}}),
        ("contactId", {"data": contact(ALICE)}),
        ("ref", {"data": contact(betrokkenen=[stranger("k"), stranger(ALICE)])}),
        ("onderwerpId", {"data": contact(onderwerpen=[onderwerp(ALICE), onderwerp("0612345678")])}),
    ],
)
def test_a_field_that_looks_personal_is_named_once(field: str, changes: dict[str, Any]) -> None:
    arrived = received(**{"data": contact(), **changes})

    assert list(personal_fields(arrived, None)) == [field]
    assert list(personal_fields(received(contact()), ALICE.encode())) == ["key"]
    assert list(personal_fields(received(contact()), b"\xff")) == []
    assert field in FIELDS
