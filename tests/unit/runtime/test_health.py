"""The health that a service reports."""

from contextlib import suppress

from structlog.testing import capture_logs

from services.runtime.observe.health import Health, Part


def test_a_service_is_not_ready_before_each_part_has_answered() -> None:
    health = Health()
    health.set(Part.KAFKA, None, by="group")

    assert not health.ready()
    assert health.reasons() == {"mongodb": "has not answered yet"}


def test_a_service_is_ready_when_every_part_is_well() -> None:
    health = Health()
    health.set(Part.KAFKA, None, by="group")
    health.set(Part.MONGODB, None, by="primary")

    assert health.ready()
    assert health.reasons() == {}


def test_a_part_that_was_not_waited_for_counts_once_it_reports() -> None:
    health = Health(())
    health.set(Part.SERVICE, "stopped at taak.created 3, offset 41", by="batch")

    assert health.reasons() == {"service": "stopped at taak.created 3, offset 41"}


def test_only_changes_are_logged() -> None:
    health = Health(())
    with capture_logs() as lines:
        health.set(Part.KAFKA, None, by="group")
        health.set(Part.KAFKA, "does not answer", by="group")
        health.set(Part.KAFKA, "does not answer", by="group")
        health.set(Part.KAFKA, None, by="group")

    assert lines == [
        {"event": "health.lost", "log_level": "warning", "part": "kafka", "reason": "does not answer"},
        {"event": "health.recovered", "log_level": "info", "part": "kafka"},
    ]


def test_a_part_is_well_when_no_reporter_has_a_reason() -> None:
    health = Health(())
    health.set(Part.KAFKA, "is slow", by="writer 0")
    health.set(Part.KAFKA, "gives no partitions", by="group")
    health.set(Part.KAFKA, "is slow", by="writer 1")
    assert health.reasons() == {"kafka": "is slow; gives no partitions"}

    health.set(Part.KAFKA, None, by="writer 0")
    health.set(Part.KAFKA, None, by="group")
    assert health.reasons() == {"kafka": "is slow"}

    health.set(Part.KAFKA, None, by="writer 1")
    assert health.ready()


def test_the_same_reason_of_many_reporters_is_logged_once() -> None:
    health = Health(())
    with capture_logs() as lines:
        for number in range(12):
            health.set(Part.KAFKA, "is away", by=f"writer {number}")
        for number in range(12):
            health.set(Part.KAFKA, None, by=f"writer {number}")

    assert [line["event"] for line in lines] == ["health.lost", "health.recovered"]


def test_a_reporter_that_ends_takes_its_reason_along_but_does_not_make_its_part_well() -> None:
    health = Health(waits_for=[Part.MONGODB])
    with health.reporting(Part.MONGODB, by="batch") as report:
        report("is away")
        assert health.reasons() == {"mongodb": "is away"}

    assert health.reasons() == {"mongodb": "has not answered yet"}


def test_a_reporter_that_is_interrupted_takes_its_reason_along_too() -> None:
    health = Health(())
    with suppress(TimeoutError), health.reporting(Part.MONGODB, by="batch") as report:
        report("is away")
        raise TimeoutError

    assert health.ready()
