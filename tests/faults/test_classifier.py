"""Whatever happens to the classifier's processes, a committed reader sees the events of each contact once.

Each test ends with the same comparison: what a committed reader sees against each contact's klantcontact and taak.
"""

import signal

from tests.faults.classifier_process import ClassifierProcess, World
from tests.faults.struck_at_work import struck_by
from tests.support.waiting import wait_for

MANY = 2_000
"""Some tens of batches: enough to be in the middle of one."""

PATIENT_SECONDS = 20
"""The longest time for shutting down that the settings take: a busy machine may hold a batch up for seconds."""


def test_killed_in_the_middle_of_a_batch_and_started_again(world: World) -> None:
    world.publish(MANY)
    for _ in range(2):
        assert _end_of(world.start(program=struck_by(signal.SIGKILL))) == -signal.SIGKILL
        # Recorded and not published yet: the moment that a crash must not tear apart.
        assert world.recorded() > world.committed()
    world.start()
    world.wait_until_handled()
    assert world.outcomes() == world.expected()
    assert world.recorded() == MANY


def _end_of(process: ClassifierProcess) -> int:
    wait_for("it has ended", lambda: not process.server.is_running)
    return process.wait()


def test_stopped_beyond_its_session_and_woken_when_another_has_taken_over(world: World) -> None:
    sleeper, other = world.start(), world.start()
    with world.stream(per_second=400):
        for process in (sleeper, other):
            process.wait_until_assigned(2)
        for _ in range(2):
            sleeper.server.pause()
            other.wait_until_assigned(4)
            sleeper.server.resume()
            other.wait_until_assigned(2)
    world.wait_until_handled()
    assert world.outcomes() == world.expected()
    assert sleeper.server.is_running
    assert other.server.is_running


def test_one_joins_and_one_leaves_under_load(world: World) -> None:
    first = world.start()
    with world.stream(per_second=400):
        first.wait_until_assigned(4)
        second = world.start()
        second.wait_until_assigned(2)
        first.wait_until_assigned(2)
        assert first.terminate() == 0
        second.wait_until_assigned(4)
    world.wait_until_handled()
    assert world.outcomes() == world.expected()


def test_asked_to_end_it_finishes_what_is_in_flight(world: World) -> None:
    world.publish(MANY)
    # It asks itself, in the middle of a batch: one that the test asks may be through with all of them by then.
    patient = world.settings.model_copy(update={"shutdown_seconds": PATIENT_SECONDS})
    assert _end_of(world.start(patient, program=struck_by(signal.SIGTERM))) == 0
    # Kafka shows a position a moment after it has taken the transaction.
    wait_for("all that it recorded is committed", lambda: world.recorded() == world.committed())
    assert 0 < world.committed() < MANY
    world.start()
    world.wait_until_handled()
    assert world.outcomes() == world.expected()


def test_a_missing_topic_is_a_refusal_to_start_that_says_what_to_do(world: World) -> None:
    process = world.start(world.settings.model_copy(update={"taak_topic": "taak.of.nobody"}))
    assert process.wait() == 2
    assert "has no topic taak.of.nobody. Run `klantcontact topics create`" in process.said()
