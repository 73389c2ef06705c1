"""The register of processings (AVG, article 30): read from `verwerkingen.toml`, and checked."""

import tomllib
from pathlib import Path
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field

FILE: Final = Path(__file__).with_name("verwerkingen.toml")

MUNICIPALITY: Final = "gemeente"
"""In `bewaren`: the municipality decides."""

REGISTER: Final = "register"
"""In `bewaren`: as long as the register."""

Text = Annotated[str, Field(min_length=1)]
Texts = Annotated[tuple[Text, ...], Field(min_length=1)]


class Verwerking(BaseModel):
    """One processing of personal data."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Annotated[str, Field(pattern=r"^[a-z]+$")]
    """In the Logboek Dataverwerkingen, behind the prefix of the municipality's register."""
    naam: Text
    doel: Text
    grondslag: Text
    betrokkenen: Texts
    gegevens: Texts
    ontvangers: Texts
    bewaren: Texts
    """Settings without their prefix, MUNICIPALITY or REGISTER."""
    maatregelen: Texts
    door: Text
    """The service or command that does it."""


class _Register(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    verwerking: Annotated[tuple[Verwerking, ...], Field(min_length=1)]


def verwerkingen() -> tuple[Verwerking, ...]:
    """Return every processing. Raises pydantic's ValidationError for a register that lacks something."""
    return _Register.model_validate(tomllib.loads(FILE.read_text("utf-8")), strict=False).verwerking
