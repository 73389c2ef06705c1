"""What a mapping makes of a message: which values are left out, tables, lists, ids, revisies, bounds."""

import json
from typing import Any

import pytest

from schemas.faults import FaultKind
from schemas.mapping_faults import MappingFaultKind
from schemas.mapping_file import Converter
from schemas.raw_messages import MAX_MESSAGE_BYTES
from services.channels.mapping import converters
from services.channels.mapping.outcome import (
    ChannelFault,
    MappedContact,
    MessageRefusal,
    RefusedContact,
    SkippedContact,
)
from tests.support.mappings import MESSAGE, data_of, event_of, many, mapped, small, verbose

VRAAG = 'onderwerp = { pad = "vraag", als = "bijgeknipt", anders = "Gesprek" }'
KANAAL = 'kanaal = { pad = "kanaal", tabel = "kanaal", anders = "overig" }'


def refused_at(place: str, kind: MappingFaultKind) -> list[RefusedContact]:
    return [RefusedContact(MessageRefusal.MAPPING_FOUT, (ChannelFault(place, kind),))]


def test_a_message_becomes_a_whole_event() -> None:
    (outcome,) = mapped(small())
    assert event_of(outcome) == {
        "specversion": "1.0",
        "id": "5e44db2a-0629-531f-8366-44be7deaaf3e",
        "source": "urn:nld:oin:00000000000000000000:systeem:proef",
        "type": "nl.klantinteracties.contact.ended",
        "time": "2026-11-20T09:00:00Z",
        "datacontenttype": "application/json",
        "dataschema": "urn:klantinteracties:schema:contact.ended:1",
        "data": {
            "contactId": "g-1",
            "kanaal": "telefoon",
            "plaatsgevondenOp": "2026-11-20T09:00:00Z",
            "actoren": [{"soortActor": "medewerker", "naam": "KCC"}],
            "betrokkenen": [
                {
                    "ref": "klant",
                    "rol": "klant",
                    "partijIdentificatoren": [
                        {
                            "codeRegister": "brp",
                            "codeObjecttype": "natuurlijk_persoon",
                            "codeSoortObjectId": "bsn",
                            "objectId": "999990007",
                        }
                    ],
                }
            ],
            "onderwerpen": [{"onderwerp": "Gesprek"}],
            "revisie": 100,
        },
    }


def test_a_repeat_is_the_same_event_and_another_contact_another() -> None:
    one, same, other = (mapped(small(), **each)[0] for each in ({}, {}, {"id": "g-2"}))
    assert one == same
    assert event_of(one)["id"] != event_of(other)["id"]


def test_what_is_not_there_is_left_out_and_what_is_false_or_zero_is_not() -> None:
    mapping = small((KANAAL, f'{KANAAL}\nvertrouwelijk = "geheim"\nbeeindigdOp = "eind"'))
    data = data_of(mapping, geheim=False, eind="", klant={})
    assert data["vertrouwelijk"] is False
    assert "beeindigdOp" not in data
    assert data["betrokkenen"] == [{"ref": "klant", "rol": "klant"}]


def test_a_required_list_stays_when_nobody_is_in_it() -> None:
    assert data_of(small(("{ ref = ", '{ wanneer = "klant.bsn", ref = ')), klant=None)["betrokkenen"] == []


@pytest.mark.parametrize(
    ("sent", "kanaal"), [("bel", "telefoon"), ("fax", "overig"), (None, "overig"), ("", "overig"), (3, "overig")]
)
def test_a_table_knows_what_it_names(sent: Any, kanaal: str) -> None:  # noqa: ANN401 - JSON
    assert data_of(small(), kanaal=sent)["kanaal"] == kanaal


@pytest.mark.parametrize(
    ("sent", "kanaal"), [("fax", "ander"), (True, "waar"), (3, "drie"), (None, "overig"), ("", "overig")]
)
def test_any_other_is_for_a_value_that_is_there(sent: Any, kanaal: str) -> None:  # noqa: ANN401 - JSON
    mapping = small(('bel = "telefoon"', 'true = "waar"\n3 = "drie"\n"*" = "ander"'))
    assert data_of(mapping, kanaal=sent)["kanaal"] == kanaal


def test_a_free_text_is_cut_at_what_its_field_holds() -> None:
    onderwerp = data_of(small(), vraag="a " * 300)["onderwerpen"][0]["onderwerp"]
    assert len(onderwerp) <= 200
    assert onderwerp.endswith("a…")


def test_each_item_has_itself_and_the_whole_message() -> None:
    mapping = small(
        ("[{ onderwerp = { pad", '[{ voor_elk = "vragen", wanneer = "item.t", onderwerp = { pad'),
        ('"vraag"', "\"join(' ', [item.t, alles.id])\""),
    )
    data = data_of(mapping, vragen=[{"t": "een"}, {}, {"t": "twee"}])
    assert data["onderwerpen"] == [{"onderwerp": "een g-1"}, {"onderwerp": "twee g-1"}]


def test_two_shorthands_in_one_table_are_two_objects() -> None:
    mapping = small(
        ('{ bsn = "klant.bsn" }', '{ vestiging = "v", kvk = "k" }'),
        ('rol = { vast = "klant" }', 'rol = { vast = "klant" }, soortPartij = { vast = "organisatie" }'),
    )
    data = data_of(mapping, v="000012345678", k="12345678")
    kinds = [each["codeSoortObjectId"] for each in data["betrokkenen"][0]["partijIdentificatoren"]]
    assert kinds == ["vestigingsnummer", "kvk_nummer"]
    assert "partijIdentificatoren" not in data_of(mapping)["betrokkenen"][0]


@pytest.mark.parametrize(("basis", "herziening", "revisie"), [(None, 0, 100), (7, 0, 700), (7, 3, 703)])
def test_a_revisie_leaves_room_for_mapping_again(basis: int | None, herziening: int, revisie: int) -> None:
    mapping = small(('versie = "1"', f'versie = "1"\nherziening = {herziening}'), (KANAAL, f'{KANAAL}\nrevisie = "r"'))
    assert data_of(mapping, r=basis)["revisie"] == revisie


def test_the_first_key_that_is_there_counts_and_is_not_shown() -> None:
    found = [mapped(small(), klant=klant)[0] for klant in ({"bsn": "999990007"}, {}, {"bsn": ""})]
    assert [each.key for each in found if isinstance(each, MappedContact)] == ["999990007", "g-1", "g-1"]
    assert "key" not in repr(found[0])


def test_the_first_reason_that_holds_is_why_a_message_is_skipped() -> None:
    mapping = small(("[tabel.kanaal]", "ook_niet = \"id == 'g-1'\"\n[tabel.kanaal]"))
    assert mapped(mapping, tijd=None) == [SkippedContact("nog_bezig")]
    assert mapped(mapping) == [SkippedContact("ook_niet")]


def test_one_message_can_hold_several_contacts_each_with_its_own_outcome() -> None:
    mapping = small(("[overslaan]", '[uitpakken]\ncontacten = "to_array(@)"\n[overslaan]'))
    message = json.dumps([MESSAGE, {**MESSAGE, "tijd": None}, {**MESSAGE, "id": None}, 3]).encode()
    first, second, third, fourth = mapping.map_json(message)
    assert isinstance(first, MappedContact)
    assert second == SkippedContact("nog_bezig")
    missing = ChannelFault("contact.contactId", FaultKind.ONTBREEKT, "data.contactId")
    assert third == RefusedContact(MessageRefusal.CONTACT_ONGELDIG, (missing,))
    assert fourth == SkippedContact("nog_bezig")
    assert mapping.map_json(b"[]") == [SkippedContact("geen_contact")]


def test_json_inside_a_text_is_read_first() -> None:
    mapping = small(("[overslaan]", '[uitpakken.json_in]\n"to_array(@)" = "klant"\n[overslaan]'))
    assert data_of(mapping, klant='{"bsn": "999990007"}')["betrokkenen"][0]["partijIdentificatoren"]
    assert data_of(mapping)["betrokkenen"][0]["partijIdentificatoren"]
    assert mapped(mapping, klant="{") == refused_at('uitpakken.json_in."to_array(@)"', MappingFaultKind.OMZETTING)


FAULTS = [
    ('contactId = "id"', 'contactId = "length(id)"', {"id": 3}, "contact.contactId", MappingFaultKind.EXPRESSIE),
    (
        VRAAG,
        'onderwerp = { pad = "v", als = "getal" }',
        {"v": "x"},
        "contact.onderwerpen[0].onderwerp",
        MappingFaultKind.OMZETTING,
    ),
    (KANAAL, KANAAL, {"kanaal": ["bel"]}, "contact.kanaal", MappingFaultKind.OPZOEKEN),
    (
        "[{ onderwerp = {",
        '[{ voor_elk = "vragen", onderwerp = {',
        {"vragen": 3},
        "contact.onderwerpen[0].voor_elk",
        MappingFaultKind.GEEN_LIJST,
    ),
    (VRAAG, 'onderwerp = "klant"', {}, "contact.onderwerpen[0].onderwerp", MappingFaultKind.GEEN_WAARDE),
    ("tijd == null", "starts_with(id, `3`)", {}, "overslaan.nog_bezig", MappingFaultKind.EXPRESSIE),
    (
        "[overslaan]",
        '[uitpakken]\ncontacten = "id"\n[overslaan]',
        {},
        "uitpakken.contacten",
        MappingFaultKind.GEEN_LIJST,
    ),
]


@pytest.mark.parametrize(("old", "new", "message", "place", "kind"), FAULTS)
def test_a_place_that_gives_no_value_is_named(
    old: str, new: str, message: dict[str, Any], place: str, kind: MappingFaultKind
) -> None:
    new = new.replace('{ pad = "vraag"', '{ pad = "item.v"')
    extra = (('"vraag"', '"item.v"'),) if "voor_elk" in new else ()
    assert mapped(small((old, new), *extra), **message) == refused_at(place, kind)


def test_a_fault_of_the_contract_names_the_place_that_filled_it() -> None:
    (outcome,) = mapped(small(), klant={"bsn": "999990008"})
    place = "contact.betrokkenen[0].partijIdentificatoren[0].bsn"
    pad = "data.betrokkenen.0.partijIdentificatoren.0.objectId"
    assert outcome == RefusedContact(MessageRefusal.CONTACT_ONGELDIG, (ChannelFault(place, FaultKind.ELFPROEF, pad),))


def test_the_explanation_names_each_field_its_place_and_what_it_found() -> None:
    (explained,) = small().explain_json(json.dumps(MESSAGE).encode())
    told = {each.pad: (each.place, each.written, each.value) for each in explained.origins}
    assert told["time"] == ("tijd", "tijd", "2026-11-20T09:00:00Z")
    assert told["data.kanaal"] == ("contact.kanaal", "kanaal → [tabel.kanaal]", "telefoon")
    assert told["data.betrokkenen.0.partijIdentificatoren.0.objectId"] == (
        "contact.betrokkenen[0].partijIdentificatoren[0].bsn",
        "klant.bsn",
        "999990007",
    )


# Bounds ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        (b"", MessageRefusal.ONLEESBAAR),
        (b"{", MessageRefusal.ONLEESBAAR),
        (b"\xff", MessageRefusal.ONLEESBAAR),
        (b'{"a": NaN}', MessageRefusal.ONLEESBAAR),
        (b'{"a": 1e999}', MessageRefusal.ONLEESBAAR),
        (b'{"a": %s}' % (b"9" * 101), MessageRefusal.ONLEESBAAR),
        (b'{"a": 0.%s}' % (b"9" * 99), MessageRefusal.ONLEESBAAR),
        (b'{"a": %s}' % (b"9" * 4_299), MessageRefusal.ONLEESBAAR),
        (b"[" * 100_000, MessageRefusal.ONLEESBAAR),
        (b"[" * 80 + b"]" * 80, MessageRefusal.ONLEESBAAR),
        (b" " * (MAX_MESSAGE_BYTES + 1), MessageRefusal.TE_GROOT),
    ],
)
def test_what_is_no_message_is_refused(message: bytes, kind: MessageRefusal) -> None:
    assert small().map_json(message) == [RefusedContact(kind)]


@pytest.mark.parametrize("digits", [100, 101, 4_299, 4_301])
@pytest.mark.parametrize("revisie", ["to_number(n)", "sum([to_number(n), to_number(n)])"])
def test_a_number_of_any_length_in_a_text_is_answered(digits: int, revisie: str) -> None:
    (outcome,) = mapped(small(("kanaal = {", f'revisie = "{revisie}"\nkanaal = {{')), n="9" * digits)
    assert isinstance(outcome, RefusedContact) is (digits == 100 or revisie.startswith("sum"))


def test_a_bug_of_ours_is_no_fault_of_the_message(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_value: object) -> object:
        raise ValueError("a bug")

    monkeypatch.setitem(converters._CONVERTERS, Converter.TEKST, broken)
    mapping = small(('als = "bijgeknipt"', 'als = "tekst"'))
    with pytest.raises(ValueError, match="a bug"):
        mapped(mapping, vraag="x")


def test_too_many_contacts_in_one_message_are_refused() -> None:
    mapping = small(("[overslaan]", '[uitpakken]\ncontacten = "@"\n[overslaan]'))
    assert mapping.map_json(json.dumps([{}] * 501).encode()) == [RefusedContact(MessageRefusal.TE_GROOT)]


def test_events_that_are_too_large_together_are_refused_as_a_whole() -> None:
    mapping = verbose()

    fitting = mapping.map_json(many(350))

    assert sum(len(each.value) for each in fitting if isinstance(each, MappedContact)) > 3 * 1024 * 1024
    assert mapping.map_json(many(500)) == [RefusedContact(MessageRefusal.TE_GROOT)]


TOO_MUCH = [
    ('"vraag"', '"sum(x[].y[].[z, z][])"', {"x": [{"y": [{"z": 1}] * 60}] * 2000}, "contact.onderwerpen[0].onderwerp"),
    ('"vraag"', "\"join(a, b) && 'ja'\"", {"a": "x" * 60_000, "b": [""] * 30_000}, "contact.onderwerpen[0].onderwerp"),
    ('"vraag"', '"v"', {"v": ["x" * 200_000, "y" * 50_000, "z" * 13_000]}, None),
    ('"vraag"', '"v"', {"v": list(range(5001))}, "contact.onderwerpen[0].onderwerp"),
]


@pytest.mark.parametrize(("old", "new", "message", "place"), TOO_MUCH)
def test_a_message_that_asks_for_too_much_is_refused_in_time(
    old: str, new: str, message: dict[str, Any], place: str | None
) -> None:
    text = json.dumps({**MESSAGE, **message}).encode()
    outcomes = small((old, new), (', als = "bijgeknipt"', "")).map_json(text[: MAX_MESSAGE_BYTES * 2])
    kinds = {MessageRefusal.MAPPING_FOUT, MessageRefusal.TE_GROOT}
    assert [each.kind for each in outcomes if isinstance(each, RefusedContact) and each.kind in kinds]
    if place is not None and len(text) <= MAX_MESSAGE_BYTES:
        assert outcomes == refused_at(place, MappingFaultKind.TE_VEEL)


def test_too_many_items_are_refused() -> None:
    mapping = small(("[{ onderwerp = { pad", '[{ voor_elk = "vragen", onderwerp = { pad'), ('"vraag"', '"item"'))
    assert mapped(mapping, vragen=["a"] * 201) == refused_at(
        "contact.onderwerpen[0].voor_elk", MappingFaultKind.TE_VEEL
    )


def test_the_fault_of_a_large_message_stays_that_of_the_event() -> None:
    some = "length(items[?@ > `0`]) > `0`"
    mapping = small(('"vraag"', f'"{some} && vraag"'), ('pad = "kanaal"', f'pad = "{some} && kanaal"'))
    (outcome,) = mapped(mapping, items=[1] * 30_000, klant={"bsn": "999990008"}, vraag="Hoe laat?")
    assert isinstance(outcome, RefusedContact)
    assert outcome.kind is MessageRefusal.CONTACT_ONGELDIG


def test_an_event_that_is_too_large_is_refused() -> None:
    lange = [{"t": "a" * 900} for _ in range(100)]
    mapping = small(
        ("[{ onderwerp = { pad", '[{ voor_elk = "v", inhoud = "item.t", onderwerp = { pad'), ('"vraag"', '"item.t"')
    )
    assert mapped(mapping, v=lange) == [RefusedContact(MessageRefusal.TE_GROOT)]
