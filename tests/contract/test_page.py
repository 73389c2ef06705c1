"""The page for publishers and subscribers: it shows everything that the contract says, and needs nothing but itself."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any, Final

import pytest
import yaml

from schemas.generation import files
from schemas.generation.published import EVENTS

VOID: Final = {"meta", "br", "hr"}
ALLOWED_ATTRIBUTES: Final = {"aria-label", "aria-labelledby", "charset", "class", "content", "href", "id", "lang"} | {
    "name",
    "open",
    "role",
    "scope",
    "tabindex",
}
"""None of them but `href` can reach for anything."""


@dataclass
class Element:
    """One element, with the text in it and in all that is in it."""

    tag: str
    attributes: dict[str, str | None]
    text: str = ""
    within: list["Element"] = field(default_factory=list)

    def all(self) -> Iterator["Element"]:
        yield self
        for each in self.within:
            yield from each.all()


class _Reader(HTMLParser):
    """Reads a page whose elements are all closed, and refuses any other."""

    def __init__(self) -> None:
        super().__init__()
        self.open = [Element("", {})]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, dict(attrs))
        self.open[-1].within.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop().tag == tag

    def handle_data(self, data: str) -> None:
        for element in self.open:
            element.text += data


def _read(text: str) -> list[Element]:
    reader = _Reader()
    reader.feed(text)
    reader.close()
    assert len(reader.open) == 1
    return list(reader.open[0].all())[1:]


HTML: Final = files.PAGE.read_text("utf-8")
PAGE: Final = _read(HTML)
BY_ID: Final = {each.attributes["id"]: each for each in PAGE if "id" in each.attributes}
DOCUMENT: Final[dict[str, Any]] = yaml.safe_load(files.ASYNCAPI.read_text("utf-8"))
MESSAGES: Final[dict[str, Any]] = DOCUMENT["components"]["messages"]


def _plain(text: str) -> str:
    """Return a text as a reader sees it: code is marked otherwise, and two pages stand in this one."""
    for name, place in {"`faults.md`": "errors", "`glossary.md`": "terms"}.items():
        text = text.replace(name, place)
    return " ".join(text.replace("`", "").split())


SHOWN: Final = _plain(PAGE[0].text)


# By itself ------------------------------------------------------------------------------------------------------------


def test_nothing_is_fetched_and_nothing_is_run() -> None:
    assert {each.tag for each in PAGE} & {"script", "link", "img", "iframe", "object", "embed", "base", "form"} == set()
    assert {name for each in PAGE for name in each.attributes} <= ALLOWED_ATTRIBUTES
    [style] = [each.text for each in PAGE if each.tag == "style"]
    assert not re.search(r"url\(|@import|@font-face|https?:", style)


def test_every_link_leads_to_a_place_in_the_page() -> None:
    links = {str(each.attributes["href"]) for each in PAGE if "href" in each.attributes}
    assert len(links) > 100
    assert [link for link in links if not link.startswith("#") or link[1:] not in BY_ID] == []


def test_every_place_has_a_name_of_its_own() -> None:
    named = Counter(each.attributes["id"] for each in PAGE if "id" in each.attributes)
    assert [name for name, count in named.items() if count > 1] == []


# For everybody --------------------------------------------------------------------------------------------------------


def test_headings_go_down_one_level_at_a_time() -> None:
    levels = [int(each.tag[1]) for each in PAGE if re.fullmatch("h[1-6]", each.tag)]
    assert levels.count(1) == 1
    main = levels[levels.index(1) :]
    assert all(below <= above + 1 for above, below in pairwise(main))


def test_every_table_has_a_name_and_headers_of_columns_and_rows() -> None:
    tables = [each for each in PAGE if each.tag == "table"]
    assert len(tables) > 40
    for table in tables:
        assert table.attributes["aria-label"]
        rows = [each for each in table.all() if each.tag == "tr"]
        assert {each.attributes["scope"] for each in rows[0].within} == {"col"}
        assert {row.within[0].attributes["scope"] for row in rows[1:]} == {"row"}
        assert {len(row.within) for row in rows} == {len(rows[0].within)}


def test_the_page_says_its_language_and_fits_a_phone() -> None:
    assert PAGE[0].attributes["lang"] == "en"
    assert any(each.attributes.get("name") == "viewport" for each in PAGE)


# Complete -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", list(DOCUMENT["channels"]))
def test_every_topic_is_shown(name: str) -> None:
    channel = DOCUMENT["channels"][name]
    assert channel["address"] == BY_ID[f"topic-{name}"].text
    assert _plain(channel["summary"]) in SHOWN
    assert all(_plain(each.partition(": ")[2]) in SHOWN for each in channel["description"].split("\n\n"))


def test_every_operation_is_shown() -> None:
    assert [each for each in DOCUMENT["operations"].values() if _plain(each["summary"]) not in SHOWN] == []


@pytest.mark.parametrize("name", list(MESSAGES))
def test_every_message_is_shown_with_its_headers_and_example(name: str) -> None:
    message = MESSAGES[name]
    assert BY_ID[name].text == message["title"]
    told = [
        message["summary"],
        message["name"],
        message["contentType"],
        message["bindings"]["kafka"]["key"]["description"],
    ]
    assert [each for each in told if _plain(each) not in SHOWN] == []
    for header in message["headers"]["properties"]:
        assert header == "content-type" or f"{name}.headers.{header}" in BY_ID
    for example in message.get("examples", []):
        assert json.dumps(example["payload"], ensure_ascii=False, indent=2) in PAGE[0].text


def _fields() -> Iterator[Any]:
    """Return every field of every object of every event, from the JSON Schemas that the messages name."""
    for name, message in MESSAGES.items():
        file = message["payload"].get("$ref", "")
        if file.endswith(".event.json"):
            schema = json.loads((files.SCHEMAS / file).read_text("utf-8"))
            objects = {
                "envelope": schema,
                **{key: each for key, each in schema["$defs"].items() if "properties" in each},
            }
            for key, each in objects.items():
                for property_name, rule in each["properties"].items():
                    required = property_name in each["required"] if "required" in each else False
                    place = f"{name}.{key}.{property_name}"
                    yield pytest.param(place, rule, required, schema["$defs"], id=place)


@pytest.mark.parametrize(("place", "rule", "required", "definitions"), list(_fields()))
def test_every_field_is_shown_with_all_that_the_schema_says_of_it(
    place: str, rule: dict[str, Any], definitions: dict[str, Any], *, required: bool
) -> None:
    row = BY_ID[place]
    name, is_required, kind, meaning = (" ".join(each.text.split()) for each in row.within)
    assert name == place.rpartition(".")[2]
    assert is_required == ("required" if required else "")
    assert _plain(rule.get("description", "")) in meaning
    assert kind
    for keyword, value in _rules(rule):
        if keyword in ("maxLength", "maxItems", "minimum", "maximum", "const"):
            assert str(value) in kind
        elif keyword == "default" and value != []:
            assert f"default {value if isinstance(value, str) else json.dumps(value)}" in kind
        elif keyword == "$ref":
            referred = value.removeprefix("#/$defs/")
            shown = [each.text.partition(":")[0] for each in row.within[3].all() if each.tag == "li"]
            assert shown == definitions[referred]["enum"] if "enum" in definitions[referred] else referred in kind


def _rules(rule: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Return every keyword of a rule, of what may stand in a list, and of its alternatives."""
    for keyword, value in rule.items():
        if keyword == "anyOf" and "type" not in rule:
            yield from (each for option in value if "not" not in str(option) for each in _rules(option))
        elif keyword == "items":
            yield from _rules(value)
        else:
            yield keyword, value


def test_every_event_of_the_contract_has_its_fields_shown() -> None:
    shown = {each.partition(".")[0] for each in map(str, BY_ID) if ".envelope." in each}
    assert len(shown) == len(EVENTS)
