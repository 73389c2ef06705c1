"""How each topic is to be kept."""

from services.runtime.kafka.topics import topic_definitions
from services.runtime.settings import Settings

DAY = 24 * 60 * 60 * 1000


def test_contacts_are_kept_shortest_and_outputs_longest() -> None:
    retention = {each.name: each.configuration["retention.ms"] for each in topic_definitions(Settings())}

    assert retention == {
        "contact.ended": str(7 * DAY),
        "contact.ended.dlq": str(30 * DAY),
        "klantcontact.registered": str(90 * DAY),
        "klantcontact.registered.vertrouwelijk": str(90 * DAY),
        "taak.created": str(90 * DAY),
    }


def test_names_partitions_and_retention_are_settings() -> None:
    settings = Settings(contact_topic="in", topic_partitions=3, contact_retention_days=1)

    first = topic_definitions(settings)[0]

    assert (first.name, first.partitions, first.configuration) == (
        "in",
        3,
        {
            "cleanup.policy": "delete",
            "retention.ms": str(DAY),
            "segment.ms": str(DAY),
            "max.message.bytes": "1048576",
            "message.timestamp.type": "LogAppendTime",
        },
    )


def test_a_dead_letter_has_room_for_any_original_and_our_headers() -> None:
    sizes = {each.name: int(each.configuration["max.message.bytes"]) for each in topic_definitions(Settings())}

    assert sizes["contact.ended.dlq"] == 2 * sizes["contact.ended"]
