"""A refusal to erase is recorded only when it is meant, and never holds up what was granted."""

from collections.abc import AsyncIterator
from typing import Final

import pytest
from pydantic import SecretStr
from pymongo import AsyncMongoClient

from services.classifier.mongo.answers import WISSINGEN
from services.domain.ids import contact_key
from services.operations.audit.chain import Action
from services.operations.erase.declined import CannotErase
from services.operations.erase.erase import Erasure, ToErase, erase
from services.operations.erase.request import ErasureRequests
from services.operations.erase.targets import Mode, Target
from services.operations.subjects import ContactSubject
from services.runtime.mongo.client import Document
from services.runtime.settings import Settings
from tests.support.examples import SOURCE

CONTACT: Final = ContactSubject(SOURCE, "c-1")
TARGET: Final = Target(Mode.CONTACT, "Z-1", contact_key=contact_key(SOURCE, "c-1"))


@pytest.fixture
def settings(mongo_uri: str, database: str) -> Settings:
    return Settings(
        mongo_uri=mongo_uri, mongo_database=database, sleutel=SecretStr("a key of the tests, thirty-two bytes")
    )


@pytest.fixture
async def requests(mongo_uri: str, database: str) -> AsyncIterator[ErasureRequests]:
    async with AsyncMongoClient[Document](mongo_uri) as client:
        yield ErasureRequests(client[database])


@pytest.fixture
def trail(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The commands that the audit trail has."""
    told: list[str] = []

    async def recorded(_settings: Settings, action: Action) -> None:
        told.append(action.command)

    monkeypatch.setattr("services.operations.erase.erase.record", recorded)
    return told


async def refuse(settings: Settings, *, dry_run: bool = False) -> Erasure:
    asked = ToErase(mode=Mode.CONTACT, verzoek="Z-1", reason="a test", refuse="17(3)(b)", dry_run=dry_run)
    return await erase(settings, CONTACT, asked)


async def test_a_dry_run_records_no_refusal(settings: Settings, requests: ErasureRequests, trail: list[str]) -> None:
    assert (await refuse(settings, dry_run=True)).targets == [TARGET]

    assert await requests.register[WISSINGEN].count_documents({}) == 0
    assert trail == []


async def test_a_request_that_was_granted_is_not_refused_and_can_be_completed(
    settings: Settings, requests: ErasureRequests, trail: list[str]
) -> None:
    await requests.begin([TARGET], "a test")

    with pytest.raises(CannotErase, match="was granted before"):
        await refuse(settings)

    assert await requests.unfinished("Z-1", Mode.CONTACT) == [TARGET]
    assert trail == []


async def test_a_request_that_was_refused_can_be_granted_later(
    settings: Settings, requests: ErasureRequests, trail: list[str]
) -> None:
    await refuse(settings)
    assert (await requests.unfinished("Z-1", Mode.CONTACT), trail) == ([], ["erase --contact --refuse"])

    await requests.begin([TARGET], "after an objection")

    assert await requests.unfinished("Z-1", Mode.CONTACT) == [TARGET]
