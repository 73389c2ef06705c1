"""Each converter as a table: what a platform sends, and what the contract gets."""

from typing import Any

import pytest

from schemas.mapping_file import Converter
from services.channels.mapping.converters import converter
from services.channels.mapping.errors import Unconvertible

CONVERTED: list[tuple[str, Any, Any]] = [
    ("tekst", 3, "3"),
    ("tekst", True, "true"),
    ("tekst", "a", "a"),
    ("bijgeknipt", "  a \n b ", "a b"),
    ("bijgeknipt", "abcdefghijkl", "abcdefghi…"),
    ("kleine_letters", "DigiD", "digid"),
    ("getal", "7", 7),
    ("getal", " 7.5 ", 7.5),
    ("getal", 7, 7),
    ("json", '{"a": [1]}', {"a": [1]}),
    ("epoch_ms", 1795165861000, "2026-11-20T09:11:01.000Z"),
    ("epoch_ms", "1795165861123", "2026-11-20T09:11:01.123Z"),
    ("tijd_als_revisie", "2026-11-20T09:11:01Z", 1795165861000),
    ("tijd_als_revisie", "2026-11-20T10:11:01.123456+01:00", 1795165861123),
    ("telefoon", "tel:+31600000002", "+31600000002"),
    ("telefoon", "sip:+31600000002@sbc.gemeente.example;transport=tls", "+31600000002"),
    ("telefoon", "whatsapp:+31600000002", "+31600000002"),
    ("telefoon", "+31 (0)6 0000-0002", "+31600000002"),
    ("telefoon", "0031600000002", "+31600000002"),
    ("telefoon", "06 0000 0002", "0600000002"),
    ("telefoon", 31600000002, "31600000002"),
    ("telefoon", "anonymous", None),
    ("telefoon", "tel:Restricted", None),
    ("telefoon", "+266696687", None),
    ("telefoon", "+86282452253", None),
    ("telefoon", "client:j_devries", None),
    ("ja_nee", "Ja", True),
    ("ja_nee", False, False),
    ("ja_nee", 1, True),
    ("ja_nee", "n", False),
    ("iso_639_2", "nl", "nld"),
    ("iso_639_2", "de-AT", "ger"),
    ("iso_639_2", "eng", "eng"),
    ("iso_639_2", "tlh", None),
    ("postcode", "1234ab", "1234 AB"),
    ("postcode", "1234 AB", "1234 AB"),
    ("postcode", "D-10115", "D-10115"),
    ("uuid", "<CAF00D@mail.example.nl>", "2b52f6d6-40a1-5eb1-b6e6-b8e381708fed"),
]


@pytest.mark.parametrize(("name", "given", "wanted"), CONVERTED)
def test_a_value_is_converted(name: str, given: Any, wanted: Any) -> None:  # noqa: ANN401 - JSON
    found = converter(Converter(name), 10)(given)
    assert found == wanted
    assert type(found) is type(wanted)


REFUSED: list[tuple[str, Any]] = [
    ("tekst", []),
    ("bijgeknipt", 3),
    ("kleine_letters", None),
    ("getal", "zeven"),
    ("getal", True),
    ("getal", "1e999"),
    ("getal", "9" * 5000),
    ("json", "{"),
    ("json", "[" * 200 + "]" * 200),
    ("epoch_ms", -1),
    ("epoch_ms", 10**17),
    ("tijd_als_revisie", "gisteren"),
    ("tijd_als_revisie", "2026-11-20T09:11:01"),
    ("tijd_als_revisie", "2026-02-30T09:11:01Z"),
    ("tijd_als_revisie", 3),
    ("telefoon", []),
    ("ja_nee", "misschien"),
    ("iso_639_2", 3),
    ("postcode", 1234),
    ("uuid", {}),
]


@pytest.mark.parametrize(("name", "given"), REFUSED)
def test_what_a_converter_cannot_read_is_refused(name: str, given: Any) -> None:  # noqa: ANN401 - JSON
    with pytest.raises(Unconvertible):
        converter(Converter(name), 10)(given)


def test_an_id_is_never_cut() -> None:
    assert converter(Converter.BIJGEKNIPT, None)("a" * 300) == "a" * 300


def test_every_converter_has_a_row() -> None:
    assert {name for name, *_ in CONVERTED} == set(Converter)
