"""What is ignored: unknown fields, fields that count only beside others, and attributes that say nothing."""

import pytest

from schemas.faults import Refusal
from schemas.reading.decoding import Received, decode
from tests.contract.changes import WRITTEN_AT, binary, changed, structured, whole_event
from tests.contract.test_accepted_input import CONTACTPERSOON, KLANT, accepted
from tests.support.examples import line


def test_unknown_fields_are_ignored_and_named_without_positions() -> None:
    unknown = {
        "data.nieuw": {"wat": ["dan", None, 1.5]},
        "data.actoren.0.functie": "x",
        "data.actoren.1.functie": "y",
        f"{KLANT}.contactnaam.titel": None,
        "data.onderwerpen.0.opvolging.toegewezenAan.team": 1,
        f"{CONTACTPERSOON}.werkteVoor": {"naam": "X", "<organisatie>": 1, "adres": {}},
        "data.contact_id": "c-2",
        f"{KLANT}.authenticatie": {"middel": "digid", "dhr. Jansen": 1},
    }
    received = structured(changed(unknown))
    assert isinstance(received, Received)
    assert sorted(received.unknown_fields) == [
        "data.actoren.functie",
        "data.betrokkenen.authenticatie.dhr· Jansen",
        "data.betrokkenen.contactnaam.titel",
        "data.betrokkenen.werkteVoor.<organisatie>",
        "data.betrokkenen.werkteVoor.adres",
        "data.contact_id",
        "data.nieuw",
        "data.onderwerpen.opvolging.toegewezenAan.team",
    ]
    known = {f"{CONTACTPERSOON}.werkteVoor": {"naam": "X"}, f"{KLANT}.authenticatie": {"middel": "digid"}}
    assert received.contact == accepted(known)


@pytest.mark.parametrize("value", ["\ud800", {"\ud800": 1}, [None], 10**400, {"a": {"b": [{"c": None}]}}, "x" * 10_000])
def test_in_an_unknown_field_anything_may_stand(value: object) -> None:
    received = structured(changed({"data.nieuw": value}))
    assert isinstance(received, Received)
    assert received.unknown_fields == ("data.nieuw",)


def test_deep_nesting_in_an_unknown_field_is_ignored() -> None:
    deep = line(changed({"data.nieuw": 0})).replace(b'"nieuw": 0', b'"nieuw": ' + b"[" * 500 + b"]" * 500)
    assert isinstance(decode(deep, (), WRITTEN_AT), Received)


def test_at_most_20_unknown_fields_are_named() -> None:
    received = structured(changed({f"data.nieuw{index}": 1 for index in range(100)}))
    assert isinstance(received, Received)
    assert len(received.unknown_fields) == 20


@pytest.mark.parametrize("ignored", [1, "q", [], {"naam": 1}, {"naam": "x" * 201}, {"partijIdentificatoren": [{}]}])
def test_werkte_voor_is_ignored_at_another_than_a_contactpersoon(ignored: object) -> None:
    assert accepted({f"{KLANT}.werkteVoor": ignored}) == accepted({})


@pytest.mark.parametrize("ignored", [1, "x", [], {"objectId": 1}])
@pytest.mark.parametrize("soort", ["geen", "interne_taak"])
def test_zaak_is_ignored_under_another_soort(soort: str, ignored: object) -> None:
    base = {"data.onderwerpen.0.opvolging.soort": soort}
    assert accepted({**base, "data.onderwerpen.0.opvolging.zaak": ignored}) == accepted(base)


@pytest.mark.parametrize(
    ("traceparent", "carried"),
    [
        ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", True),
        ("Jan Jansen", False),
        ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\n", False),
        (17, False),
        ({"a": ["b"]}, False),
    ],
)
def test_only_a_valid_traceparent_is_carried_on(traceparent: object, *, carried: bool) -> None:
    received = structured(changed({"traceparent": traceparent}))
    assert isinstance(received, Received)
    assert received.traceparent == (traceparent if carried else None)


def test_without_a_record_the_envelopes_time_judges_the_future() -> None:
    late = changed({"data.plaatsgevondenOp": "2026-11-30T10:05:01+01:00"})
    refused = decode(line(late))
    assert isinstance(refused, Refusal)
    assert [fault.soort.value for fault in refused.faults] == ["in_de_toekomst"]
    assert isinstance(structured(late), Received)


def test_a_cloudevents_content_type_means_structured_mode_whatever_else_is_there() -> None:
    headers = [("ce_id", b"x"), ("Content-Type", b"application/cloudevents+json; charset=UTF-8")]
    received = decode(line(whole_event()), headers, WRITTEN_AT)
    assert isinstance(received, Received)
    assert received.event_id == "evt-1"


def test_both_modes_say_the_same() -> None:
    assert structured(whole_event()) == binary(whole_event())
