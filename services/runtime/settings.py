"""Everything that an operator can set, in environment variables that begin with `KLANTCONTACT_`."""

import re
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, SecretStr, model_validator
from pydantic_core import PydanticCustomError

from schemas.cloudevents import Uri
from schemas.raw_messages import dead_letter_topic_of
from services.runtime.channel_topics import raw_topics_in
from services.runtime.kafka_settings import PREFIX
from services.runtime.openklant_settings import OpenKlantSettings
from services.runtime.setting_forms import (
    GIB,
    DatabaseName,
    FileList,
    KafkaName,
    KafkaNames,
    MongoUri,
    OtlpEndpoint,
    RetentionBytes,
    SourceList,
)

__all__ = ["IN_PROCESS_BROKER", "PREFIX", "Settings"]

IN_PROCESS_BROKER = f"{PREFIX}IN_PROCESS_BROKER"
"""The demo's own switch; see `services.runtime.kafka.in_process`."""


class Settings(OpenKlantSettings):
    """The settings of every process. An empty variable counts as absent.

    A process reads them with `load_settings`, which refuses with a message for the operator.
    """

    mongo_uri: MongoUri = Field(default="mongodb://127.0.0.1:27017/?replicaSet=rs0", repr=False)
    """The address of a replica set, which may have one node: transactions need a replica set. It may hold a password,
    so it is never shown."""
    mongo_uri_file: Path | None = None
    """A file with that address instead: safer when it holds a password. It is read at each connection."""
    mongo_database: DatabaseName = "klantcontact"
    """The database of the documents that the projector makes; it also holds the register, unless the next setting says
    otherwise."""
    mongo_register_database: DatabaseName | None = None
    """The database of the register: klanten as hashes, decisions, numbers, and what operators did. Without it they
    stand in the database above. Choose before the first start: nothing moves a register that is there."""

    contact_topics: KafkaNames = ("contact.ended",)
    """The topics that publishers write to, several with commas: one for each publisher, so that Kafka's own rights say
    who may speak in it. All are read and judged alike."""
    consent_topics: KafkaNames = ("toestemming.gewijzigd",)
    """The topics for consent that changed outside a contact, several with commas: one for each publisher."""
    dead_letter_topic: KafkaName = "contact.ended.dlq"
    """The topic of refused events."""
    registered_topic: KafkaName = "klantcontact.registered"
    """The topic of klantcontacten."""
    confidential_topic: KafkaName = "klantcontact.registered.vertrouwelijk"
    """The topic of confidential klantcontacten."""
    taak_topic: KafkaName = "taak.created"
    """The topic of interne taken."""
    confidential_taak_topic: KafkaName = "taak.created.vertrouwelijk"
    """The topic of interne taken of confidential klantcontacten."""
    erased_topic: KafkaName = "klantcontact.gewist"
    """The topic that remembers what was erased: ids and moments, no contents. A restored backup is cleaned by it."""
    audit_topic: KafkaName = "klantcontact.audit"
    """The topic of the audit trail: who saw or changed what. It is also the transactional id of who appends to it."""
    classifier_group: KafkaName = "klantcontact-classifier"
    """The consumer group of the classifier."""
    projector_group: KafkaName = "klantcontact-projector"
    """The consumer group of the projector."""
    mapper_group: KafkaName = "klantcontact-mapper"
    """The consumer group of the mapper."""
    source: Uri = "urn:nld:oin:00000000000000000000:systeem:klantcontact"
    """The `source` of the events that the classifier publishes. Put the municipality's own OIN in it. The projector
    passes over events of any other source."""
    former_sources: SourceList | None = None
    """Every `source` that the classifier published under before, several with commas. The output topics hold such
    events as long as they are kept, and the projector and `klantcontact rebuild` take them for their own."""

    sleutel_file: Path | None = None
    """The file with the secret key of the register, the newest one: 32 bytes or more, from `openssl rand -hex 32`. Only
    the service may read it (mode 0600). The classifier does not start without a key, and refuses any key but the
    register's own."""
    sleutel: SecretStr | None = None
    """The same key in the variable itself. A file is safer. Set one of the two."""
    former_sleutel_files: FileList | None = None
    """The files with the keys that the register had before, the first one first, with commas. The register needs them
    for ever: see docs/privacy/key.md."""
    beleid_file: Path | None = None
    """The TOML file with the policy. Without it the defaults of the contract hold."""
    bewaren_file: Path | None = None
    """The TOML file that says how long `klantcontact retain` keeps what, as `deploy/bewaren.toml` shows. Without it
    nothing has a term, and all is kept."""

    kanalen_file: Path | None = None
    """The TOML file with the channels whose messages become `contact.ended` (docs/channels.md). The mapper and the
    intake need it, and each command that makes, checks or searches topics: set it for those alone. Without it a search
    says that the topics of channels were left out. `/dev/null` says that there are no channels."""

    topic_partitions: int = Field(default=12, ge=1, le=1000)
    """The partitions of a topic that `klantcontact topics create` makes: the most instances that can share its work.
    The topics for changes of consent and the audit trail have one. The number can't be lowered later, and raising it
    moves keys to other partitions."""
    contact_retention_days: int = Field(default=7, ge=1, le=3650)
    """How long the topics of publishers are kept. They hold all that was said, so keep them no longer than repair
    needs."""
    dead_letter_retention_days: int = Field(default=21, ge=1, le=3650)
    """How long a dead letter, which holds the original event, waits to be repaired. Then nobody can open it any more.
    A request of a citizen has to be answered within a month (AVG 12(3)), and can rest on what lies there."""
    output_retention_days: int = Field(default=90, ge=1, le=3650)
    """How long subscribers can read back."""
    output_compaction_hours: int = Field(default=24, ge=1, le=720)
    """Within how long Kafka removes what a newer event of the same key replaces in an output topic, once its segment is
    closed. A withdrawal, and an erasure, counts on it."""
    output_segment_hours: int = Field(default=12, ge=1, le=720)
    """How long a segment of an output topic stays open. What lies in the open segment is not removed, so it is shorter
    than the hours above. Their difference is how long a subscriber surely finds every event."""
    output_segment_bytes: int = Field(default=1024**2, ge=1024**2, le=1024**3)
    """The largest segment of an output topic. Kafka joins cleaned segments up to this size, and removes one when its
    newest record is older than the retention: so a partition keeps this much for longer. Raise it where a partition
    takes in more than 10 MiB a day."""
    audit_retention_days: int = Field(default=3653, ge=365, le=36_530)
    """How long the audit trail is kept: ten years, so that it outlives the claims of a person whose data was seen. It
    holds ids and names of operators, and no contents."""
    contact_retention_bytes: RetentionBytes = 8 * GIB
    """The most bytes that Kafka keeps of one partition of such a topic, as compressed. Kafka removes what is older,
    read or not. Keep it far above what comes in while the classifier may stand still."""
    dead_letter_retention_bytes: RetentionBytes = 2 * GIB
    """The same of the topic of refused events."""
    output_retention_bytes: RetentionBytes = 16 * GIB
    """The same of each output topic."""

    batch_size: int = Field(default=500, ge=1, le=5000)
    """The most contacts in one transaction of the classifier, which also ends at 1 MiB of contacts. More is faster
    and takes more memory."""
    projector_batch_size: int = Field(default=1000, ge=1, le=5000)
    """The most events that the projector and `klantcontact rebuild` write in one transaction, which also ends at
    4 MiB of events. More is faster and takes more memory."""
    max_unpacked_bytes: int = Field(default=16 * 1024 * 1024, ge=2 * 1024 * 1024, le=1024**3)
    """The most bytes of one batch of Kafka, unpacked. A larger one becomes one dead letter without content. Each
    partition that is read can take twice as much memory."""
    own_failures_limit: int = Field(default=10, ge=1, le=1000)
    """How many messages in a row may fail in our own code before their partition stops. A high limit lets a broken
    release turn good contacts into dead letters."""
    shutdown_seconds: int = Field(default=10, ge=1, le=20)
    """The time to finish batches in flight after SIGTERM. Closing connections can take some seconds more; Kubernetes
    kills after 30 s."""
    session_timeout_ms: int = Field(default=10_000, ge=1_000, le=300_000)
    """The silence after which the group takes an instance for dead. The broker has bounds of its own: 6 s to 30 min
    unless it was set otherwise."""

    intake_host: str = "127.0.0.1"
    """The address at which the intake answers platforms: 0.0.0.0 in a container."""
    intake_port: int = Field(default=8090, ge=0, le=65535)
    """The port of the intake. 0 takes a free one, which the log names."""
    intake_certificate_file: Path | None = None
    """A PEM file with the certificate of the intake, and those that signed it. Without it the intake speaks plain HTTP,
    for a proxy that does TLS. A renewed certificate is read at the next start."""
    intake_key_file: Path | None = None
    """A PEM file with the key of that certificate, without a password on it."""

    health_host: str = "127.0.0.1"
    """The address at which /livez, /readyz and /metrics answer: 0.0.0.0 in a container."""
    health_port: int = Field(default=0, ge=0, le=65535)
    """The port of the same. 0 takes a free port, which the log names, so that both services start on one machine."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """The least level that is logged. `debug` shows each decision."""
    log_format: Literal["auto", "json", "console"] = "auto"
    """The form of the log. `auto` writes readable lines on a terminal and JSON elsewhere."""
    ldv_otlp_endpoint: OtlpEndpoint | None = None
    """Where the Logboek Dataverwerkingen takes records, by OTLP over HTTP, as in https://logboek.example.nl/v1/traces.
    Without it there is no Logboek."""
    ldv_sleutel_file: Path | None = None
    """The file with the key under which the Logboek names a klant: 32 bytes or more, another one than the register's.
    It goes with the endpoint."""
    ldv_register: Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9+.-]*:\S+$")] = "urn:klantinteracties:verwerking:"
    """The address of the municipality's register of processings: it stands before the id of each processing."""

    backup_days: int | None = Field(default=None, ge=1, le=36_530)
    """How long the municipality keeps a backup of MongoDB, before it is destroyed. The reports about a person say so;
    nothing here makes or removes one."""
    log_days: int | None = Field(default=None, ge=1, le=36_530)
    """How long the municipality keeps the logs and traces of the services, which hold ids. The reports say so too."""

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        if self.sleutel is not None and self.sleutel_file is not None:
            raise PydanticCustomError(
                "sleutel", "give the key as KLANTCONTACT_SLEUTEL_FILE or as KLANTCONTACT_SLEUTEL, not both"
            )
        if self.mongo_uri_file is not None and "mongo_uri" in self.model_fields_set:
            raise PydanticCustomError(
                "mongo_uri",
                "give the address of MongoDB as KLANTCONTACT_MONGO_URI_FILE or as KLANTCONTACT_MONGO_URI, not both",
            )
        if (self.intake_certificate_file is None) != (self.intake_key_file is None):
            raise PydanticCustomError(
                "intake", "KLANTCONTACT_INTAKE_CERTIFICATE_FILE and KLANTCONTACT_INTAKE_KEY_FILE go together"
            )
        if (self.ldv_otlp_endpoint is None) != (self.ldv_sleutel_file is None):
            raise PydanticCustomError(
                "ldv", "KLANTCONTACT_LDV_OTLP_ENDPOINT and KLANTCONTACT_LDV_SLEUTEL_FILE go together"
            )
        if len(set(self.every_topic)) != len(self.every_topic):
            raise PydanticCustomError("topics", "every topic needs a name of its own")
        if self.output_segment_hours > self.output_compaction_hours:
            raise PydanticCustomError(
                "output_segment_hours",
                "KLANTCONTACT_OUTPUT_SEGMENT_HOURS is at most KLANTCONTACT_OUTPUT_COMPACTION_HOURS: Kafka removes "
                "nothing from a segment that is open",
            )
        groups = (self.classifier_group, self.projector_group, self.mapper_group, self.openklant_group)
        if len(set(groups)) < len(groups):
            raise PydanticCustomError("groups", "every service needs a consumer group of its own")
        return self

    @property
    def register_database(self) -> str:
        """The name of the database that holds the register."""
        return self.mongo_register_database or self.mongo_database

    @property
    def topics(self) -> tuple[str, ...]:
        """The names of the topics that classifier and projector read and write, input first."""
        return (*self.input_topics, self.dead_letter_topic, *self.output_topics, self.erased_topic)

    @property
    def input_topics(self) -> tuple[str, ...]:
        """The names of the topics that the classifier reads."""
        return (*self.contact_topics, *self.consent_topics)

    @property
    def raw_topics(self) -> tuple[str, ...]:
        """The names of the topics that hold the messages of channels, which the mapper reads.

        Raises InvalidSettings for a channels file that does not say them.
        """
        return raw_topics_in(self.kanalen_file) if self.kanalen_file is not None else ()

    @property
    def raw_dead_letter_topics(self) -> tuple[str, ...]:
        """The names of the topics of messages that became no event, in the order of the raw topics."""
        return tuple(map(dead_letter_topic_of, self.raw_topics))

    @property
    def every_topic(self) -> tuple[str, ...]:
        """The names of all topics, input first: those of the services, of channels, of the bridge, of operators."""
        return (
            *self.topics,
            *self.raw_topics,
            *self.raw_dead_letter_topics,
            *self.openklant_topics,
            self.audit_topic,
        )

    @property
    def output_topics(self) -> tuple[str, ...]:
        """The names of the topics that the classifier publishes to and the projector reads."""
        return (self.registered_topic, self.confidential_topic, self.taak_topic, self.confidential_taak_topic)

    @property
    def bridge_topics(self) -> tuple[str, ...]:
        """The names of the topics that the bridge reads. Confidential contacts are among them where they go out."""
        return self.output_topics if self.bridge_confidential else (self.registered_topic, self.taak_topic)

    @property
    def own_sources(self) -> frozenset[str]:
        """The `source` of each event that our classifier has published, now and before."""
        return frozenset({self.source, *re.split(r"\s*,\s*", self.former_sources or self.source)})

    def environment(self) -> dict[str, str]:
        """Return the variables that make these settings in a child process, secrets included."""
        given: dict[str, str] = {}
        for name in sorted(self.model_fields_set):
            value = getattr(self, name)
            if value is not None:
                plain = value.get_secret_value() if isinstance(value, SecretStr) else value
                given[f"{PREFIX}{name.upper()}"] = ",".join(map(str, plain)) if isinstance(plain, tuple) else str(plain)
        return given
