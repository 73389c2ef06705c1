"""What Kafka's clients are told, where their default would cost a message."""

from faststream import AckPolicy

from services.runtime.kafka.clients import subscriber_options
from services.runtime.settings import Settings


def test_a_subscriber_never_acknowledges_by_itself_skips_the_past_or_sees_what_was_aborted() -> None:
    options = subscriber_options(Settings(), group="g")

    assert (options["ack_policy"], options["auto_offset_reset"], options["isolation_level"]) == (
        AckPolicy.MANUAL,
        "earliest",
        "read_committed",
    )


def test_a_session_has_room_for_three_heartbeats() -> None:
    options = subscriber_options(Settings(session_timeout_ms=1000), group="g")

    assert options["heartbeat_interval_ms"] * 3 <= options["session_timeout_ms"] == 1000
