"""The part of a channel's table that the intake reads: how a platform proves who it is, and how it wraps messages."""

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from schemas.raw_messages import MAX_MESSAGE_BYTES

MIB: Final = 1024 * 1024


class Omhulsel(StrEnum):
    """How a request holds messages."""

    GEEN = "geen"
    """The body is one message."""
    LIJST = "lijst"
    """The body is a JSON array, and each object in it a message."""
    CLOUDEVENTS = "cloudevents"
    """A CloudEvent by the binding of HTTP: structured, binary, or a batch of them."""
    FORMULIER = "formulier"
    """The fields of an HTML form, which become one JSON object."""
    MAIL = "mail"
    """The body is a mail of RFC 822."""
    FIREHOSE = "firehose"
    """Records in base64, as Amazon Data Firehose delivers them to an HTTP endpoint."""


class ProofKind(StrEnum):
    """How a platform proves who it is. The header `bewezen` of a raw record has these words."""

    API_SLEUTEL = "api_sleutel"
    """The secret is the value of a header."""
    BASIC = "basic"
    """The secret is the password of HTTP's basic authentication."""
    GRAPH = "graph"
    """The secret is the `clientState` of each notification of Microsoft Graph."""
    MTLS = "mtls"
    """A proxy has seen the client's certificate. The secret proves the proxy."""
    TWILIO = "twilio"
    """The secret is the auth token, or the shared key, that signs Twilio's requests."""


NEEDS: Final[Mapping[ProofKind, frozenset[str]]] = {
    ProofKind.API_SLEUTEL: frozenset(),
    ProofKind.BASIC: frozenset({"gebruiker"}),
    ProofKind.GRAPH: frozenset(),
    ProofKind.MTLS: frozenset({"kop", "certificaten"}),
    ProofKind.TWILIO: frozenset({"publieke_url"}),
}
"""The fields that each proof needs beside the secret. `api_sleutel` may have `kop` too; other fields are refused."""

OWN_FIELDS: Final = frozenset().union(*NEEDS.values())

HeaderName = Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{1,100}$")]
HttpOrigin = Annotated[str, Field(pattern=r"^[A-Za-z0-9.*:/_-]{1,255}$")]


class IntakeFields(BaseModel):
    """The fields of a channel that the intake reads."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", hide_input_in_errors=True)

    omhulsel: Annotated[Omhulsel, Field(strict=False)] = Omhulsel.GEEN
    """How a request holds messages."""
    authenticatie: Annotated[ProofKind, Field(strict=False)] | None = None
    """How the platform proves who it is. Without it the intake takes nothing for this channel, whose messages reach
    Kafka in another way."""
    geheim_bestand: Annotated[Path, Field(strict=False)] | None = None
    """The file with the secret, from the folder of this file. Each line is one: while a secret is replaced, the old and
    the new one stand there."""
    gebruiker: Annotated[str, Field(pattern=r"^[^:\s]{1,100}$")] | None = None
    """The user of `basic`."""
    kop: HeaderName | None = None
    """The header with the secret of `api_sleutel`, by default `Authorization`; with the certificate for `mtls`."""
    certificaten: Annotated[tuple[str, ...], Field(strict=False, min_length=1, max_length=100)] | None = None
    """The certificates that may deliver here, each by the text that the proxy writes in `kop`."""
    publieke_url: Annotated[str, Field(pattern=r"^https?://[^\s?#]{1,500}$")] | None = None
    """The address that Twilio was given, without `?` and what follows. Twilio signs it."""
    oorsprongen: Annotated[tuple[HttpOrigin, ...], Field(strict=False, max_length=100)] = ()
    """The senders of CloudEvents that may deliver here, as they name themselves in `WebHook-Request-Origin`."""
    max_bytes: int = Field(default=MAX_MESSAGE_BYTES, ge=1024, le=4 * MIB)
    """The most bytes of one request, as sent and as unpacked."""
    stil_na_uren: int = Field(default=72, ge=1, le=8760)
    """The hours without a message after which the channel counts as silent. The default outlasts a weekend."""

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        if misfit := _misfit(self):
            raise PydanticCustomError("authenticatie", "{misfit}", {"misfit": misfit})
        return self


def _misfit(fields: IntakeFields) -> str | None:
    """Return which fields do not fit the kind of proof, and what to do about it; None when all fit."""
    kind = fields.authenticatie
    if kind is None:
        return "geheim_bestand needs authenticatie, which says how it is used" if fields.geheim_bestand else None
    if fields.geheim_bestand is None:
        return f'authenticatie = "{kind}" needs geheim_bestand, the file with the secret'
    given = {name for name in OWN_FIELDS if getattr(fields, name) is not None}
    if missing := sorted(NEEDS[kind] - given):
        return f'authenticatie = "{kind}" needs {" and ".join(missing)}'
    allowed = NEEDS[kind] | ({"kop"} if kind is ProofKind.API_SLEUTEL else set())
    if unused := sorted(given - allowed):
        return f'authenticatie = "{kind}" does not use {" and ".join(unused)}: take it out'
    return None
