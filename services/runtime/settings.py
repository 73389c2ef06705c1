"""Everything that an operator can set, in environment variables that begin with `KLANTCONTACT_`."""

import difflib
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, SecretStr, ValidationError, model_validator
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, SettingsConfigDict

from schemas.cloudevents import Uri
from services.runtime.errors import InvalidSettings

PREFIX = "KLANTCONTACT_"

IN_PROCESS_BROKER = f"{PREFIX}IN_PROCESS_BROKER"
"""The demo's own switch; see `services.runtime.kafka.in_process`."""

NOT_SETTINGS = ("KLANTCONTACT_CACHE", "KLANTCONTACT_TEST_", "KLANTCONTACT_BENCH_", IN_PROCESS_BROKER)
"""Beginnings of variables with our prefix that the local stack, the demo, the tests and the benchmarks read."""

KUBERNETES_SERVICE_PARTS = ("_SERVICE_HOST", "_SERVICE_PORT", "_PORT")
"""Kubernetes sets such variables for every Service of the namespace, also for one named klantcontact-…"""


def _form(pattern: str, wanted: str) -> AfterValidator:
    """Return a check of a form, whose refusal says which form is wanted."""

    def check(value: str) -> str:
        if not re.fullmatch(pattern, value):
            raise PydanticCustomError("form", "{wanted}", {"wanted": wanted})
        return value

    return AfterValidator(check)


KafkaName = Annotated[str, _form(r"[A-Za-z0-9._-]{1,249}", "a name has letters, digits, '.', '_' and '-', at most 249")]
Bootstrap = Annotated[
    str,
    _form(r"[^\s:,/]+:\d{1,5}(,[^\s:,/]+:\d{1,5})*", "brokers are given as host:port, several with commas"),
]
MongoUri = Annotated[
    str, _form(r"mongodb(\+srv)?://\S+", "a MongoDB address looks like mongodb://host:27017/?replicaSet=rs0")
]
DatabaseName = Annotated[str, _form(r"[A-Za-z0-9_-]{1,63}", "a database has letters, digits, '_' and '-', at most 63")]


class Settings(BaseSettings):
    """The settings of every process. An empty variable counts as absent.

    A process reads them with `load_settings`, which refuses with a message for the operator.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_ignore_empty=True, extra="forbid", frozen=True, hide_input_in_errors=True
    )

    kafka_bootstrap: Bootstrap = "127.0.0.1:9092"
    """Brokers to start from: host:port, several with commas."""
    kafka_security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    """Kafka's names: SSL is TLS, SASL a login."""
    kafka_sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "SCRAM-SHA-512"
    kafka_username: str | None = None
    kafka_password_file: Path | None = None
    """File with the password of that user."""
    kafka_password: SecretStr | None = None
    """The same password in the variable itself; a file is better kept."""
    kafka_ca_file: Path | None = None
    """PEM file with whom to trust for the brokers' certificates; without it those of the system."""
    kafka_certificate_file: Path | None = None
    """PEM file with our own certificate, for a Kafka that knows its users by that."""
    kafka_key_file: Path | None = None
    """PEM file with the key of that certificate, which is not itself locked by a password."""
    mongo_uri: MongoUri = Field(default="mongodb://127.0.0.1:27017/?replicaSet=rs0", repr=False)
    """Address of a replica set. May hold a password, so it is never shown."""
    mongo_database: DatabaseName = "klantcontact"

    contact_topic: KafkaName = "contact.ended"
    dead_letter_topic: KafkaName = "contact.ended.dlq"
    registered_topic: KafkaName = "klantcontact.registered"
    confidential_topic: KafkaName = "klantcontact.registered.vertrouwelijk"
    taak_topic: KafkaName = "taak.created"
    classifier_group: KafkaName = "klantcontact-classifier"
    projector_group: KafkaName = "klantcontact-projector"
    source: Uri = "urn:nld:oin:00000000000000000000:systeem:klantcontact"
    """`source` of the events that we publish: put the municipality's own OIN in it."""

    sleutel_file: Path | None = None
    """File with the secret key of the register; see `services.runtime.secret`."""
    sleutel: SecretStr | None = None
    """The same key in the variable itself; a file is better kept."""
    sleutelversie: int = Field(default=1, ge=1, le=2**31 - 1)
    """Number of the key, stored beside each hash made with it."""
    beleid_file: Path | None = None
    """TOML file with the policy; without it the defaults of the contract hold."""

    topic_partitions: int = Field(default=12, ge=1, le=1000)
    """Partitions of a topic that is created: the most instances that can share the work. Twelve divides well
    over 2, 3, 4, 6 and 12, and one of them carries more than the contacts of any municipality; each costs the
    classifier a producer. It can't be lowered later, and raising it moves keys to other partitions."""
    contact_retention_days: int = Field(default=7, ge=1, le=3650)
    """How long `contact.ended` is kept: it holds everything that was said, so no longer than repair needs."""
    dead_letter_retention_days: int = Field(default=30, ge=1, le=3650)
    """How long a dead letter, which holds the original, waits to be repaired."""
    output_retention_days: int = Field(default=90, ge=1, le=3650)
    """How long subscribers can read back."""

    batch_size: int = Field(default=500, ge=1, le=5000)
    """Most contacts judged in one transaction. More is faster and holds more in memory: 5,000 of the largest
    (64 KiB) are 320 MB before they are even read."""
    own_failures_limit: int = Field(default=10, ge=1, le=1000)
    """So many messages in a row on which our own code fails stop the service. Above 1,000 a broken release
    would turn a day's contacts into dead letters."""
    shutdown_seconds: int = Field(default=10, ge=1, le=20)
    """Time to finish the batches in flight after SIGTERM. Kubernetes kills after 30 s, and closing what is open can
    take some seconds more."""
    session_timeout_ms: int = Field(default=10_000, ge=1_000, le=300_000)
    """Silence after which the group takes an instance for dead. Under a second a short pause of the machine
    would do that; above five minutes its partitions would stand still too long. The broker has bounds of its
    own (6 s to 30 min unless set otherwise)."""

    health_host: str = "127.0.0.1"
    """Where /livez, /readyz and /metrics answer; 0.0.0.0 in a container."""
    health_port: int = Field(default=0, ge=0, le=65535)
    """0 takes a free port, which the log names, so that both services start on one machine."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["auto", "json", "console"] = "auto"
    """auto: readable lines on a terminal, JSON elsewhere."""

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        if self.sleutel is not None and self.sleutel_file is not None:
            raise PydanticCustomError(
                "sleutel", "give the key as KLANTCONTACT_SLEUTEL_FILE or as KLANTCONTACT_SLEUTEL, not both"
            )
        if len(set(self.topics)) != len(self.topics):
            raise PydanticCustomError("topics", "every topic needs a name of its own")
        if self.classifier_group == self.projector_group:
            raise PydanticCustomError("groups", "classifier and projector need a consumer group each")
        return self

    @model_validator(mode="after")
    def _kafka_reached_as_meant(self) -> Self:
        if misfit := _kafka_misfit(self):
            raise PydanticCustomError("kafka", "{misfit}", {"misfit": misfit})
        return self

    @property
    def topics(self) -> tuple[str, ...]:
        """The names of all topics, input first."""
        return (
            self.contact_topic,
            self.dead_letter_topic,
            self.registered_topic,
            self.confidential_topic,
            self.taak_topic,
        )

    def environment(self) -> dict[str, str]:
        """Return the variables that make these settings in a child process, secrets included."""
        given: dict[str, str] = {}
        for name in sorted(self.model_fields_set):
            value = getattr(self, name)
            if value is not None:
                plain = value.get_secret_value() if isinstance(value, SecretStr) else value
                given[f"{PREFIX}{name.upper()}"] = str(plain)
        return given


def _kafka_misfit(settings: Settings) -> str | None:
    """Return which settings of Kafka contradict each other, so that nothing goes unencrypted by mistake; else None."""
    protocol = settings.kafka_security_protocol
    logs_in, encrypts = protocol.startswith("SASL"), protocol.endswith("SSL")
    password, file = settings.kafka_password is not None, settings.kafka_password_file is not None
    username = settings.kafka_username is not None
    certificate, key = settings.kafka_certificate_file is not None, settings.kafka_key_file is not None
    login = f"{PREFIX}KAFKA_USERNAME, and {PREFIX}KAFKA_PASSWORD_FILE or {PREFIX}KAFKA_PASSWORD"
    choose = f"choose another {PREFIX}KAFKA_SECURITY_PROTOCOL, or leave out"
    misfits = {
        f"{protocol} logs in: set {login}, not both": logs_in and not (username and password != file),
        f"{protocol} does not log in: {choose} {login}": not logs_in and (username or password or file),
        f"{protocol} does not encrypt: {choose} the files with certificates": not encrypts
        and (certificate or key or settings.kafka_ca_file is not None),
        f"{PREFIX}KAFKA_CERTIFICATE_FILE and {PREFIX}KAFKA_KEY_FILE go together": certificate != key,
    }
    return next((told for told, applies in misfits.items() if applies), None)


def load_settings() -> Settings:
    """Read the settings from the environment.

    Raises InvalidSettings, which names every variable that does not fit and says what is wanted.
    """
    faults = list(_unknown_variables(os.environ))
    try:
        settings = Settings()
    except ValidationError as error:
        faults += _faults(error)
    else:
        if not faults:
            return settings
    raise InvalidSettings("\n".join(["The settings don't fit:", *(f"  {fault}" for fault in faults)]))


def _unknown_variables(environment: Mapping[str, str]) -> Iterator[str]:
    known = [name.upper() for name in Settings.model_fields]
    for name in sorted(environment):
        setting = name.upper().removeprefix(PREFIX)
        if setting == name.upper() or setting in known or name.startswith(NOT_SETTINGS):
            continue
        yield f"{name} is not a setting. {_hint(setting, known)}"


def _hint(setting: str, known: list[str]) -> str:
    near = difflib.get_close_matches(setting, known, n=1, cutoff=0.8)
    if near:
        return f"Did you mean {PREFIX}{near[0]}?"
    if any(part in setting for part in KUBERNETES_SERVICE_PARTS):
        return "Kubernetes adds it for a Service: put `enableServiceLinks: false` in the pod."
    return "Remove it: the README lists what can be set."


def _faults(error: ValidationError) -> Iterator[str]:
    for each in error.errors(include_url=False, include_input=False):
        message = f"{each['msg']}."
        if each["loc"]:
            yield f"{PREFIX}{str(each['loc'][0]).upper()}: {message[0].lower()}{message[1:]}"
        else:
            yield f"{message[0].upper()}{message[1:]}"
