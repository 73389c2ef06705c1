"""What a service says of itself."""

from structlog.testing import capture_logs

from services.runtime.observe.health import Health, Part


def test_a_service_is_not_ready_before_each_part_has_answered() -> None:
    health = Health()
    health.set(Part.KAFKA, None)

    assert not health.ready()
    assert health.reasons() == {"mongodb": "has not answered yet"}


def test_a_service_is_ready_when_every_part_is_well() -> None:
    health = Health()
    health.set(Part.KAFKA, None)
    health.set(Part.MONGODB, None)

    assert health.ready()
    assert health.reasons() == {}


def test_a_part_that_was_not_waited_for_counts_once_it_reports() -> None:
    health = Health(())
    health.set(Part.SERVICE, "stopped at taak.created 3, offset 41")

    assert health.reasons() == {"service": "stopped at taak.created 3, offset 41"}


def test_only_changes_are_logged() -> None:
    health = Health(())
    with capture_logs() as lines:
        health.set(Part.KAFKA, None)
        health.set(Part.KAFKA, "does not answer")
        health.set(Part.KAFKA, "does not answer")
        health.set(Part.KAFKA, None)

    assert lines == [
        {"event": "health.lost", "log_level": "warning", "part": "kafka", "reason": "does not answer"},
        {"event": "health.recovered", "log_level": "info", "part": "kafka"},
    ]
