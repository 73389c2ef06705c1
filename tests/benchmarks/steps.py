"""From the stacks that a profiler saw to what each step of a batch costs. Pure.

A stack counts for the step of its innermost frame that the table knows. So what several steps use, such as the making
of ids, is part of the step that used it, and is not in the table.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

FRAME: Final = re.compile(r"(?P<function>.+) \((?P<file>.+?)(?::\d+)?\)")

THREAD: Final = "_bootstrap (threading.py"
"""In the outermost frame of every thread but the main one. Those of a service wait, and py-spy takes some for busy."""

REST: Final = "the event loop and all else"

Step = tuple[str, Sequence[str]]
"""Its name, and the beginnings of the files that belong to it."""

SHARED: Final[Sequence[Step]] = (
    ("BSON, both ways", ["bson/", "pymongo/message.py"]),
    ("calls of MongoDB", ["pymongo/"]),
    ("calls of Kafka", ["aiokafka/", "faststream/", "kafka/"]),
    ("metrics", ["prometheus_client/"]),
    ("log", ["structlog/", "logging/"]),
)

CLASSIFIER: Final[Sequence[Step]] = (
    *SHARED,
    (
        "decode: JSON to a valid contact",
        ["schemas/reading/", "schemas/contact_ended_v1.py", "schemas/cloudevents.py", "pydantic"],
    ),
    (
        "prepare: keys and digest",
        [
            "services/domain/case.py",
            "services/domain/sleutels.py",
            "services/classifier/cases.py",
            "schemas/identities.py",
        ],
    ),
    ("ask: the queries", ["services/classifier/mongo/queries.py"]),
    ("judge", ["services/domain/register.py", "services/classifier/repeats.py"]),
    (
        "documents: to and from the register",
        ["services/classifier/mongo/documents.py", "services/classifier/mongo/parts.py"],
    ),
    ("register: the transaction around it", ["services/classifier/mongo/"]),
    ("encode: events to messages", ["services/classifier/encoding.py"]),
    (
        "tell: metrics, counts, spans",
        [
            "services/classifier/instrumentation.py",
            "services/runtime/exactly_once/telling.py",
            "services/runtime/observe/",
        ],
    ),
    ("batches and turns", ["services/classifier/handler.py", "services/runtime/turns.py"]),
    ("Kafka: batches in and out", ["services/runtime/exactly_once/", "services/runtime/kafka/"]),
)

PROJECTOR: Final[Sequence[Step]] = (
    *SHARED,
    ("read: JSON to a valid event", ["schemas/", "services/projector/events.py"]),
    ("merge", ["services/projector/merging/"]),
    (
        "documents: to and from the collections",
        ["services/projector/mongo/stored.py", "services/projector/mongo/writes.py"],
    ),
    ("register: the transaction around it", ["services/projector/mongo/"]),
    ("tell: metrics, counts, spans", ["services/projector/instrumentation.py", "services/runtime/observe/"]),
    ("batches", ["services/projector/"]),
    ("Kafka: batches in", ["services/runtime/kafka/"]),
)

OF_SERVICE: Final[Mapping[str, Sequence[Step]]] = {"classifier": CLASSIFIER, "projector": PROJECTOR}


@dataclass(frozen=True)
class Profile:
    """Samples by stack, outermost frame first."""

    samples: Mapping[tuple[str, ...], int]

    @classmethod
    def of_lines(cls, lines: Iterable[str]) -> "Profile":
        """Return what a profiler wrote: frames with semicolons between, then how often they were seen."""
        samples: Counter[tuple[str, ...]] = Counter()
        for line in lines:
            stack, _, seen = line.strip().rpartition(" ")
            frames = tuple(stack.split(";"))
            if stack and THREAD not in frames[0]:
                samples[frames] += int(seen)
        return cls(samples)

    def by_step(self, steps: Sequence[Step]) -> Mapping[str, float]:
        """Return the share of each step, in the order of the table, and of the rest."""
        seen: Counter[str] = Counter()
        for frames, number in self.samples.items():
            seen[_step_of(frames, steps)] += number
        return {name: seen[name] / seen.total() for name in (*(name for name, _ in steps), REST)} if seen else {}

    def by_function(self) -> Mapping[str, float]:
        """Return the share of each function of its own: without what it calls, but with what C does for it."""
        seen: Counter[str] = Counter()
        for frames, number in self.samples.items():
            seen[frames[-1]] += number
        return {name: number / seen.total() for name, number in seen.most_common()}


def _step_of(frames: Sequence[str], steps: Sequence[Step]) -> str:
    for frame in reversed(frames):
        found = FRAME.fullmatch(frame)
        file = found["file"] if found else frame
        for name, beginnings in steps:
            if file.startswith(tuple(beginnings)):
                return name
    return REST
