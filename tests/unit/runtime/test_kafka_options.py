"""The options of Kafka's clients where their default would lose a message."""

from types import SimpleNamespace

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import ConcurrentTransactions
from aiokafka.producer.sender import AddPartitionsToTxnHandler
from faststream import AckPolicy

from services.runtime.kafka.clients import METADATA_MS, transactional_producer
from services.runtime.kafka.group_broker import subscriber_options
from services.runtime.settings import Settings


def test_a_subscriber_never_commits_by_itself_skips_the_past_or_sees_aborted_records() -> None:
    options = subscriber_options(Settings(), group="g")

    assert (options["ack_policy"], options["auto_offset_reset"], options["isolation_level"]) == (
        AckPolicy.MANUAL,
        "earliest",
        "read_committed",
    )


def test_a_session_has_room_for_three_heartbeats() -> None:
    options = subscriber_options(Settings(session_timeout_ms=1000), group="g")

    assert options["heartbeat_interval_ms"] * 3 <= options["session_timeout_ms"] == 1000


def test_new_partitions_are_read_and_written_within_a_minute() -> None:
    assert METADATA_MS <= 30_000


async def test_a_writer_asks_again_at_once_while_the_transaction_before_is_being_written() -> None:
    producer = transactional_producer(Settings(), transactional_id="t")
    handler = AddPartitionsToTxnHandler(producer._sender, [TopicPartition("a", 0)])
    errors = [("a", [(0, ConcurrentTransactions.errno)])]
    try:
        assert handler.handle_response(SimpleNamespace(errors=errors)) == 0.005
    finally:
        await producer.stop()


@pytest.mark.parametrize(("switch", "checked"), [(None, True), ("", True), ("0", True), ("1", False)])
def test_checksums_are_verified_except_on_the_broker_inside_the_demos_process(
    switch: str | None, checked: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KLANTCONTACT_IN_PROCESS_BROKER", raising=False)
    if switch is not None:
        monkeypatch.setenv("KLANTCONTACT_IN_PROCESS_BROKER", switch)

    assert subscriber_options(Settings(), group="g")["check_crcs"] is checked
