"""The forms that a setting can have: each refuses what does not fit, and says which form is wanted."""

import re
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError
from pydantic_settings import NoDecode


def _form(pattern: str, wanted: str) -> AfterValidator:
    """Return a check of a form, whose refusal says which form is wanted."""

    def check(value: str) -> str:
        if not re.fullmatch(pattern, value):
            raise PydanticCustomError("form", "{wanted}", {"wanted": wanted})
        return value

    return AfterValidator(check)


def _listed(value: object) -> object:
    return re.split(r"\s*,\s*", value.strip()) if isinstance(value, str) else value


KafkaName = Annotated[str, _form(r"[A-Za-z0-9._-]{1,249}", "a name has letters, digits, '.', '_' and '-', at most 249")]
KafkaNames = Annotated[tuple[KafkaName, ...], NoDecode, BeforeValidator(_listed), Field(min_length=1)]
"""Names with commas between them. `NoDecode`: a variable holds no JSON."""
FileList = Annotated[tuple[Path, ...], NoDecode, BeforeValidator(_listed), Field(min_length=1)]
"""Paths with commas between them."""
Bootstrap = Annotated[
    str,
    _form(r"[^\s:,/]+:\d{1,5}(,[^\s:,/]+:\d{1,5})*", "brokers are given as host:port, several with commas"),
]
MONGO_FORM = r"mongodb(\+srv)?://\S+"
MongoUri = Annotated[str, _form(MONGO_FORM, "a MongoDB address looks like mongodb://host:27017/?replicaSet=rs0")]
OtlpEndpoint = Annotated[str, _form(r"https?://\S+", "an endpoint looks like https://logboek.example.nl/v1/traces")]
HttpAddress = Annotated[
    str,
    _form(r"https?://[^\s/?#]+(/[^\s?#]*[^\s?#/])?", "an address looks like https://openklant.example.nl"),
]
SourceList = Annotated[
    str,
    _form(
        r"[A-Za-z][A-Za-z0-9+.-]*:[^\s,]+(\s*,\s*[A-Za-z][A-Za-z0-9+.-]*:[^\s,]+)*",
        "sources are URIs, as in urn:nld:oin:<oin>:systeem:<naam>, several with commas",
    ),
]
DatabaseName = Annotated[str, _form(r"[A-Za-z0-9_-]{1,63}", "a database has letters, digits, '_' and '-', at most 63")]
GIB = 1024**3
RetentionBytes = Annotated[int, Field(ge=1024**2, le=1024**5)]
