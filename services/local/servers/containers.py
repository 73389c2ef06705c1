"""Kafka and MongoDB as containers, where a Docker engine answers.

No engine runs where this is built: types alone check these lines, so there are few.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from services.local.servers.errors import StartFailed
from services.local.servers.kafka import KAFKA_VERSION
from services.local.servers.mongod import REPLICA_SET, make_primary
from services.local.servers.network import HOST, free_port

MONGO_IMAGE = "mongo:6"
KAFKA_IMAGE = f"apache/kafka:{KAFKA_VERSION}"
DEFAULT_SOCKET = Path("/var/run/docker.sock")
ENGINE_SECONDS = 2
PRIMARY_SECONDS = 60.0
POLL_SECONDS = 0.1
CONTROLLER_PORT = 9093


def engine_answers() -> bool:
    """Whether testcontainers is installed and a Docker engine answers within ENGINE_SECONDS."""
    try:
        from docker.errors import DockerException
        from testcontainers.core.docker_client import DockerClient, get_docker_host
    except ImportError:
        return False
    if get_docker_host() is None and not DEFAULT_SOCKET.exists():
        return False
    try:
        client = DockerClient(timeout=ENGINE_SECONDS).client
        client.ping()
        client.close()
    except (DockerException, OSError):
        return False
    return True


@contextmanager
def kafka_container() -> Iterator[str]:
    """The address of a one-node Apache Kafka in a container. Raises StartFailed."""
    port = free_port()
    environment = {
        "KAFKA_PROCESS_ROLES": "broker,controller",
        "KAFKA_NODE_ID": "1",
        "KAFKA_CONTROLLER_QUORUM_VOTERS": f"1@localhost:{CONTROLLER_PORT}",
        "KAFKA_LISTENERS": f"PLAINTEXT://:{port},CONTROLLER://:{CONTROLLER_PORT}",
        "KAFKA_ADVERTISED_LISTENERS": f"PLAINTEXT://{HOST}:{port}",
        "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
        "KAFKA_CONTROLLER_LISTENER_NAMES": "CONTROLLER",
        "KAFKA_AUTO_CREATE_TOPICS_ENABLE": "false",
        "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": "1",
        "KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR": "1",
        "KAFKA_TRANSACTION_STATE_LOG_MIN_ISR": "1",
        "KAFKA_SHARE_COORDINATOR_STATE_TOPIC_REPLICATION_FACTOR": "1",
        "KAFKA_SHARE_COORDINATOR_STATE_TOPIC_MIN_ISR": "1",
        "KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS": "0",
    }
    with _container(KAFKA_IMAGE, port=port, environment=environment, started="Kafka Server started"):
        yield f"{HOST}:{port}"


@contextmanager
def mongo_container() -> Iterator[int]:
    """The port of a MongoDB in a container, primary of its replica set of one. Raises StartFailed.

    It listens on the same port inside and outside: the node must be able to reach itself by the name that
    clients use.
    """
    port = free_port()
    command = f"mongod --replSet {REPLICA_SET} --bind_ip_all --port {port} --slowOpSampleRate 0"
    with _container(MONGO_IMAGE, port=port, command=command, started="Waiting for connections"):
        deadline = time.monotonic() + PRIMARY_SECONDS
        while not make_primary(port):
            if time.monotonic() > deadline:
                msg = f"{MONGO_IMAGE} in Docker did not become primary within {PRIMARY_SECONDS:.0f} s."
                raise StartFailed(msg)
            time.sleep(POLL_SECONDS)
        yield port


@contextmanager
def _container(
    image: str,
    *,
    port: int,
    started: str,
    environment: dict[str, str] | None = None,
    command: str | None = None,
) -> Iterator[None]:
    from docker.errors import DockerException
    from testcontainers.core.container import DockerContainer
    from testcontainers.core.exceptions import ContainerStartException
    from testcontainers.core.wait_strategies import LogMessageWaitStrategy

    container = DockerContainer(image, command=command, env=environment)
    container.waiting_for(LogMessageWaitStrategy(started))
    # Its own with_bind_ports can't name the address, and the port would be open to the whole network.
    container.ports[f"{port}/tcp"] = (HOST, port)  # type: ignore[assignment]  # Docker takes the pair, the hint omits it
    try:
        container.start()
    except (DockerException, ContainerStartException, OSError) as error:
        container.stop()
        msg = f"Docker did not start {image}: {error}"
        raise StartFailed(msg) from error
    try:
        yield
    finally:
        container.stop()
