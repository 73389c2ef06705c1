"""MongoDB in readiness: whether a primary answers, beside the reasons of batches in flight."""

from types import SimpleNamespace
from typing import Any, cast

import pytest
from pymongo.errors import ServerSelectionTimeoutError

from services.runtime.mongo.client import Client
from services.runtime.mongo.health import PrimaryWatch, rounded
from services.runtime.observe.health import Health, Part

PRIMARY = {"isWritablePrimary": True, "me": "127.0.0.1:27017"}
AWAY = {"mongodb": "no primary has answered for 3 seconds"}
WAITS = "Another transaction holds what this one changes."


def _watch(health: Health, answer: dict[str, Any] | Exception) -> PrimaryWatch:
    async def command(name: str) -> dict[str, Any]:
        assert name == "hello"
        if isinstance(answer, Exception):
            raise answer
        return answer

    client = SimpleNamespace(admin=SimpleNamespace(command=command))
    return PrimaryWatch(cast("Client", client), health)


@pytest.mark.parametrize(
    "answer",
    [ServerSelectionTimeoutError("nobody"), {"isWritablePrimary": False, "me": "127.0.0.1:27017"}],
    ids=["nobody answers", "only a secondary answers"],
)
async def test_without_a_primary_mongodb_is_not_well(answer: dict[str, Any] | Exception) -> None:
    health = Health(())
    await _watch(health, answer).look()

    assert health.reasons() == AWAY
    assert health.facts()["mongodb"]["primary"] is None


async def test_mongodb_is_well_again_when_a_primary_is_back() -> None:
    health = Health((Part.MONGODB,))
    await _watch(health, PRIMARY).look()

    assert health.reasons() == {}
    assert health.facts()["mongodb"]["primary"] == "127.0.0.1:27017"


async def test_an_answer_does_not_hide_the_reason_of_a_batch_in_flight() -> None:
    health = Health(())
    health.set(Part.MONGODB, WAITS, by="batch of partition 0")
    await _watch(health, PRIMARY).look()

    assert health.reasons() == {"mongodb": WAITS}


def test_one_document_more_can_not_be_seen_in_a_number_of_documents() -> None:
    assert [rounded(each) for each in (0, 1, 499, 501, 1_499, 123_456)] == [0, 0, 0, 1_000, 1_000, 123_000]
