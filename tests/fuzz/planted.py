"""The fuzzer on code with a bug that it has to find: `python -m tests.fuzz.planted BUG`, then as `tests.fuzz.run`."""

import sys
from collections.abc import Callable, Mapping
from typing import Any, Final

import structlog

from tests.fuzz import run

# Instrumented by `run`, so after it.
from schemas.dead_letters import DeadLetter  # isort: skip
from services.classifier import cases, instrumentation  # isort: skip
from services.domain.case import Case  # isort: skip
from services.domain.outcome import InstructionAnswer, Outcome, Overtaken  # isort: skip
from services.runtime.exactly_once import letters  # isort: skip
from services.runtime.kafka.records import Record  # isort: skip


MOST_OF_SEEDS: Final = 4
"""The highest revisie of the inputs with which a run begins."""


def _own_failure() -> None:
    prepare = cases.prepare  # type: ignore[attr-defined] # where it is looked up

    def failing(received: Any, *rest: Any, **named: Any) -> Case:  # noqa: ANN401 - passed on
        contact = received.contact
        if contact.revisie > MOST_OF_SEEDS:
            raise KeyError
        return prepare(received, *rest, **named)

    cases.prepare = failing  # type: ignore[attr-defined]


def _value_in_the_log() -> None:
    tell = instrumentation._tell

    def telling(record: Record, outcome: Outcome | InstructionAnswer) -> None:
        if isinstance(outcome, Overtaken):
            structlog.get_logger().debug("contact.skipped", why=outcome.received.contact.onderwerpen[0].onderwerp)
        tell(record, outcome)

    instrumentation._tell = telling


def _value_in_a_dead_letter() -> None:
    build = letters.dead_letter  # type: ignore[attr-defined] # as above

    def building(**named: Any) -> DeadLetter:  # noqa: ANN401 - passed on
        made = build(**named)
        if b"KANARIE" not in (named["value"] or b"") or len(named["faults"]) < 2:
            return made
        headers = [(name, b"KANARIE" if name == "dlq_kind" else value) for name, value in made.headers]
        return DeadLetter(made.key, made.value, headers)

    letters.dead_letter = building  # type: ignore[attr-defined]


BUGS: Final[Mapping[str, Callable[[], None]]] = {
    "own-failure": _own_failure,
    "value-in-the-log": _value_in_the_log,
    "value-in-a-dead-letter": _value_in_a_dead_letter,
}

if __name__ == "__main__":
    BUGS[sys.argv.pop(1)]()
    run.main()
