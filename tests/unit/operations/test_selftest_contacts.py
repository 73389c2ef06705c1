"""The contacts of a selftest, and what must come of them."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

import pytest

from schemas.reading.coherence import passes_elfproef
from services.domain.outcome import Published
from services.domain.policy import DEFAULT, Beleid
from services.operations.selftest.contacts import NotAllowed, Sent, expected_ids, new_bsn, own_source, rounds

SOURCE: Final = "urn:nld:oin:00000000000000000000:systeem:klantcontact"
NOW: Final = datetime(2026, 11, 30, 12, tzinfo=UTC)
TOPIC: Final = "contact.ended"


def made(beleid: Beleid = DEFAULT) -> list[Sent]:
    return [each for part in rounds(SOURCE, "abc", new_bsn(), beleid, TOPIC, NOW) for each in part]


def rules(sent: Sequence[Sent]) -> list[str]:
    return [rule for each in sent if isinstance(each.expected, Published) for rule in each.expected.rules]


def naming(**bron: Any) -> Beleid:  # noqa: ANN401 - any field of it
    return Beleid.model_validate({"bronnen": {own_source(SOURCE): bron}})


def test_they_try_each_kind_of_outcome_a_correction_and_a_repeat() -> None:
    sent = made()

    assert rules(sent) == ["V1", "V2", "V4", "V4", "V2", "V2"]
    assert sent[-1].event == sent[-2].event
    assert len(set(expected_ids(sent, SOURCE))) == 6
    assert {json.loads(each.event)["source"] for each in sent} == {f"{SOURCE}:selftest"}
    assert {json.loads(each.event)["partitionkey"] for each in sent} == {"selftest-abc-klant"}


@pytest.mark.parametrize(
    ("bron", "klant"),
    [
        ({}, "V4"),
        ({"kanalen": ["balie"], "middelen": ["identiteitsbewijs"], "topics": [TOPIC]}, "V4"),
        ({"middelen": []}, "V1"),
    ],
)
def test_they_keep_to_what_the_policy_lets_their_source_do(bron: dict[str, Any], klant: str) -> None:
    assert rules(made(naming(**bron)))[2] == klant


@pytest.mark.parametrize(
    "beleid",
    [Beleid.model_validate({"bronnen": {"urn:nld:oin:1:systeem:ander": {}}}), naming(topics=["portaal"])],
    ids=["another source", "another topic"],
)
def test_a_policy_that_does_not_take_them_is_told_of(beleid: Beleid) -> None:
    with pytest.raises(NotAllowed, match="nothing was sent"):
        made(beleid)


def test_a_bsn_is_one_of_test_data() -> None:
    numbers = {new_bsn() for _ in range(20)}

    assert all(passes_elfproef(each) and each.startswith("9999") for each in numbers)
    assert len(numbers) > 10
