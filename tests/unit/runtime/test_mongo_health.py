"""What readiness says of MongoDB: what is asked shows that it is away, what is in hand knows best that it is well."""

from types import SimpleNamespace
from typing import Any, cast

import pytest
from pymongo.errors import ServerSelectionTimeoutError

from services.runtime.mongo.client import Client
from services.runtime.mongo.health import PrimaryWatch
from services.runtime.observe.health import Health, Part

PRIMARY = {"isWritablePrimary": True, "me": "127.0.0.1:27017"}
AWAY = {"mongodb": "no primary has answered for 3 seconds"}
WAITS = "Another transaction holds what this one changes."


def _watch(health: Health, answer: dict[str, Any] | Exception, *, idle: bool) -> PrimaryWatch:
    async def command(name: str) -> dict[str, Any]:
        assert name == "hello"
        if isinstance(answer, Exception):
            raise answer
        return answer

    client = SimpleNamespace(admin=SimpleNamespace(command=command))
    return PrimaryWatch(cast("Client", client), health, is_idle=lambda: idle)


@pytest.mark.parametrize("idle", [True, False])
@pytest.mark.parametrize(
    "answer",
    [ServerSelectionTimeoutError("nobody"), {"isWritablePrimary": False, "me": "127.0.0.1:27017"}],
    ids=["nobody answers", "only a secondary answers"],
)
async def test_without_a_primary_mongodb_is_not_well(answer: dict[str, Any] | Exception, *, idle: bool) -> None:
    health = Health(())
    await _watch(health, answer, idle=idle).look()

    assert health.reasons() == AWAY
    assert health.facts()["mongodb"]["primary"] is None


async def test_a_primary_that_is_back_is_welcome() -> None:
    health = Health((Part.MONGODB,))
    await _watch(health, PRIMARY, idle=True).look()

    assert health.reasons() == {}
    assert health.facts()["mongodb"]["primary"] == "127.0.0.1:27017"


async def test_a_batch_in_hand_knows_better_than_an_answer() -> None:
    health = Health(())
    health.set(Part.MONGODB, WAITS)
    await _watch(health, PRIMARY, idle=False).look()

    assert health.reasons() == {"mongodb": WAITS}
