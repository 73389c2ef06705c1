"""Reading a record: the five events of version 1 in structured mode; anything else is described by place and kind."""

import json
from collections.abc import Mapping

import pytest

from schemas.klantcontact_registered_v1 import KlantcontactRegistered
from schemas.klantcontact_withdrawn_v1 import KlantcontactWithdrawn
from schemas.partij_withdrawn_v1 import PartijWithdrawn
from schemas.taak_created_v1 import TaakCreated
from schemas.taak_withdrawn_v1 import TaakWithdrawn
from services.projector.errors import Unreadable
from services.projector.events import read
from tests.support.projector_examples import (
    Event,
    encoded,
    klantcontact_withdrawn,
    partij_withdrawn,
    registered,
    taak_created,
    taak_withdrawn,
)


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        (registered(), KlantcontactRegistered),
        (klantcontact_withdrawn(), KlantcontactWithdrawn),
        (taak_created(), TaakCreated),
        (taak_withdrawn(), TaakWithdrawn),
        (partij_withdrawn(), PartijWithdrawn),
    ],
)
def test_each_event_is_read_as_its_own_kind(event: Event, kind: type) -> None:
    assert isinstance(read(encoded(event)).data, kind)


def test_a_field_that_this_release_does_not_know_is_ignored() -> None:
    event = registered()
    event["data"]["klantcontact"]["later"] = "bedacht"

    assert read(encoded(event)).data == read(encoded(registered())).data


def changed(event: Event, **attributes: object) -> bytes:
    return encoded({**event, **attributes})


def data_changed(event: Event, part: str, fields: Mapping[str, object]) -> bytes:
    return encoded({**event, "data": {**event["data"], part: {**event["data"][part], **fields}}})


@pytest.mark.parametrize(
    ("value", "reasons"),
    [
        (None, ["no value"]),
        (b"", ["event: json_invalid"]),
        (b"\xff", ["event: json_invalid"]),
        (b'"Jansen"', ["event: dict_type"]),
        (changed(registered(), type="nl.klantinteracties.Jansen"), ["event: union_tag_invalid"]),
        (json.dumps({"data": {}}).encode(), ["event: union_tag_not_found"]),
        (
            changed(taak_created(), dataschema="urn:klantinteracties:schema:taak.created:2"),
            ["nl.klantinteracties.taak.created.dataschema: literal_error"],
        ),
        (
            data_changed(registered(), "klantcontact", {"nummer": "Jansen", "plaatsgevondenOp": "gisteren"}),
            [
                "nl.klantinteracties.klantcontact.registered.data.klantcontact.nummer: string_pattern_mismatch",
                "nl.klantinteracties.klantcontact.registered.data.klantcontact.plaatsgevondenOp: moment_format",
            ],
        ),
    ],
)
def test_an_unreadable_event_is_described_by_place_and_kind_without_values(
    value: bytes | None, reasons: list[str]
) -> None:
    with pytest.raises(Unreadable) as caught:
        read(value)

    assert list(caught.value.reasons) == reasons
    assert caught.value.__cause__ is None
    assert "Jansen" not in str(caught.value)


def test_at_most_ten_reasons_are_listed() -> None:
    event = registered()
    event["data"]["klantcontact"] = {}
    event["data"]["herkomst"] = {}

    with pytest.raises(Unreadable) as caught:
        read(encoded(event))

    assert len(caught.value.reasons) == 10
