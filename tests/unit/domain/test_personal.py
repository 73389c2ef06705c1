"""Ids, keys and sources that look as if they name a person."""

from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.reading.decoding import Received
from services.domain.personal import (
    _MAY_BE_SUSPECT,
    _SUSPECT,
    FIELDS,
    looks_personal,
    may_look_personal,
    personal_fields,
)
from tests.support.examples import ALICE, contact, onderwerp, received, stranger
from tests.support.thoroughness import MORE_EXAMPLES

PERSONAL = [
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
]


@pytest.mark.parametrize("text", PERSONAL)
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
        f"{ALICE[:4]} {UUID(int=0)} {ALICE[4:]}",
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


@pytest.mark.parametrize("text", PERSONAL)
def test_every_text_that_looks_personal_is_found_in_a_record(text: str) -> None:
    assert list(personal_fields(received(contact(), event_id=text), None)) == ["id"]


@given(
    st.lists(st.text("0123456789", max_size=10) | st.sampled_from([*"0 -+@a\n", "  ", "06-", "00"]), max_size=8).map(
        "".join
    )
)
@MORE_EXAMPLES
def test_the_first_look_misses_nothing_that_an_exact_one_finds(text: str) -> None:
    assert _SUSPECT.search(text.replace(" ", "")) is None or _MAY_BE_SUSPECT.search(text) is not None


@pytest.mark.parametrize("place", range(3))
def test_a_batch_is_worth_a_look_when_any_of_its_records_is(place: int) -> None:
    batch: list[tuple[Received, bytes | None]] = [(received(contact()), b"k")] * 3
    assert not may_look_personal(batch)

    assert may_look_personal([*batch[:place], (received(contact(ALICE)), b"k"), *batch[place:]])
    assert may_look_personal([*batch[:place], (received(contact()), ALICE.encode()), *batch[place:]])
    assert may_look_personal([*batch[:place], (received(contact(), source=f"urn:{ALICE}"), b"k"), *batch[place:]])
