"""The fuzzer's target: the classifier without its servers, with everything that must hold after each input.

Records are read, judged on a register that is stored as MongoDB would store it, and encoded. Then each message is read
as its reader reads it: the projector an event, `klantcontact dlq` a dead letter. Anything else that happens is raised.
"""

import io
import json
import re
import time
import zlib
from collections import Counter
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import bson
from aiokafka import ConsumerRecord

from schemas import dead_letters
from schemas.cloudevents import Headers
from schemas.faults import Refusal
from schemas.generation.published import EVENTS
from schemas.positions import Position
from schemas.reading.decoding import Received
from services.classifier.cases import read
from services.classifier.encoding import Encoder
from services.classifier.handler import Handler
from services.classifier.instructions import with_herbeoordeling, with_publish_again
from services.classifier.mongo.documents import besluit_of, partij_of
from services.domain.besluit import BesluitRecord
from services.domain.case import Case
from services.domain.herbeoordeling import Feiten, Herbeoordeling
from services.domain.outcome import InstructionAnswer, Outcome, Refused
from services.domain.partij import PartijRecord
from services.domain.policy import DEFAULT
from services.domain.register import Register
from services.domain.sleutels import Sleutels
from services.operations.dead_letters.content import content_of, described
from services.operations.dead_letters.show import reason_of
from services.projector.events import read as read_event
from services.projector.merging.projection import States, project
from services.runtime.exactly_once.ports import Message
from services.runtime.kafka.records import Record
from services.runtime.letters.sealing import LetterKey, Sealer
from services.runtime.observe.health import Health
from services.runtime.observe.logs import configure
from services.runtime.settings import Settings
from tests.contract.test_examples import validator
from tests.fakes.document_store import DocumentStore
from tests.fakes.letter_keys import FakeLetterKeys
from tests.fakes.stop_store import FakeStopStore
from tests.fuzz.inputs import REQUESTS, TOGETHER, Arriving, arriving, steps_of
from tests.fuzz.seeds import MARK
from tests.support.sealed import SEALER, opened

NOW: Final = datetime(2026, 12, 1, 12, tzinfo=UTC)
SLEUTELS: Final = Sleutels(b"a key of the tests, thirty-two bytes")
TOPIC: Final = "contact.ended"
SETTINGS: Final = Settings(log_level="debug", log_format="json")
OWN_SOURCES: Final = frozenset({SETTINGS.source})
KEPT: Final = timedelta(days=120)

MARKS: Final = re.compile(rf"{MARK}|9999\d{{5}}")
"""What marks a value of a message: a text of ours, and a BSN of the test range."""

MOST_SECONDS: Final = 5
"""For one input, instrumented. The largest takes a tenth."""

MAX_DOCUMENT_BYTES: Final = 4 * 1024 * 1024
"""A quarter of what MongoDB takes."""


class Finding(AssertionError):
    """Something that must hold does not."""


class Target:
    """Takes one input after another. None leaves anything behind for the next."""

    def __init__(self, *, schema_share: int = 1) -> None:
        """`schema_share`: each event is validated by its model, and one in so many by its JSON Schema too."""
        self.seen = Counter[str]()
        """What the inputs so far were and led to."""
        self._schema_share = schema_share
        self._log = io.StringIO()
        configure(SETTINGS, stream=self._log)
        self._store = _Store()
        self._letter_keys = FakeLetterKeys()
        self._encoder = _Watched(SETTINGS, SEALER)
        self._handler = Handler(
            read=lambda record: read(record, SLEUTELS, DEFAULT),
            store=self._store,
            stop_store=FakeStopStore(),
            letter_keys=self._letter_keys,
            encoder=self._encoder,
            clock=_Still(),
            health=Health(),
            own_failures_limit=1,
        )

    def __call__(self, data: bytes) -> None:
        """Handle the records of one input, each as a batch of its own or all as one. Raises what goes wrong."""
        self._store.clear()
        self._encoder.encoded.clear()
        self._letter_keys.keys.clear()
        steps, published = steps_of(data), _Published()
        records = [_record(arriving(step), offset) for offset, step in enumerate(steps)]
        began = time.process_time()
        for batch in [records] if steps[0].get(TOGETHER) is True else [[each] for each in records]:
            _finish(self._handler.handle(batch, published))
        if time.process_time() - began > MOST_SECONDS:
            raise Finding(f"{len(records)} records took more than {MOST_SECONDS} s")
        self._check()

    def _check(self) -> None:
        states = States()
        self.seen["inputs"] += 1
        for record, outcome, messages in self._encoder.encoded:
            self.seen["records"] += 1
            self.seen[f"{outcome.name} records"] += 1
            if isinstance(outcome, Refused):
                _check_letter(record, outcome.refusal, messages, self._letter_keys.keys)
                self.seen["dead letters"] += 1
                continue
            for message in messages:
                event = read_event(message.value, OWN_SOURCES)
                states = _with(states, project(states, [event.fact]))
                self._check_by_schema(message.value or b"")
                self.seen["events"] += 1
        self._check_log()

    def _check_by_schema(self, value: bytes) -> None:
        if zlib.crc32(value) % self._schema_share:
            return
        body = json.loads(value)
        event = next(each for each in EVENTS if each.type == body["type"])
        for error in validator(event.event_file).iter_errors(body):
            raise Finding(f"{event.name}: {error.message}")
        self.seen["events held against their JSON Schema"] += 1

    def _check_log(self) -> None:
        """Hold the log against the marks. The ids that it shows are the publisher's, and may be anything."""
        told = self._log.getvalue()
        self._log.seek(0)
        self._log.truncate()
        ids = "".join(f"{each.source} {each.event_id} {each.contact.contact_id}" for each in self._store.received)
        if MARKS.search(told) and not MARKS.search(ids):
            raise Finding(f"a value of the message stands in the log: {told[:2000]}")


def _check_letter(record: Record, refusal: Refusal, messages: Sequence[Message], keys: Mapping[str, LetterKey]) -> None:
    """Read a dead letter as `klantcontact dlq` does, with the key that was kept for it."""
    (message,) = messages
    consumed = _consumed(message)
    key = keys.get(key_id) if (key_id := dead_letters.key_id_in(consumed.headers)) is not None else None
    letter = opened(consumed, key)
    if (key is None) != (not record.value):
        raise Finding("a letter with content is not sealed under a key that was kept, or one without is")
    told = json.dumps({name: each for name, each in reason_of(letter).items() if name != "source"})
    added = b" ".join(value or b"" for name, value in message.headers if name in dead_letters.NAMES)
    if MARKS.search(told + added.decode()) and not _stands_in_a_name(record):
        raise Finding(f"a value of the message stands in its dead letter: {told}")
    position = Position(record.topic, record.partition, record.offset)
    if (letter.kind, letter.origin) != (refusal.kind, position):
        raise Finding(f"the letter of {refusal.kind} says {letter.kind}, of another place or none")
    if refusal.faults and len(letter.faults) != min(len(refusal.faults), dead_letters.MAX_FAULTS):
        raise Finding(f"{len(letter.faults)} of {len(refusal.faults)} faults can be read")
    original = dead_letters.original_headers(record.headers)
    content = letter.content
    if not letter.is_cut and (content.key, content.value, content.headers) != (record.key, record.value, original):
        raise Finding("the letter holds another record")
    written = json.loads(json.dumps({**described(content), "headers": []}))
    again = content_of(written, content)
    if "event" not in written and again.value != content.value:
        raise Finding("the exported content reads back otherwise")


def _stands_in_a_name(record: Record) -> bool:
    """Whether a publisher put a mark into a name, of a field or of a header. A fault's path may hold those."""
    if any(MARKS.search(name) for name, _ in record.headers):
        return True
    names: list[str] = []

    def note(pairs: list[tuple[str, Any]]) -> None:
        names.extend(name for name, _ in pairs)

    with suppress(ValueError, RecursionError):
        json.loads(record.value or b"", object_pairs_hook=note)
    return any(map(MARKS.search, names))


def _consumed(message: Message) -> "ConsumerRecord[bytes, bytes]":
    headers: Any = tuple(message.headers)
    moment = int(NOW.timestamp() * 1000)
    return ConsumerRecord(message.topic, 0, 0, moment, 1, message.key, message.value, None, -1, -1, headers)


def _with(known: States, changed: States) -> States:
    return States(
        {**known.klantcontacten, **changed.klantcontacten},
        {**known.taken, **changed.taken},
        {**known.partijen, **changed.partijen},
    )


def _record(each: Arriving, offset: int) -> Record:
    return Record(TOPIC, 0, offset, NOW, each.key, each.value, _with_request(each, each.headers, offset))


def _with_request(each: Arriving, headers: Headers, offset: int) -> Headers:
    """Return the headers of a copy that asks for something, as `klantcontact replay` writes them."""
    if each.asks is None:
        return headers
    if each.asks != REQUESTS[-1]:
        feiten = Feiten.VASTGELEGD if each.asks == REQUESTS[0] else Feiten.HUIDIG
        return tuple(with_herbeoordeling(headers, Herbeoordeling(1, feiten)))
    case = read(Record(TOPIC, 0, offset, NOW, each.key, each.value, headers), SLEUTELS, DEFAULT)
    return tuple(with_publish_again(headers, case, SLEUTELS)) if isinstance(case, Case) else headers


def _finish(work: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine to its end. It waits for nothing but its turn, so it needs no event loop."""
    try:
        while True:
            work.send(None)
    except StopIteration:
        pass


class _Still:
    """A clock that stands still. Nothing here may wait."""

    def now(self) -> datetime:
        return NOW

    async def sleep(self, seconds: float) -> None:
        raise Finding(f"the handler waits {seconds} s, and no server is away")


class _Published:
    """The publisher of the one partition: all of it is committed at once."""

    def __init__(self) -> None:
        self._next_offset = 0

    async def publish(self, messages: Sequence[Message], *, next_offset: int) -> None:  # noqa: ARG002 - of the port
        self._next_offset = next_offset

    async def is_committed(self, position: Position) -> bool:
        return position.offset < self._next_offset


class _Watched(Encoder):
    """Keeps what was encoded of what."""

    def __init__(self, settings: Settings, sealer: Sealer) -> None:
        super().__init__(settings, sealer)
        self.encoded: list[tuple[Record, Outcome | InstructionAnswer, Sequence[Message]]] = []

    def messages(self, record: Record, outcome: Outcome | InstructionAnswer, now: datetime) -> Sequence[Message]:
        made = super().messages(record, outcome, now)
        self.encoded.append((record, outcome, made))
        return made


class _Store(DocumentStore):
    """Holds each document against what it was made of."""

    def __init__(self) -> None:
        super().__init__(kept_without_trace=KEPT)
        self.received: list[Received] = []
        """The contacts that were judged."""

    def clear(self) -> None:
        super().clear()
        self.received.clear()

    async def transact(
        self, batch: Sequence[Case], judge: Callable[[Register], Sequence[Outcome]]
    ) -> Sequence[Outcome]:
        self.received += [case.received for case in batch]
        return await super().transact(batch, judge)

    def _keep_besluit(self, besluit: BesluitRecord, written: bytes) -> None:
        if len(written) > MAX_DOCUMENT_BYTES:
            raise Finding(f"a decision record has {len(written)} bytes")
        if besluit_of(bson.decode(written)) != (besluit.shortened() if besluit.without_trace else besluit):
            raise Finding("a decision record reads back otherwise")
        super()._keep_besluit(besluit, written)

    def _keep_partij(self, partij: PartijRecord, written: bytes) -> None:
        if partij_of(bson.decode(written)) != partij:
            raise Finding("a partij reads back otherwise")
        super()._keep_partij(partij, written)
