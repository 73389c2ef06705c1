"""The platform of the channel: it sends each message again until the intake accepts it.

A time-out, a lost connection and a 503 are no acknowledgement. The next attempt goes to another instance, as through a
load balancer, so the raw topic can hold a message as often as it was sent.
"""

import threading
import time
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from itertools import cycle
from typing import Final

import httpx

from tests.chaos.channel import NAAM, SECRET, klantcontact_of, message
from tests.chaos.load import digest_of

AT_ONCE: Final = 4
"""Messages that the platform has in flight."""

ANSWER_SECONDS: Final = 3.0
"""The platform's patience, less than the four seconds within which the intake answers: some repeats meet a message that
Kafka takes after all."""

AGAIN_SECONDS: Final = 0.2
FLUSH_SECONDS: Final = 120.0
PROBES: Final = 3
"""Contacts of one probe. The intake chooses their raw partitions at random."""


class Platform:
    """Sends messages of the channel without pause, several at once, and probes when asked."""

    def __init__(self, intakes: Sequence[str], messages: Iterator[bytes], *, per_second: float) -> None:
        self.attempts: Counter[bytes] = Counter()
        """By digest, how often a message was sent."""
        self.accepted: list[bytes] = []
        """The digests of the messages that were answered 2xx."""
        self._urls = cycle([f"{each}/in/{NAAM}" for each in intakes])
        self._messages = messages
        self._pause = AT_ONCE / per_second
        self._probes: deque[bytes] = deque()
        self._numbers = 0
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._give_up_at = float("inf")
        self._workers = [threading.Thread(target=self._work, name="platform", daemon=True) for _ in range(AT_ONCE)]

    def start(self) -> None:
        """Begin to send."""
        for each in self._workers:
            each.start()

    def probe(self) -> Sequence[str]:
        """Send some contacts soon, and return the ids of the klantcontacten that must come of them."""
        with self._lock:
            names = [f"probe-{self._numbers + each}" for each in range(PROBES)]
            self._numbers += PROBES
        self._probes += [message(each) for each in names]
        return [klantcontact_of(each) for each in names]

    def stop(self) -> None:
        """Stop, and wait until every message is accepted, or for so long at most."""
        self._give_up_at = time.monotonic() + FLUSH_SECONDS
        self._stopped.set()
        for each in self._workers:
            each.join()

    def _work(self) -> None:
        with httpx.Client(timeout=ANSWER_SECONDS, trust_env=False, headers={"Authorization": SECRET}) as client:
            while (content := self._next()) is not None:
                self._deliver(client, content)

    def _next(self) -> bytes | None:
        """Wait a moment, and return what is sent next; None when the platform is stopped and no probe is left."""
        is_stopped = self._stopped.wait(self._pause)
        with self._lock:
            if self._probes:
                return self._probes.popleft()
            return None if is_stopped else next(self._messages)

    def _deliver(self, client: httpx.Client, content: bytes) -> None:
        digest = digest_of(content)
        while time.monotonic() < self._give_up_at:
            with self._lock:
                self.attempts[digest] += 1
                url = next(self._urls)
            if _is_accepted(client, url, content):
                self.accepted.append(digest)
                return
            time.sleep(AGAIN_SECONDS)


def _is_accepted(client: httpx.Client, url: str, content: bytes) -> bool:
    try:
        return client.post(url, content=content, headers={"Content-Type": "application/json"}).is_success
    except httpx.TransportError:
        return False
