"""A real Apache Kafka broker from its jars: one KRaft node that is broker and controller."""

import base64
import secrets
import subprocess
from collections.abc import Callable
from pathlib import Path

from services.local.errors import StartFailed
from services.local.kafka_jars import kafka_jars, tool
from services.local.network import HOST, ports_of
from services.local.process import Server

JAVA_PACKAGE = "openjdk-17-jre-headless"
# A JVM tells its heap to use as little as it may; 512 MB carried every benchmark of ours.
JAVA_OPTIONS = ("-Xmx512m", "-XX:+UseSerialGC", "-XX:-UsePerfData", "-Dlog4j2.level=INFO")
STARTED_LINE = "Kafka Server started"
# Formatting takes 1 s.
FORMAT_SECONDS = 60

CONFIGURATION = """\
process.roles=broker,controller
node.id=1
controller.quorum.bootstrap.servers={host}:{controller}
listeners=PLAINTEXT://{host}:{broker},CONTROLLER://{host}:{controller}
advertised.listeners=PLAINTEXT://{host}:{broker},CONTROLLER://{host}:{controller}
controller.listener.names=CONTROLLER
log.dirs={data}
# A topic has a definition here; a mistyped name is an error.
auto.create.topics.enable=false
# One node, so one replica of everything, and few partitions to open at each start.
default.replication.factor=1
min.insync.replicas=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
share.coordinator.state.topic.num.partitions=1
# Nobody else is coming: the first member of a group starts at once.
group.initial.rebalance.delay.ms=0
# Fault tests wait for sessions to end.
group.min.session.timeout.ms=1000
# A killed broker may register again only when its former self has gone silent for this long (default 9 s).
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
# The default takes a quarter of our heap.
log.cleaner.dedupe.buffer.size=4194304
"""


def kafka_server(folder: Path, *, say: Callable[[str], None]) -> Server:
    """A broker, not yet started, with its data and its log in `folder`; `say` tells of a first download.

    Raises MissingTool without Java or, for the download, Maven; FetchFailed when the download fails;
    StartFailed when the data can't be formatted.
    """
    java = tool("java", package=JAVA_PACKAGE)
    class_path = str(kafka_jars(say) / "*")
    folder.mkdir(parents=True, exist_ok=True)
    ports = ports_of(folder, ["broker", "controller"])
    data, configuration = folder / "data", folder / "server.properties"
    configuration.write_text(CONFIGURATION.format(host=HOST, data=data, **ports))
    if not (data / "meta.properties").exists():
        _format(java, class_path=class_path, configuration=configuration)
    return Server(
        name="Apache Kafka",
        port=ports["broker"],
        command=[java, *JAVA_OPTIONS, "-cp", class_path, "kafka.Kafka", str(configuration)],
        log_file=folder / "kafka.log",
        # The port opens before the node has registered itself; this line comes when it serves.
        is_ready=lambda server: STARTED_LINE in server.log_since_start(),
    )


def _format(java: str, *, class_path: str, configuration: Path) -> None:
    cluster_id = base64.urlsafe_b64encode(secrets.token_bytes(16)).decode().rstrip("=")
    # It runs for a second only: compiling its code costs more than it brings.
    quick = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-XX:-UsePerfData")
    # With the equals sign, since one in 64 ids begins with a hyphen and would be taken for an option.
    arguments = ("format", "--standalone", f"--cluster-id={cluster_id}", "-c", str(configuration))
    done = subprocess.run(
        [java, *quick, "-cp", class_path, "kafka.tools.StorageTool", *arguments],
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=FORMAT_SECONDS,
    )
    if done.returncode != 0:
        msg = f"Apache Kafka could not format {configuration.parent}:\n{done.stdout}"
        raise StartFailed(msg)
