"""A batch that unpacks to more than memory holds stops no reader, on Apache Kafka: neither service, nor an operator."""

import asyncio
import json
from pathlib import Path
from typing import cast

import pytest
from confluent_kafka import Message
from confluent_kafka.admin._config import AlterConfigOpType, ConfigEntry, ConfigResource
from confluent_kafka.admin._resource import ResourceType

from services.local.system import COMMAND
from services.operations.topic_reader import topic_reader
from services.projector.mongo.writes import Collection
from services.runtime.kafka.topics import MAX_DEAD_LETTER_BYTES
from services.runtime.settings import Settings
from tests.faults.classifier_process import world_on
from tests.support.bombs import BOMBS, MIB, ZSTD, publish_bomb
from tests.support.contacts import contact_ended, encoded
from tests.support.kafka_tools import admin_client, committed_offsets, make_topics, publish_values, read_committed
from tests.support.projector_examples import encoded as encoded_output
from tests.support.projector_examples import klantcontact_id, registered
from tests.support.projector_process import outputs_of, settings_for, stored
from tests.support.service_process import ServiceProcess
from tests.support.waiting import wait_for

LITTLE_MEMORY = ("sh", "-c", 'ulimit -v 524288 && MALLOC_ARENA_MAX=1 exec "$0" "$@"', *COMMAND)
"""The command with 512 MiB of address space, where an allocation fails that would go beyond it. One arena: malloc
otherwise reserves 64 MiB for each thread, which is no memory."""

RECORDS = 3
"""Of each bomb."""


def _publish_bombs(bootstrap: str, topic: str, *values: bytes) -> None:
    """Publish to partition 0: a value, a bomb of the first codec, the next value and so on; a value is the last."""
    for codec, value in zip(BOMBS, values, strict=False):
        publish_values(bootstrap, topic, [value], partition=0)
        asyncio.run(publish_bomb(bootstrap, topic, codec, records=RECORDS))
    publish_values(bootstrap, topic, [values[-1]], partition=0)


VALUES = len(BOMBS) + 1
END = VALUES + len(BOMBS) * RECORDS
FIRST_OFFSETS = [1 + number * (RECORDS + 1) for number in range(len(BOMBS))]
"""Of the bombs."""


def test_the_classifier_handles_what_lies_around_them_and_makes_one_letter_of_each(
    kafka_bootstrap: str, mongo_uri: str, topics: str, database: str, tmp_path: Path
) -> None:
    with world_on(kafka=kafka_bootstrap, mongo=mongo_uri, name=topics, database=database, folder=tmp_path) as world:
        settings = world.settings
        contacts = [f"c-{number}" for number in range(VALUES)]
        values = [encoded(contact_ended(each)) for each in contacts]
        _publish_bombs(kafka_bootstrap, settings.contact_topics[0], *values)
        process = world.start(program=LITTLE_MEMORY)
        wait_for("everything is handled", lambda: world.committed() == END)
        process.server.wait_until_ready()

    letters = read_committed(kafka_bootstrap, [settings.dead_letter_topic])
    told = sorted((int(each["dlq_offset"]), int(each["dlq_last_offset"])) for each in map(_headers, letters))
    assert told == [(first, first + RECORDS - 1) for first in FIRST_OFFSETS]
    assert {_headers(each)["dlq_kind"] for each in letters} == {"te_groot"}
    assert {(each.key(), each.value()) for each in letters} == {(None, None)}
    registered_contacts = [
        json.loads(each.value() or b"")["data"]["herkomst"]["contactId"]
        for each in read_committed(kafka_bootstrap, [settings.registered_topic])
    ]
    assert sorted(registered_contacts) == contacts
    lines = process.log("batch.oversized")
    assert [line["first_offset"] for line in lines] == FIRST_OFFSETS


def _take_large_letters(settings: Settings) -> None:
    """Set the limit of the dead letter topic as `klantcontact topics create` does."""
    limit = ConfigEntry("max.message.bytes", str(MAX_DEAD_LETTER_BYTES), incremental_operation=AlterConfigOpType.SET)
    topic = ConfigResource(ResourceType.TOPIC, settings.dead_letter_topic, incremental_configs=[limit])
    for change in admin_client(settings.kafka_bootstrap).incremental_alter_configs([topic]).values():
        change.result(20)


def test_many_batches_that_fit_alone_are_not_in_memory_together(
    kafka_bootstrap: str, mongo_uri: str, topics: str, database: str, tmp_path: Path
) -> None:
    with world_on(kafka=kafka_bootstrap, mongo=mongo_uri, name=topics, database=database, folder=tmp_path) as world:
        settings = world.settings
        _take_large_letters(settings)
        asyncio.run(publish_bomb(kafka_bootstrap, settings.contact_topics[0], ZSTD, zeros=15 * MIB, times=40))
        publish_values(kafka_bootstrap, settings.contact_topics[0], [encoded(contact_ended("c-1"))], partition=0)
        process = world.start(program=LITTLE_MEMORY)
        wait_for("everything is handled", lambda: world.committed() == 41)
        assert process.server.is_running
    assert len(read_committed(kafka_bootstrap, [settings.registered_topic])) == 1


def test_the_projector_passes_over_them_and_stores_what_lies_around_them(
    kafka_bootstrap: str, mongo_uri: str, topics: str, database: str, tmp_path: Path
) -> None:
    settings = settings_for(kafka_bootstrap, mongo_uri, topics, database)
    contacts = [f"c-{number}" for number in range(VALUES)]
    values = [encoded_output(registered(each)) for each in contacts]
    _publish_bombs(kafka_bootstrap, settings.registered_topic, *values)

    with ServiceProcess("projector", settings, tmp_path / "projector.log", program=LITTLE_MEMORY) as projector:
        wait_for("everything is committed", lambda: _projected(settings) == END)
        projector.server.wait_until_ready()
        assert projector.measured("klantcontact_oversized_batches_total") == {(): len(BOMBS)}

    assert set(stored(settings)[Collection.KLANTCONTACTEN]) == {klantcontact_id(each) for each in contacts}


def _projected(settings: Settings) -> int:
    topic, *_ = outputs_of(settings)
    return sum(committed_offsets(settings.kafka_bootstrap, group=settings.projector_group, topic=topic, partitions=2))


@pytest.mark.parametrize("codec", BOMBS)
async def test_an_operator_reads_on_and_is_told_which_offsets_were_passed_over(
    kafka_bootstrap: str, topics: str, codec: int, capsys: pytest.CaptureFixture[str]
) -> None:
    topic = f"{topics}.in"
    make_topics(kafka_bootstrap, topic)
    publish_values(kafka_bootstrap, topic, [b"1"])
    await publish_bomb(kafka_bootstrap, topic, codec, zeros=17 * MIB, records=RECORDS)
    publish_values(kafka_bootstrap, topic, [b"2"])

    async with topic_reader(Settings(kafka_bootstrap=kafka_bootstrap)) as reader:
        read = [each async for batch in reader.records(await reader.whole(topic)) for each in batch]

    assert [(each.offset, each.value) for each in read] == [(0, b"1"), (4, b"2")]
    assert capsys.readouterr().err == (
        f"Passed over in {topic}, partition 0: offsets 1 to 3, one batch that unpacks to more than "
        "KLANTCONTACT_MAX_UNPACKED_BYTES.\n"
    )


def _headers(message: Message) -> dict[str, str]:
    headers = cast("list[tuple[str, bytes]]", message.headers())
    return {name: value.decode() for name, value in headers}
