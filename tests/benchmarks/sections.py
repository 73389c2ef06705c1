"""The sections of `make bench`: which contestants each needs, and which rows it makes of their runs.

The goals are those of a release: a row that misses its goal is shown as missed, and nothing fails.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from tests.benchmarks.channels import CHANNELS
from tests.benchmarks.contest import Results
from tests.benchmarks.contestants import COMPILED
from tests.benchmarks.figures import Run
from tests.benchmarks.rows import Row, plain, ratio


def _speed(run: Run) -> float:
    return run.events_per_second


def _process(run: Run) -> float:
    return run.process_us


def _system(run: Run) -> float:
    return run.system_us


@dataclass(frozen=True)
class Section:
    """A part that can be asked for by name."""

    contestants: Sequence[str]
    rows: Callable[[Results], Sequence[Row]]


def _classifier(results: Results) -> Sequence[Row]:
    return [
        ratio(results, "classifier / floor, events/s", "classifier", "floor", _speed, at_least=0.5),
        ratio(results, "classifier / floor, CPU of the process", "classifier", "floor", _process),
        plain(results, "classifier, mongod and Kafka: CPU an event", "classifier", _system, unit=" µs", at_most=200),
        ratio(results, "classifier / naive with the same guarantees", "classifier", "naive", _speed, at_least=100),
    ]


def _compiled(results: Results) -> Sequence[Row]:
    name = COMPILED
    return [
        ratio(results, f"{name} / floor, events/s", name, "floor", _speed, at_least=0.5),
        ratio(results, f"{name} / classifier, CPU of the process", name, "classifier", _process),
        plain(results, f"{name}, mongod and Kafka: CPU an event", name, _system, unit=" µs", at_most=200),
        ratio(results, f"{name} / naive with the same guarantees", name, "naive", _speed, at_least=100),
    ]


def _projector(results: Results) -> Sequence[Row]:
    before = "the goal is ≤ 0.65 × the release before: make compare WITH=<its tag>"
    return [
        ratio(results, "projector / bare upserts, events/s", "projector", "bare upserts", _speed, at_least=1.4),
        plain(results, "projector: CPU an event", "projector", _process, unit=" µs", note=before),
        ratio(results, "projector / bare upserts, CPU of all three", "projector", "bare upserts", _system),
    ]


def _connect(results: Results) -> Sequence[Row]:
    what = "projector / MongoDB sink connector, events/s"
    return [ratio(results, what, "projector", "sink connector", _speed, at_least=2)]


def _streams(results: Results) -> Sequence[Row]:
    first = "both cores: classifier / Kafka Streams in its first events (50,000 by default)"
    note = "the JVM has compiled its hot path. Its state is local, so there is no register for others to ask"
    return [
        ratio(results, first, "two classifiers", "Kafka Streams, first", _speed, at_least=1.5),
        ratio(results, "the same / Kafka Streams, warm", "two classifiers", "Kafka Streams, warm", _speed, note=note),
    ]


def _quix(results: Results) -> Sequence[Row]:
    what = "one process: classifier / Quix Streams, events/s"
    note = "the same rules; its state is local, and found under one key"
    return [ratio(results, what, "classifier", "Quix Streams", _speed, at_least=2, note=note)]


def _partitions(results: Results) -> Sequence[Row]:
    what = "throughput at 12 partitions / at 4"
    return [ratio(results, what, "twelve partitions", "classifier", _speed, at_least=0.9)]


def _mapper(results: Results) -> Sequence[Row]:
    return [
        ratio(results, f"{name}: CPU an event / classifier", name, "classifier", _process, at_most=1.5)
        for name in CHANNELS
    ]


def _instances(results: Results) -> Sequence[Row]:
    two, one = "two classifiers", "classifier"
    return [
        ratio(results, "1 → 2 instances: CPU an event", two, one, _process, at_least=0.9, at_most=1.1),
        ratio(results, "1 → 2 instances: CPU an event of all three", two, one, _system),
        ratio(results, "1 → 2 instances: events/s", two, one, _speed),
    ]


SECTIONS: Final = {
    "classifier": Section(["floor", "classifier", "naive"], _classifier),
    "compiled": Section(["floor", "classifier", COMPILED, "naive"], _compiled),
    "instances": Section(["classifier", "two classifiers"], _instances),
    "mapper": Section(["classifier", *CHANNELS], _mapper),
    "partitions": Section(["classifier", "twelve partitions"], _partitions),
    "streams": Section(["two classifiers", "Kafka Streams"], _streams),
    "quix": Section(["classifier", "Quix Streams"], _quix),
    "projector": Section(["projector", "bare upserts"], _projector),
    "connect": Section(["projector", "sink connector"], _connect),
}
