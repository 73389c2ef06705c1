"""A real Apache Kafka broker from its jars: one KRaft node that is broker and controller.

Maven fetches the jars once. They are checked against the checksums beside this file, and stay in a cache folder outside
the project.
"""

import base64
import fcntl
import hashlib
import os
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from xml.etree import ElementTree as ET

from services.local.servers.errors import FetchFailed, MissingTool, StartFailed
from services.local.servers.network import HOST, ports_of
from services.local.servers.process import Server

JAVA_PACKAGE = "openjdk-17-jre-headless"
# A JVM tells its heap to use as little as it may; 512 MB carried every benchmark of ours.
JAVA_OPTIONS = ("-Xmx512m", "-XX:+UseSerialGC", "-XX:-UsePerfData", "-Dlog4j2.level=INFO")
STARTED_LINE = "Kafka Server started"
# Formatting takes 1 s.
FORMAT_SECONDS = 60

# Of any broker of ours, alone or in a cluster.
CONFIGURATION = """\
process.roles=broker,controller
controller.listener.names=CONTROLLER
log.dirs={data}
# A topic has a definition here; a mistyped name is an error.
auto.create.topics.enable=false
# Few partitions to open at each start.
default.replication.factor={replicas}
min.insync.replicas={in_sync}
offsets.topic.replication.factor={replicas}
offsets.topic.num.partitions=4
transaction.state.log.replication.factor={replicas}
transaction.state.log.min.isr={in_sync}
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor={replicas}
share.coordinator.state.topic.min.isr={in_sync}
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

ALONE = """\
node.id=1
controller.quorum.bootstrap.servers={host}:{controller}
listeners=PLAINTEXT://{host}:{broker},CONTROLLER://{host}:{controller}
advertised.listeners=PLAINTEXT://{host}:{broker},CONTROLLER://{host}:{controller}
"""


def kafka_server(folder: Path, *, say: Callable[[str], None]) -> Server:
    """Return a broker, not yet started, with its data and its log in `folder`; `say` announces a first download.

    Raises MissingTool without Java or, for the download, Maven; FetchFailed when the download fails; StartFailed when
    the data can't be formatted.
    """
    java = tool("java", package=JAVA_PACKAGE)
    class_path = str(kafka_jars(say) / "*")
    folder.mkdir(parents=True, exist_ok=True)
    ports = ports_of(folder, ["broker", "controller"])
    data, configuration = folder / "data", folder / "server.properties"
    text = ALONE.format(host=HOST, **ports) + CONFIGURATION.format(data=data, replicas=1, in_sync=1)
    configuration.write_text(text)
    if not (data / "meta.properties").exists():
        format_data(configuration, java=java, class_path=class_path, quorum=["--standalone"])
    return Server(
        name="Apache Kafka",
        port=ports["broker"],
        command=[java, *JAVA_OPTIONS, "-cp", class_path, "kafka.Kafka", str(configuration)],
        log_file=folder / "kafka.log",
        # The port opens before the node has registered itself; this line comes when it serves.
        is_ready=lambda server: STARTED_LINE in server.log_since_start(),
    )


def format_data(configuration: Path, *, java: str, class_path: str, quorum: Sequence[str]) -> None:
    """Prepare the data folder of a broker; `quorum` says how its controllers find each other. Raises StartFailed."""
    # It runs for a second only: an optimising compiler would cost more than it saves.
    quick = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-XX:-UsePerfData")
    # With the equals sign, since one in 64 ids begins with a hyphen and would be taken for an option.
    arguments = ("format", *quorum, f"--cluster-id={new_id()}", "-c", str(configuration))
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


def new_id() -> str:
    """Return an id as Kafka makes them."""
    return base64.urlsafe_b64encode(secrets.token_bytes(16)).decode().rstrip("=")


POM = Path(__file__).with_name("pom.xml")
CHECKSUMS = Path(__file__).with_name("kafka_jars.sha256")
KAFKA_VERSION = ET.parse(POM).findtext("dependencies/dependency/version")  # noqa: S314  # a file of ours

CACHE_VARIABLE = "KLANTCONTACT_CACHE"
DEFAULT_CACHE = "~/.cache/klantcontact"
# 44 MB; ten minutes is for a slow line, after that something is wrong.
FETCH_SECONDS = 600
OUTPUT_LINES = 15


def kafka_jars(say: Callable[[str], None]) -> Path:
    """Return the folder with the jars, fetched first where they are missing. Of two processes one waits.

    Raises MissingTool without Maven, FetchFailed when Maven can't get them or a checksum differs.
    """
    folder = cache_folder() / f"kafka-{KAFKA_VERSION}-{_fingerprint()}"
    if folder.exists():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with _alone(folder.with_name(f"{folder.name}.lock")):
        if not folder.exists():
            say(f"Apache Kafka {KAFKA_VERSION} is fetched with Maven (44 MB, once) …")
            _fetch(folder)
    return folder


def cache_folder() -> Path:
    """Return the folder for downloads: KLANTCONTACT_CACHE, else ~/.cache/klantcontact."""
    return Path(os.environ.get(CACHE_VARIABLE) or DEFAULT_CACHE).expanduser()


def tool(name: str, *, package: str) -> str:
    """Return the path of a program. Raises MissingTool, which names the Debian package that has it."""
    found = shutil.which(name)
    if found is None:
        msg = f"Apache Kafka needs `{name}`: `apt-get install {package}` brings it."
        raise MissingTool(msg)
    return found


def _fetch(folder: Path) -> None:
    """Fill a folder beside the final one and rename it last: under the final name it is always complete."""
    maven = tool("mvn", package="maven")
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix="fetching-") as temporary:
        shutil.copy(POM, Path(temporary) / "pom.xml")
        jars = Path(temporary) / "jars"
        _run([maven, "-q", "-B", "dependency:copy-dependencies", f"-DoutputDirectory={jars}"], cwd=temporary)
        _verify(jars)
        jars.rename(folder)


def _run(command: list[str], *, cwd: str) -> None:
    try:
        done = subprocess.run(
            command,
            cwd=cwd,
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=FETCH_SECONDS,
        )
    except subprocess.TimeoutExpired as error:
        raise FetchFailed(f"Maven did not fetch Apache Kafka within {FETCH_SECONDS} s. Try again.") from error
    if done.returncode != 0:
        tail = done.stdout.splitlines()[-OUTPUT_LINES:]
        raise FetchFailed("\n".join(["Maven could not fetch Apache Kafka. The end of what it said:", *tail]))


def _verify(jars: Path) -> None:
    """Raise FetchFailed unless the jars are those that were reviewed, byte for byte, whatever a mirror served."""
    found = "".join(f"{_sha256(jar)}  {jar.name}\n" for jar in sorted(jars.iterdir()))
    wrong = sorted(set(found.splitlines()) ^ set(CHECKSUMS.read_text().splitlines()))
    if wrong:
        msg = f"The jars fetched for Apache Kafka differ from {CHECKSUMS.name}, first in: {wrong[0]}"
        raise FetchFailed(msg)


def _sha256(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _fingerprint() -> str:
    """Return what names the folder of this set of jars: a new set gets a new one."""
    return _sha256(CHECKSUMS)[:12]


@contextmanager
def _alone(lock_file: Path) -> Iterator[None]:
    """Hold a lock that one process has at a time; the kernel frees the lock of one that dies."""
    with lock_file.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
