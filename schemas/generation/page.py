"""The contract as one HTML page that needs no network, for publishers and subscribers.

It shows the contents of AsyncAPI and the JSON Schemas, with the glossary's meaning of each field and value.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from schemas.faults import HINTS, FaultKind, RefusalKind
from schemas.generation.asyncapi import AsyncApi
from schemas.generation.fields import FieldReader, Table
from schemas.generation.glossary import read_glossary
from schemas.generation.published import EVENTS
from schemas.meanings import meanings

_CODE: Final = re.compile("`([^`]+)`")
_PLACES: Final = {"faults.md": "#errors", "glossary.md": "#terms"}
"""Pages that are sections of this one."""

_INPUTS: Final = {name for event in EVENTS if event.is_input for name in (event.event_file, event.data_file)}


@dataclass(frozen=True, slots=True)
class PageMessage:
    """One message of the page. `data_of` is the message whose data alone it carries."""

    key: str
    definition: AsyncApi
    topics: Sequence[tuple[str, AsyncApi]]
    is_input: bool
    data_of: str | None
    tables: Sequence[Table]
    """Its envelope and all objects in it; or its headers, when another message has its fields or they are unknown."""


def page(document: AsyncApi, schemas: Mapping[str, AsyncApi]) -> str:
    """Return the page of an AsyncAPI document. `schemas` has the JSON Schemas by the names of their files."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"inline": _inline, "paragraphs": _paragraphs, "as_json": _as_json}
    return environment.get_template("page.html.jinja").render(
        document=document,
        operations={each["channel"]["$ref"].rpartition("/")[2]: each for each in document["operations"].values()},
        messages=list(_messages(document, schemas)),
        faults=[(kind, meaning, HINTS[FaultKind(kind)]) for kind, meaning in meanings(FaultKind).items()],
        refusals=list(meanings(RefusalKind).items()),
        terms=read_glossary().things,
    )


def _messages(document: AsyncApi, schemas: Mapping[str, AsyncApi]) -> Iterator[PageMessage]:
    """Yield the messages in the order of the topics that carry them."""
    channels, messages = document["channels"], document["components"]["messages"]
    by_file = {_file(definition): key for key, definition in messages.items()}
    for key in dict.fromkeys(key for channel in channels.values() for key in channel["messages"]):
        definition, file = messages[key], _file(messages[key])
        yield PageMessage(
            key,
            definition,
            [(name, channel) for name, channel in channels.items() if key in channel["messages"]],
            is_input=file in _INPUTS,
            data_of=by_file.get(file.replace(".json", ".event.json")),
            tables=list(_tables(definition, schemas.get(file, {}), is_input=file in _INPUTS)),
        )


def _file(message: AsyncApi) -> str:
    """Return the file of a payload's schema; empty when it has none."""
    return str(message["payload"].get("$ref", "")).rpartition("/")[2]


def _tables(message: AsyncApi, schema: AsyncApi, *, is_input: bool) -> Iterator[Table]:
    if "data" in schema.get("properties", {}):
        reader = FieldReader(schema, read_glossary(), null_is_absent=is_input)
        yield reader.table("envelope", schema)
        yield from reader.objects()
    else:
        reader = FieldReader({"$defs": {}}, read_glossary(), null_is_absent=is_input)
        yield reader.table("headers", message["headers"])


def _inline(text: str) -> Markup:
    """Return the text with code between backquotes, and links to the pages that it names."""

    def code(found: re.Match[str]) -> str:
        place = _PLACES.get(found[1])
        return f'<a href="{place}">{place.removeprefix("#")}</a>' if place else f"<code>{found[1]}</code>"

    return Markup(_CODE.sub(code, str(escape(text))))  # noqa: S704 - escaped before


def _paragraphs(text: str) -> list[str]:
    return [" ".join(each.split()) for each in text.split("\n\n") if each.strip()]


def _as_json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)
