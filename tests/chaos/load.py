"""The publisher: what Kafka acknowledged to it is the truth that the checker starts from."""

import hashlib
import threading
import time
from collections.abc import Iterable, Mapping
from functools import partial
from itertools import count
from typing import Any, Final, NamedTuple

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from services.domain.ids import klantcontact_id
from tests.chaos.town import Town, probe
from tests.support.examples import SOURCE

PER_SECOND: Final = 40
"""Records: many enough to be in the middle of something at each fault, few enough for two cores."""

STEP_SECONDS: Final = 0.05
FLUSH_SECONDS: Final = 120.0


UNKNOWN: Final = -1
"""The offset of a record that Kafka took, and acknowledged only when it came again."""


GAVE_UP: Final = (KafkaException, SystemError)
"""What any call of a producer raises that takes no more: Kafka and it disagree on the number of the next record.

It is a SystemError where the call also reports a delivery.
"""


class _Sent(NamedTuple):
    """A record without an answer, and its key or partition."""

    value: bytes | None
    where: Mapping[str, Any]


class Acknowledged(NamedTuple):
    """A record that Kafka promised to keep, and when."""

    partition: int
    offset: int
    digest: bytes
    at: float


def digest_of(value: bytes | None) -> bytes:
    """Return what tells two values apart."""
    return hashlib.sha256(value or b"").digest()


class Load(threading.Thread):
    """Publishes without pause, and probes when asked."""

    def __init__(self, bootstrap: str, topic: str, partitions: int, town: Town, *, per_second: int) -> None:
        super().__init__(name="load", daemon=True)
        self.acknowledged: list[Acknowledged] = []
        self.sent = 0
        self._topic, self._partitions, self._town = topic, partitions, town
        self._per_second = per_second
        self._probes = count(1)
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._unanswered: dict[int, _Sent] = {}
        self._numbers = count()
        self._configuration: dict[str, str | int | bool] = {
            "bootstrap.servers": bootstrap,
            "enable.idempotence": True,
            "linger.ms": 5,
            # As patient as the run is long, and quick to find a broker that is back.
            "message.timeout.ms": 300_000,
            "reconnect.backoff.max.ms": 500,
            "socket.timeout.ms": 5_000,
            "request.timeout.ms": 5_000,
            "topic.metadata.refresh.interval.ms": 2_000,
            "log_level": 0,
        }
        self._producer = Producer(self._configuration)

    def run(self) -> None:
        """Publish until stopped."""
        due = time.monotonic()
        while not self._stopped.wait(STEP_SECONDS):
            while due < time.monotonic():
                due += 1 / self._per_second
                key, value = self._town.next()
                self._send(value, key=key)
            self._poll(0)

    def probe(self) -> Iterable[str]:
        """Publish a contact to each partition, and return the ids of the klantcontacten that must come of them."""
        with self._lock:
            names = [f"probe-{next(self._probes)}" for _ in range(self._partitions)]
        for partition, name in enumerate(names):
            self._send(probe(name), partition=partition)
        return [klantcontact_id(SOURCE, name, "a") for name in names]

    def _send(self, value: bytes | None, *, key: str | None = None, partition: int | None = None) -> None:
        number = next(self._numbers)
        where = {"partition": partition} if partition is not None else {"key": (key or "").encode()}
        self._unanswered[number] = _Sent(value, where)
        self.sent += 1
        self._produce(number)

    def _produce(self, number: int) -> None:
        value, where = self._unanswered[number]
        note = partial(self._note, number, digest_of(value))
        while True:
            producer = self._producer
            try:
                producer.produce(self._topic, value=value, on_delivery=note, **where)
            except BufferError:
                self._poll(0.1)
            except GAVE_UP:
                self._begin_anew(producer)
            else:
                return

    def _poll(self, seconds: float) -> None:
        producer = self._producer
        try:
            producer.poll(seconds)
        except GAVE_UP:
            self._begin_anew(producer)

    def _begin_anew(self, broken: Producer) -> None:
        """Send with a new producer what the broken one got no answer for, as a publisher has to."""
        with self._lock:
            if self._producer is not broken:
                return
            self._producer = Producer(self._configuration)
            unanswered = list(self._unanswered)
        for number in unanswered:
            self._produce(number)

    def _note(self, number: int, digest: bytes, error: KafkaError | None, message: Message) -> None:
        if error is None:
            partition, offset = message.partition(), message.offset()
            assert partition is not None, "an acknowledged record has a partition"
            place = UNKNOWN if offset is None else offset
            self.acknowledged.append(Acknowledged(partition, place, digest, time.monotonic()))
            self._unanswered.pop(number, None)

    def stop(self) -> int:
        """Stop, wait until Kafka has acknowledged everything, and return how much it did not."""
        self._stopped.set()
        self.join()
        deadline = time.monotonic() + FLUSH_SECONDS
        while self._unanswered and time.monotonic() < deadline:
            self._poll(STEP_SECONDS)
        return len(self._unanswered)
