"""The report of `klantcontact rebuild`: where it began and how it ended."""

from datetime import UTC, datetime

import pytest

from services.cli import rebuild
from services.cli.json_values import json_value
from services.operations.rebuild.verify import Comparison, RebuildOutcome, Report
from services.operations.topic_reader import Stretch
from services.projector.mongo.writes import Collection

THEN = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)


def told(report: Report, capsys: pytest.CaptureFixture[str]) -> tuple[list[str], list[str]]:
    rebuild._tell(report)
    printed = capsys.readouterr()
    return printed.out.splitlines(), printed.err.splitlines()


def test_topics_that_lost_their_beginning_are_named_with_the_offset_from_which_they_count(
    capsys: pytest.CaptureFixture[str],
) -> None:
    trimmed = [Stretch("taak.created", number, first=7, begin=7, end=9) for number in (0, 2)]
    report = Report(
        outcome=RebuildOutcome.SWAPPED,
        events=4,
        trimmed=trimmed,
        live_documents=1_200,
        live_documents_of=THEN,
        carried_over=3,
    )

    out, err = told(report, capsys)

    assert out == [
        "taak.created no longer holds its beginning: partition 0 from offset 7; partition 2 from offset 7.",
        "Began: 1,200 live documents of 2026-11-24 09:30:00Z, under 4 events.",
    ]
    assert err == [rebuild.IN_PLACE.format(carried=3)]


def test_a_rebuild_that_was_interrupted_while_building_is_reported(capsys: pytest.CaptureFixture[str]) -> None:
    out, err = told(Report(outcome=RebuildOutcome.COMPARED, interrupted=THEN), capsys)

    assert out == [
        "A rebuild begun at 2026-11-24 09:30:00Z had been interrupted; its new collections were thrown away.",
        "Began: the topics from their beginning, 0 events.",
    ]
    assert err == [rebuild.NOT_IN_PLACE]


def test_records_that_are_not_ours_are_told_by_reason(capsys: pytest.CaptureFixture[str]) -> None:
    passed_over = {"other_source": 1_200, "no_value": 3}

    out, _ = told(Report(outcome=RebuildOutcome.COMPARED, passed_over=passed_over), capsys)

    assert out[0] == "Records that are not ours, or were skipped, were passed over: 3 no_value, 1,200 other_source."


def test_differences_are_listed_by_id_up_to_a_screenful_with_what_to_do(
    capsys: pytest.CaptureFixture[str],
) -> None:
    comparison = Comparison(
        collection=Collection.PARTIJEN,
        live=40,
        new=28,
        compared=28,
        only_live=[f"p-{number}" for number in range(12)],
        changed=["p-99"],
        unlisted=2,
    )
    report = Report(outcome=RebuildOutcome.DIFFERENT, comparisons=[comparison], projector_behind=5)

    out, err = told(report, capsys)

    assert out[3:] == [
        *(f"partijen  only live  p-{number}" for number in range(10)),
        "partijen  only live  and 2 more: --json lists them",
        "partijen  changed  p-99",
        "partijen  and 2 more in only one of the two",
    ]
    assert err == [
        rebuild.NOT_IN_PLACE,
        "The projector is 5 events behind: let it catch up, and start again.",
        rebuild.WHAT_DIFFERS,
    ]


def test_json_holds_the_whole_report_in_camel_case_with_moments_of_iso_8601() -> None:
    comparison = Comparison(collection=Collection.PARTIJEN, live=2, new=1, compared=1, only_live=["p-1"])
    trimmed = [Stretch("taak.created", 0, first=7, begin=7, end=9)]
    report = Report(
        outcome=RebuildOutcome.DIFFERENT,
        interrupted=THEN,
        passed_over={"no_value": 1},
        trimmed=trimmed,
        comparisons=[comparison],
    )

    assert json_value(report) == {
        "outcome": "different",
        "interrupted": "2026-11-24T09:30:00+00:00",
        "events": 0,
        "passedOver": {"no_value": 1},
        "trimmed": [{"topic": "taak.created", "partition": 0, "first": 7, "begin": 7, "end": 9}],
        "liveDocumentsOf": None,
        "liveDocuments": 0,
        "comparisons": [
            {
                "collection": "partijen",
                "live": 2,
                "new": 1,
                "compared": 1,
                "onlyLive": ["p-1"],
                "onlyNew": [],
                "changed": [],
                "unlisted": 0,
            }
        ],
        "projectorBehind": 0,
        "carriedOver": 0,
    }
