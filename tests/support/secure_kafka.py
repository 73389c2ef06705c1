"""Apache Kafka as a municipality runs it: TLS, logins, and nobody may do what was not granted.

Certificates are made with openssl, which Debian installs along with Java. The tests themselves administer over a
listener in plain text, whose nameless user may do all.
"""

import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from confluent_kafka.admin._acl import AclBinding, AclBindingFilter, AclOperation, AclPermissionType
from confluent_kafka.admin._resource import ResourcePatternType, ResourceType
from confluent_kafka.admin._scram import (
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialAlteration,
    UserScramCredentialUpsertion,
)

from services.local.servers.kafka import kafka_server, tool
from services.local.servers.network import HOST, free_port
from tests.support.kafka_tools import ANSWER_SECONDS, admin_client
from tests.support.waiting import wait_for

PASSWORD: Final = "wachtwoord-van-niemand"  # noqa: S105 - of a broker that lives as long as a test

CONFIGURATION: Final = """
listeners={listeners}
advertised.listeners={listeners}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SASL_SSL:SASL_SSL,SSL:SSL
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:ANONYMOUS
sasl.enabled.mechanisms=SCRAM-SHA-512
listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
ssl.keystore.type=PEM
ssl.keystore.location={folder}/keystore.pem
ssl.truststore.type=PEM
ssl.truststore.location={folder}/ca.pem
listener.name.ssl.ssl.client.auth=required
"""
"""Follows the lines of the local stack; the last of two lines for one setting counts."""


@dataclass(frozen=True)
class Right:
    """One thing that a user may do; a name with a star at its end is a beginning of names."""

    operation: AclOperation
    kind: ResourceType
    name: str

    def given_to(self, principal: str) -> AclBinding:
        """Return the right in Kafka's form."""
        pattern = ResourcePatternType.PREFIXED if self.name.endswith("*") else ResourcePatternType.LITERAL
        name, allow = self.name.removesuffix("*"), AclPermissionType.ALLOW
        return AclBinding(self.kind, name, pattern, f"User:{principal}", "*", self.operation, allow)


def rights_in(words: str) -> list[Right]:
    """Return the rights in a cell of `docs/kafka-rights.md`, as in "Read, Write topic `a`, `b`; Describe group `c`"."""
    parts = re.findall(r"([\w, ]+?) (topic|group|transactional id) ((?:`[^`]+`(?:, )?)+)", words)
    return [
        Right(AclOperation[_constant(operation)], ResourceType[_constant(kind)], name)
        for operations, kind, names in parts
        for operation in operations.split(",")
        for name in re.findall(r"`([^`]+)`", names)
    ]


def _constant(words: str) -> str:
    """Return the name of Kafka's constant: DescribeConfigs is DESCRIBE_CONFIGS."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", words.strip()).upper().replace(" ", "_")


@dataclass(frozen=True)
class SecureKafka:
    """A broker that runs."""

    plain: str
    """The plain text listener, for the tests' own administration."""
    login: str
    """SASL_SSL."""
    certificate: str
    """SSL, where a user shows a certificate."""
    folder: Path
    """Holds ca.pem, and user.pem with user.key, of a user that Kafka knows as CN=user."""

    def grant(self, users: Mapping[str, Sequence[Right]]) -> None:
        """Make users, all with the same password, and give them their rights."""
        admin = admin_client(self.plain)
        info = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, 4096)
        made: list[UserScramCredentialAlteration] = [
            UserScramCredentialUpsertion(user, info, PASSWORD.encode()) for user in users
        ]
        for done in admin.alter_user_scram_credentials(made).values():
            done.result(ANSWER_SECONDS)
        bindings = {right.given_to(user) for user, rights in users.items() for right in rights}
        for done in admin.create_acls(list(bindings)).values():
            done.result(ANSWER_SECONDS)
        # The broker learns of users and rights a moment later, of the users first.
        wait_for("the rights are in force", lambda: bindings <= self._rights(), seconds=ANSWER_SECONDS)

    def _rights(self) -> set[AclBinding]:
        anything: Any = None  # the type hints of librdkafka leave this out
        every = AclBindingFilter(
            ResourceType.ANY,
            anything,
            ResourcePatternType.ANY,
            anything,
            anything,
            AclOperation.ANY,
            AclPermissionType.ANY,
        )
        return set(admin_client(self.plain).describe_acls(every).result(ANSWER_SECONDS))


@contextmanager
def secure_kafka(folder: Path) -> Iterator[SecureKafka]:
    """Run a secured broker for the block."""
    server = kafka_server(folder / "kafka", say=print)
    make_authority(folder, "ca")
    for name in ("broker", "user"):
        _make_certificate(folder, name)
    (folder / "keystore.pem").write_text((folder / "broker.key").read_text() + (folder / "broker.pem").read_text())
    configuration = folder / "kafka" / "server.properties"
    listeners = re.search("^listeners=(.+)$", configuration.read_text(), re.MULTILINE)
    assert listeners is not None
    login, certificate = f"{HOST}:{free_port()}", f"{HOST}:{free_port()}"
    with configuration.open("a") as file:
        more = f"{listeners[1]},SASL_SSL://{login},SSL://{certificate}"
        file.write(CONFIGURATION.format(listeners=more, folder=folder))
    with server:
        yield SecureKafka(server.address, login, certificate, folder)


# Certificates ---------------------------------------------------------------------------------------------------------


def make_authority(folder: Path, name: str) -> None:
    """Make a certificate authority."""
    _openssl(folder, *_key(name), "-x509", "-days", "2", "-out", f"{name}.pem")


def _make_certificate(folder: Path, name: str) -> None:
    """Make a certificate for 127.0.0.1 that `ca` has signed."""
    signed = ("-x509", "-CA", "ca.pem", "-CAkey", "ca.key", "-days", "2", "-out", f"{name}.pem")
    _openssl(folder, *_key(name), "-addext", f"subjectAltName=IP:{HOST}", *signed)


def _key(name: str) -> Sequence[str]:
    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-noenc", "-keyout", f"{name}.key")
    return ("req", *key, "-subj", f"/CN={name}")


def _openssl(folder: Path, *arguments: str) -> None:
    command = [tool("openssl", package="openssl"), *arguments]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
