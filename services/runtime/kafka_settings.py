"""The settings by which a process reaches Kafka, and which of them contradict each other."""

from pathlib import Path
from typing import Final, Literal, Self

from pydantic import SecretStr, model_validator
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, SettingsConfigDict

from services.runtime.setting_forms import Bootstrap

PREFIX: Final = "KLANTCONTACT_"


class KafkaSettings(BaseSettings):
    """The part of the settings that is about reaching Kafka. An empty variable counts as absent."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_ignore_empty=True,
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
    )

    kafka_bootstrap: Bootstrap = "127.0.0.1:9092"
    """The brokers to start from: host:port, several with commas."""
    kafka_security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    """How a client reaches Kafka, in Kafka's own names: SSL is TLS, SASL is a login."""
    kafka_sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "SCRAM-SHA-512"
    """The kind of login, where the protocol begins with SASL."""
    kafka_username: str | None = None
    """The user of that login. Every SASL protocol needs one."""
    kafka_password_file: Path | None = None
    """The file with the password of that user. It is read at the start of the process."""
    kafka_password: SecretStr | None = None
    """The same password in the variable itself. A file is safer. Set one of the two."""
    kafka_ca_file: Path | None = None
    """A PEM file with the authority that signed the certificates of the brokers. Without it the system's own
    authorities count."""
    kafka_certificate_file: Path | None = None
    """A PEM file with the client's own certificate, for a Kafka that knows its users by certificate. A renewed
    certificate is read at the next start."""
    kafka_key_file: Path | None = None
    """A PEM file with the key of that certificate, without a password on it."""

    @model_validator(mode="after")
    def _kafka_reached_as_meant(self) -> Self:
        if misfit := _kafka_misfit(self):
            raise PydanticCustomError("kafka", "{misfit}", {"misfit": misfit})
        return self


def _kafka_misfit(settings: KafkaSettings) -> str | None:
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
