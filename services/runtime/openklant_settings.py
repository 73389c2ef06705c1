"""The settings of the bridge to Open Klant."""

import re
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from services.runtime.kafka_settings import KafkaSettings
from services.runtime.setting_forms import HttpAddress, KafkaName, SourceList


class OpenKlantSettings(KafkaSettings):
    """The part of the settings that is about Open Klant. Without an address there is no bridge."""

    openklant_url: HttpAddress | None = None
    """Where Open Klant answers, without the path of its API, as in https://openklant.example.nl. The commands that
    make, check or search topics need it too, for the topic of the bridge's dead letters."""
    openklant_token_file: Path | None = None
    """The file with the token that Open Klant gave the bridge. It is read at each call, so a new one counts at once."""
    openklant_ca_file: Path | None = None
    """A PEM file with the authority that signed Open Klant's certificate. Without it the system's own count."""
    openklant_timeout: float = Field(default=10, ge=1, le=60)
    """How many seconds one call of Open Klant may take, its answer included."""
    openklant_lanes: int = Field(default=4, ge=1, le=64)
    """How many calls are under way at once. KISS and ITA share the processes of Open Klant, which are four unless set
    otherwise."""
    openklant_group: KafkaName = "klantcontact-openklant"
    """The consumer group of the bridge."""
    openklant_dead_letter_topic: KafkaName = "openklant.dlq"
    """The topic of what Open Klant refuses: ids and reasons, no contents."""
    bridge_sources: SourceList | None = None
    """The `source` of each publisher whose klantcontacten go to Open Klant, several with commas. Leave out those whose
    contacts agents register in KISS by hand: they would stand there twice. Without it, none goes."""
    bridge_confidential: bool = False
    """Whether confidential klantcontacten go to Open Klant, which shows them to everybody who may look."""
    bridge_existing_partij: Literal["leave", "add"] = "leave"
    """What the bridge does with a partij that others made in Open Klant: `add` gives it our addresses, marked as
    ours."""

    @model_validator(mode="after")
    def _open_klant_reached_as_meant(self) -> Self:
        if (self.openklant_url is None) != (self.openklant_token_file is None):
            raise PydanticCustomError(
                "openklant", "KLANTCONTACT_OPENKLANT_URL and KLANTCONTACT_OPENKLANT_TOKEN_FILE go together"
            )
        return self

    @property
    def openklant_topics(self) -> tuple[str, ...]:
        """The names of the topics that only the bridge writes."""
        return (self.openklant_dead_letter_topic,) if self.openklant_url is not None else ()

    @property
    def sources_to_open_klant(self) -> frozenset[str]:
        """The sources whose klantcontacten go to Open Klant."""
        return frozenset(re.split(r"\s*,\s*", self.bridge_sources)) if self.bridge_sources else frozenset()
