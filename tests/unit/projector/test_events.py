"""Reading a record: the five events of version 1 in structured mode, what is not ours, and what is wrong with ours."""

import json
from collections.abc import Mapping

import pytest

from schemas.klantcontact_registered_v1 import KlantcontactRegistered
from schemas.klantcontact_withdrawn_v1 import KlantcontactWithdrawn
from schemas.partij_withdrawn_v1 import PartijWithdrawn
from schemas.taak_created_v1 import TaakCreated
from schemas.taak_withdrawn_v1 import TaakWithdrawn
from services.projector.errors import Foreign, ForeignReason, Unreadable
from services.projector.events import read
from services.runtime.settings import Settings
from tests.support.projector_examples import (
    OWN_SOURCE,
    OWN_SOURCES,
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
def test_each_event_is_read_as_what_it_is(event: Event, kind: type) -> None:
    assert read(encoded(event), OWN_SOURCES).fact.model is kind


def test_a_field_that_this_release_does_not_know_is_ignored() -> None:
    event = registered()
    event["data"]["klantcontact"]["later"] = "bedacht"

    assert read(encoded(event), OWN_SOURCES).fact == read(encoded(registered()), OWN_SOURCES).fact


def changed(event: Event, **attributes: object) -> bytes:
    return encoded({**event, **attributes})


def data_changed(event: Event, part: str, fields: Mapping[str, object]) -> bytes:
    return encoded({**event, "data": {**event["data"], part: {**event["data"][part], **fields}}})


@pytest.mark.parametrize(
    ("value", "reasons"),
    [
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
def test_an_event_of_ours_that_cant_be_read_is_told_by_place_and_kind_without_values(
    value: bytes, reasons: list[str]
) -> None:
    with pytest.raises(Unreadable) as caught:
        read(value, OWN_SOURCES)

    assert list(caught.value.reasons) == reasons
    assert caught.value.__cause__ is None
    assert "Jansen" not in str(caught.value)


def test_at_most_ten_reasons_are_listed() -> None:
    event = registered()
    event["data"]["klantcontact"] = {}
    event["data"]["herkomst"] = {}

    with pytest.raises(Unreadable) as caught:
        read(encoded(event), OWN_SOURCES)

    assert len(caught.value.reasons) == 10


ELSEWHERE = "urn:nld:oin:00000001003214345000:systeem:Jansen"


def broken(event: Event, **attributes: object) -> bytes:
    """Return an event whose data nobody can project."""
    return encoded({**event, "data": {}, **attributes})


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, ForeignReason.NO_VALUE),
        (b"", ForeignReason.NO_JSON),
        (b"\xff", ForeignReason.NO_JSON),
        (b"{", ForeignReason.NO_JSON),
        (b"Jansen", ForeignReason.NO_JSON),
        (b"[" * 100_000, ForeignReason.NO_JSON),
        (b"null", ForeignReason.OTHER_TYPE),
        (b"17", ForeignReason.OTHER_TYPE),
        (b'["nl.klantinteracties.taak.created"]', ForeignReason.OTHER_TYPE),
        (b'"Jansen"', ForeignReason.OTHER_TYPE),
        (json.dumps({"data": {}}).encode(), ForeignReason.OTHER_TYPE),
        (changed(registered(), type="nl.klantinteracties.Jansen"), ForeignReason.OTHER_TYPE),
        (changed(registered(), type=["nl.klantinteracties.taak.created"]), ForeignReason.OTHER_TYPE),
        (changed(registered(), type="nl.klantinteracties.contact.ended", source=ELSEWHERE), ForeignReason.OTHER_TYPE),
        (changed(registered(), source=ELSEWHERE), ForeignReason.OTHER_SOURCE),
        (broken(taak_created(), source=ELSEWHERE), ForeignReason.OTHER_SOURCE),
        (broken(taak_created(), source=None), ForeignReason.OTHER_SOURCE),
        (broken(taak_created(), source=[OWN_SOURCE]), ForeignReason.OTHER_SOURCE),
    ],
)
def test_a_record_that_is_not_ours_is_told_from_a_broken_event(value: bytes | None, reason: ForeignReason) -> None:
    with pytest.raises(Foreign) as caught:
        read(value, OWN_SOURCES)

    assert caught.value.reason is reason
    assert caught.value.__cause__ is None
    assert "Jansen" not in str(caught.value)


def test_an_event_of_an_earlier_source_is_ours() -> None:
    own = Settings(source=OWN_SOURCE, former_sources=f"{ELSEWHERE}, urn:nld:oin:1:systeem:oud").own_sources

    assert read(changed(registered(), source=ELSEWHERE), own).fact.model is KlantcontactRegistered
    with pytest.raises(Unreadable):
        read(broken(registered(), source=ELSEWHERE), own)
