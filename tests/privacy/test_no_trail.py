"""Proof 8: without a record in the audit trail, no command shows a content or changes anything.

Each command that writes to the trail is typed where the topic of the trail is missing.
"""

import asyncio
import json
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any, Final

import pytest
from confluent_kafka import Consumer, TopicPartition
from pymongo import MongoClient

from services.classifier.mongo.key import RegisterKey
from services.local.servers.stack import Stack
from services.operations.audit.head import COLLECTION as AUDIT_HEAD
from services.operations.lock import COLLECTION as OPERATORS_LOCK
from services.projector.mongo.swap import COLLECTION as REBUILD
from services.runtime.mongo.client import connect
from services.runtime.settings import Settings
from services.runtime.stops.store import STOPS
from tests.privacy.test_audit import RECORDED
from tests.support.commands import klantcontact
from tests.support.examples import ALICE, SOURCE, bsn
from tests.support.explain_town import SLEUTELS, Town
from tests.support.logins import as_role
from tests.support.places_town import filled_town, remember

pytestmark = pytest.mark.server

KEY: Final = "a key of the tests, thirty-two bytes"
MARK: Final = "zq"
"""How every value of a person begins in the town."""

FOR: Final = "--request Z-1 --reason test"
KLANT: Final = json.dumps({"partijIdentificatoren": [bsn(ALICE)]}).encode()
CONTACT: Final = json.dumps({"source": SOURCE, "contactId": "c-alone"}).encode()

TYPED: Final[Mapping[str, bytes]] = {
    "dlq show --content 0-1": b"",
    "dlq export": b"",
    "dlq redrive --all": b"",
    "dlq discard --all --reason test": b"",
    "rebuild": b"",
    "rebuild --drop-old": b"",
    "replay --publish-again --execute": b"",
    "skip CONTACTS 1 0 --reason test": b"",
    "explain c-alone": b"",
    "explain CONTACTS:0:0": b"",
    f"rotate-key {FOR}": b"",
    f"access --json {FOR}": KLANT,
    f"access --page PAGE {FOR}": KLANT,
    f"affected --topic CONTACTS --since 1d --json {FOR}": b"",
    f"erase --partij {FOR}": KLANT,
    f"erase --details {FOR}": KLANT,
    f"erase --contact {FOR}": CONTACT,
    f"erase --contact --refuse 17(3)(b) {FOR}": CONTACT,
    f"erase --reapply {FOR}": b"",
    "erase-report --json --request Z-erased": b"",
    "selftest": b"",
    f"withdraw {FOR}": KLANT,
    f"restrict --on {FOR}": KLANT,
    f"retain {FOR}": b"",
}
"""What is typed behind `klantcontact`, and what stands on its standard input."""

TAKE_THE_LOCK: Final = ("dlq", "rebuild")
"""Of these commands one runs at a time: another would say so, and not get as far as the trail."""

OF_COMMANDS: Final = {OPERATORS_LOCK, AUDIT_HEAD, REBUILD}
"""Collections that hold which command runs, and nothing of a contact."""


@pytest.fixture(scope="module")
def town(stack: Stack) -> Iterator[Town]:
    with filled_town(stack) as made:
        settings = made.settings
        asyncio.run(_take_key(settings))
        remember(made, "c-alone", "Z-erased")
        with MongoClient[Any](settings.mongo_uri) as client:
            stop = {"topic": settings.contact_topics[0], "partition": 1, "offset": 0, "reasons": [], "starts": 1}
            client[settings.mongo_database][STOPS].insert_one(stop)
        yield made


async def _take_key(settings: Settings) -> None:
    async with await connect(settings) as client:
        await RegisterKey(client[settings.register_database], SLEUTELS).claim()


@pytest.fixture(scope="module")
def untrailed(town: Town, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The settings of the town, with a newer key and with an audit topic that does not exist."""
    files = [tmp_path_factory.mktemp("keys") / name for name in ("former", "newest")]
    for file, key in zip(files, (KEY, KEY[::-1]), strict=True):
        file.write_text(key)
        file.chmod(0o600)
    changes = {"sleutel": None, "sleutel_file": files[1], "former_sleutel_files": (files[0],)}
    return town.settings.model_copy(update={**changes, "audit_topic": f"{town.settings.audit_topic}.missing"})


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("pages") / "inzage.html"


@pytest.fixture(scope="module")
def before(town: Town) -> Mapping[str, Any]:
    return held(town.settings)


@pytest.fixture(scope="module")
def done(untrailed: Settings, page: Path, before: Mapping[str, Any]) -> Mapping[str, CompletedProcess[bytes]]:
    """What came of each command."""
    assert before

    for typed in TYPED:
        as_role(untrailed, typed.split())  # makes the login, before two do so at once
    in_turn, at_once = ([each for each in TYPED if each.startswith(TAKE_THE_LOCK) is locks] for locks in (True, False))

    def several(lines: Sequence[str]) -> dict[str, CompletedProcess[bytes]]:
        return {each: run(each, untrailed, page) for each in lines}

    with ThreadPoolExecutor(3) as typists:
        return {
            typed: ended
            for part in typists.map(several, (in_turn, at_once[::2], at_once[1::2]))
            for typed, ended in part.items()
        }


def run(typed: str, settings: Settings, page: Path) -> CompletedProcess[bytes]:
    """Type one command."""
    words = typed.replace("CONTACTS", settings.contact_topics[0]).replace("PAGE", str(page)).split()
    return klantcontact(*words, settings=settings, stdin=TYPED[typed])


def held(settings: Settings) -> Mapping[str, Any]:
    """Return all documents but those of locks, and the end of each partition."""
    with MongoClient[Any](settings.mongo_uri) as client:
        database = client[settings.mongo_database]
        names = sorted(set(database.list_collection_names()) - OF_COMMANDS)
        kept = {name: sorted(map(str, database[name].find())) for name in names}
    reader = Consumer({"bootstrap.servers": settings.kafka_bootstrap, "group.id": "onlooker"})
    try:
        for topic in settings.every_topic:
            for partition in reader.list_topics(topic).topics[topic].partitions:
                ends = reader.get_watermark_offsets(TopicPartition(topic, partition), timeout=20)
                kept[f"{topic}-{partition}"] = [str(ends)]
    finally:
        reader.close()
    return kept


def test_every_command_that_writes_to_the_trail_is_typed() -> None:
    assert {name for name in RECORDED for typed in TYPED if f"{typed} ".startswith(f"{name} ")} == RECORDED.keys()


@pytest.mark.parametrize("typed", TYPED)
def test_without_the_trail_a_command_shows_nothing(
    typed: str, done: Mapping[str, CompletedProcess[bytes]], untrailed: Settings
) -> None:
    ended = done[typed]
    said = (ended.stdout + ended.stderr).decode()
    assert (ended.returncode, untrailed.audit_topic in said) == (2, True), said
    assert MARK not in said
    assert ALICE not in said
    assert not ended.stdout.strip()


def test_without_the_trail_no_command_changes_anything(
    done: Mapping[str, CompletedProcess[bytes]], before: Mapping[str, Any], town: Town, page: Path
) -> None:
    assert done
    assert held(town.settings) == before
    assert not page.exists()
