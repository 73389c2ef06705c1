"""How each topic is to be kept."""

from services.runtime.kafka.topics import topic_definitions
from services.runtime.settings import Settings

DAY = 24 * 60 * 60 * 1000
MIB = 1024**2


def test_contacts_are_kept_shortest_and_outputs_longest() -> None:
    retention = {each.name: each.configuration["retention.ms"] for each in topic_definitions(Settings())}

    assert retention == {
        "contact.ended": str(7 * DAY),
        "toestemming.gewijzigd": str(7 * DAY),
        "contact.ended.dlq": str(21 * DAY),
        "klantcontact.registered": str(90 * DAY),
        "klantcontact.registered.vertrouwelijk": str(90 * DAY),
        "taak.created": str(90 * DAY),
        "taak.created.vertrouwelijk": str(90 * DAY),
        "klantcontact.gewist": "-1",
        "klantcontact.audit": str(3653 * DAY),
    }


def test_every_topic_but_those_of_what_was_erased_and_seen_is_bounded_in_bytes_too() -> None:
    retention = {each.name: each.configuration["retention.bytes"] for each in topic_definitions(Settings())}

    assert retention == {
        "contact.ended": str(8 * 1024 * MIB),
        "toestemming.gewijzigd": str(8 * 1024 * MIB),
        "contact.ended.dlq": str(2 * 1024 * MIB),
        "klantcontact.registered": str(16 * 1024 * MIB),
        "klantcontact.registered.vertrouwelijk": str(16 * 1024 * MIB),
        "taak.created": str(16 * 1024 * MIB),
        "taak.created.vertrouwelijk": str(16 * 1024 * MIB),
        "klantcontact.gewist": "-1",
        "klantcontact.audit": "-1",
    }


def test_names_partitions_and_retention_are_settings() -> None:
    settings = Settings(
        contact_topics=("in",), topic_partitions=3, contact_retention_days=1, contact_retention_bytes=4 * MIB
    )

    first = topic_definitions(settings)[0]

    assert (first.name, first.partitions, first.configuration) == (
        "in",
        3,
        {
            "cleanup.policy": "delete",
            "retention.ms": str(DAY),
            "retention.bytes": "4194304",
            "segment.ms": str(DAY),
            "max.message.bytes": "1048576",
            "message.timestamp.type": "LogAppendTime",
        },
    )


def test_the_audit_trail_has_one_partition_for_its_one_order() -> None:
    assert topic_definitions(Settings())[-1].partitions == 1


def test_each_topic_of_a_publisher_is_as_the_others() -> None:
    first, second, third, *_ = topic_definitions(Settings(contact_topics=("a", "b"), contact_retention_days=1))

    assert [first.name, second.name, third.name] == ["a", "b", "toestemming.gewijzigd"]
    assert first.configuration == second.configuration == third.configuration


def test_a_dead_letter_has_room_for_any_original_and_our_headers() -> None:
    sizes = {each.name: int(each.configuration["max.message.bytes"]) for each in topic_definitions(Settings())}

    assert sizes["contact.ended.dlq"] == 2 * sizes["contact.ended"]


def test_the_newest_event_of_a_key_replaces_the_others_of_an_output_topic_within_a_day() -> None:
    settings = Settings()
    policies = {each.name: each.configuration["cleanup.policy"] for each in topic_definitions(settings)}
    outputs = [each.configuration for each in topic_definitions(settings) if each.name in settings.output_topics]

    assert policies == {
        "contact.ended": "delete",
        "toestemming.gewijzigd": "delete",
        "contact.ended.dlq": "delete",
        **dict.fromkeys(settings.output_topics, "compact,delete"),
        "klantcontact.gewist": "compact",
        "klantcontact.audit": "delete",
    }
    assert (
        outputs
        == [
            {
                "cleanup.policy": "compact,delete",
                "retention.ms": str(90 * DAY),
                "retention.bytes": str(16 * 1024 * MIB),
                "segment.ms": str(DAY // 2),
                "segment.bytes": str(MIB),
                "max.compaction.lag.ms": str(DAY),
                "min.compaction.lag.ms": str(DAY // 2),
                "delete.retention.ms": str(90 * DAY),
                "max.message.bytes": "1048576",
                "message.timestamp.type": "LogAppendTime",
            }
        ]
        * 4
    )


def test_every_event_stays_for_the_hours_between_closing_a_segment_and_cleaning_it() -> None:
    settings = Settings(output_compaction_hours=8, output_segment_hours=8)
    output = next(each for each in topic_definitions(settings) if each.name == settings.registered_topic)

    assert (output.configuration["min.compaction.lag.ms"], output.configuration["segment.ms"]) == ("0", "28800000")


def test_what_was_erased_is_remembered_for_good() -> None:
    (erased,) = [each for each in topic_definitions(Settings()) if each.name == "klantcontact.gewist"]

    assert erased.configuration == {
        "cleanup.policy": "compact",
        "retention.ms": "-1",
        "retention.bytes": "-1",
        "segment.ms": str(DAY),
        "max.message.bytes": "1048576",
        "message.timestamp.type": "LogAppendTime",
    }
