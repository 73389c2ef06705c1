"""Proof 8: no audit record, no content; and what was removed, changed, inserted, moved or cut off is found."""

import asyncio
import json
import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest
import typer
from pymongo import MongoClient

from services.cli import app
from services.cli.lazy import LazyCommand
from services.operations.audit import trail
from services.operations.audit.chain import Action, Entry, Link, Who, entries, entry_in
from services.operations.audit.head import COLLECTION
from services.operations.audit.trail import record
from services.operations.audit.verify import ChainCheck, ChainFault, Verified, verify
from services.runtime.errors import InvalidSettings, TransientFailure
from services.runtime.settings import Settings
from tests.support.commands import run_command
from tests.support.kafka_tools import admin_client, make_topics, publish_values, read_committed, topic_names
from tests.support.letters import publish_letters
from tests.support.whole import whole

pytestmark = pytest.mark.server

CANARY: Final = "zqcanaryqz"
KEPT: Final = timedelta(days=3653)
WHO: Final = Who(kafka="User:anna", mongodb="anna@admin", system="root@shell")
NOW: Final = datetime(2026, 11, 29, 12, tzinfo=UTC)

PROCESSES: Final = whole(3, 5)
APPENDS: Final = whole(5, 40)
"""By each process: two hundred in all, when whole."""


@pytest.fixture
def settings(kafka_bootstrap: str, mongo_uri: str, topics: str, database: str) -> Settings:
    return Settings(
        kafka_bootstrap=kafka_bootstrap, mongo_uri=mongo_uri, mongo_database=database, **topic_names(topics)
    )


@pytest.fixture
def trailed(settings: Settings) -> Settings:
    make_topics(settings.kafka_bootstrap, settings.audit_topic)
    return settings


def _action(number: int) -> Action:
    return Action(command="dlq export", request="2026-1", counts={"letters": 1}, ids=[f"0-{number}"], by="anna")


def _head(settings: Settings) -> dict[str, Any] | None:
    with MongoClient[dict[str, Any]](settings.mongo_uri) as client:
        return client[settings.mongo_database][COLLECTION].find_one({})


def _values(settings: Settings) -> list[bytes]:
    return [each.value() or b"" for each in read_committed(settings.kafka_bootstrap, [settings.audit_topic])]


# A record ------------------------------------------------------------------------------------------------------------


async def test_a_record_says_who_did_what_for_which_case_and_chains_to_the_one_before(trailed: Settings) -> None:
    await record(trailed, _action(1))
    await record(trailed, Action(command="skip", reason="an empty record", counts={"records": 1}))

    first, second = (entry_in(value) for value in _values(trailed))
    fields = dict(first.fields)
    assert fields.pop("at") == first.at
    assert fields.pop("who")["kafka"] == "User:ANONYMOUS"
    assert fields == {
        "sequence": 1,
        "command": "dlq export",
        "request": "2026-1",
        "reason": None,
        "counts": {"letters": 1},
        "ids": ["0-1"],
        "previous": None,
    }
    assert first.fields["who"]["as"] == "anna"
    assert second.previous == first.link
    head = _head(trailed)
    assert head is not None
    assert (head["sequence"], head["hash"], "turn" in head) == (2, second.link.hash, False)
    assert await verify(trailed) == Verified(records=2, first=first.link, newest=second.link)


# No audit, no content ------------------------------------------------------------------------------------------------

SHOWING: Final = (("dlq", "show", "--content", "0-0"), ("dlq", "export"))


@pytest.mark.parametrize("command", SHOWING, ids=" ".join)
def test_without_the_topic_no_content_shows(settings: Settings, command: Sequence[str]) -> None:
    make_topics(settings.kafka_bootstrap, settings.contact_topics[0], settings.dead_letter_topic)
    publish_letters(settings, [CANARY.encode()])

    done = run_command(settings, *command)

    assert done.returncode == 2
    assert CANARY not in done.stdout + done.stderr
    assert settings.audit_topic in done.stderr
    assert "klantcontact topics create" in done.stderr


def test_nothing_is_sent_back_discarded_or_skipped_without_the_topic(settings: Settings) -> None:
    make_topics(settings.kafka_bootstrap, *settings.input_topics, settings.dead_letter_topic)
    publish_letters(settings, [CANARY.encode()])

    for command in (
        ("dlq", "redrive", "--all"),
        ("dlq", "discard", "--all", "--reason", "a test"),
    ):
        done = run_command(settings, *command)
        assert (done.returncode, settings.audit_topic in done.stderr) == (2, True), done.stderr

    assert not read_committed(settings.kafka_bootstrap, [settings.contact_topics[0]])
    listed = run_command(settings, "dlq", "list", "--json")
    assert [each["state"] for each in json.loads(listed.stdout)["groups"]] == ["open"]


async def test_nothing_is_recorded_while_kafka_is_away(settings: Settings) -> None:
    away = settings.model_copy(update={"kafka_bootstrap": "127.0.0.1:1"})
    with pytest.raises(TransientFailure, match="does not answer"):
        await record(away, _action(1))


async def test_a_missing_topic_takes_no_record(settings: Settings) -> None:
    with pytest.raises(InvalidSettings, match="Without a record in the audit trail"):
        await record(settings, _action(1))
    head = _head(settings)
    assert head is None or head["sequence"] == 0


# What verify finds ---------------------------------------------------------------------------------------------------


def _chain(number: int) -> list[Entry]:
    made: list[Entry] = []
    for each in range(number):
        made += entries(_action(each), WHO, made[-1].link if made else None, NOW + timedelta(seconds=each))
    return made


def _changed(entry: Entry) -> bytes:
    return Entry({**entry.fields, "ids": ["somebody else"]}).value


ALTERED: Final[dict[str, tuple[Callable[[list[bytes]], list[bytes]], set[ChainFault]]]] = {
    "as it was": (lambda all_: all_, set()),
    "removed": (lambda all_: [*all_[:4], *all_[5:]], {ChainFault.GAP}),
    "changed": (lambda all_: [*all_[:4], _changed(entry_in(all_[4])), *all_[5:]], {ChainFault.CHANGED}),
    "inserted": (lambda all_: [*all_[:5], _changed(entry_in(all_[4])), *all_[5:]], {ChainFault.DOUBLED}),
    "doubled": (lambda all_: [*all_[:5], all_[4], *all_[5:]], {ChainFault.DOUBLED}),
    "reordered": (lambda all_: [*all_[:4], all_[5], all_[4], *all_[6:]], {ChainFault.GAP, ChainFault.OUT_OF_ORDER}),
    "cut off": (lambda all_: all_[:-1], {ChainFault.CUT_OFF}),
    "the last one changed": (lambda all_: [*all_[:-1], _changed(entry_in(all_[-1]))], {ChainFault.HEAD_DIFFERS}),
    "without its beginning": (lambda all_: all_[2:], {ChainFault.BEGINNING_GONE}),
    "emptied": (lambda _: [], {ChainFault.CUT_OFF}),
    "something else": (lambda all_: [*all_[:4], b"{}", *all_[4:]], {ChainFault.UNREADABLE}),
}


def _verified(values: Sequence[bytes], noted: Link | None) -> Verified:
    check = ChainCheck(noted, head_exists=True, kept=KEPT)
    for offset, value in enumerate(values):
        check.take_value(offset, value)
    return check.end()


@pytest.mark.parametrize("name", ALTERED)
def test_what_was_altered_is_found(name: str) -> None:
    chain = _chain(10)
    alter, faults = ALTERED[name]

    found = _verified(alter([each.value for each in chain]), chain[-1].link)

    assert {each.fault for each in found.faults} == faults
    assert found.is_whole is not bool(faults)


async def test_a_topic_that_was_rewritten_is_found_by_the_command(trailed: Settings) -> None:
    for number in range(3):
        await record(trailed, _action(number))
    first, second, third = (entry_in(value) for value in _values(trailed))
    admin_client(trailed.kafka_bootstrap).delete_topics([trailed.audit_topic])[trailed.audit_topic].result(timeout=20)
    _made_again(trailed)
    values = (first.value, _changed(second), third.value)
    publish_values(trailed.kafka_bootstrap, trailed.audit_topic, values, partition=0)

    done = run_command(trailed, "audit", "verify")

    assert done.returncode == 1
    assert "changed: record 2 at offset 1: the next record holds another hash of it" in done.stdout
    assert "THE TRAIL IS NOT WHOLE." in done.stdout


def _made_again(settings: Settings) -> None:
    until = time.monotonic() + 20
    while True:
        try:
            make_topics(settings.kafka_bootstrap, settings.audit_topic)
        except Exception:
            if time.monotonic() > until:
                raise
            time.sleep(0.2)
        else:
            return


def test_a_beginning_that_retention_removed_is_no_fault() -> None:
    chain = _chain(10)
    old = NOW - KEPT - timedelta(days=400)
    late = entries(_action(11), WHO, Link(sequence=4, hash="0" * 64, at=old.isoformat()), NOW)
    assert _verified([late[0].value], late[0].link).is_whole
    assert not _verified([each.value for each in chain[4:]], chain[-1].link).is_whole


def test_records_that_mongodb_does_not_know_yet_are_no_fault() -> None:
    chain = _chain(10)
    found = _verified([each.value for each in chain], chain[-3].link)
    assert (found.is_whole, found.beyond_head) == (True, 2)


def test_many_ids_become_several_records_of_one_chain() -> None:
    made = entries(Action(command="dlq export", counts={"letters": 2_500}, ids=["x"] * 2_500), WHO, None, NOW)
    assert [len(each.fields["ids"]) for each in made] == [1_000, 1_000, 500]
    assert _verified([each.value for each in made], made[-1].link).is_whole


# Several at once, and killed ------------------------------------------------------------------------------------------


def _append(settings: Settings, number: int) -> None:
    async def several() -> None:
        for each in range(number):
            await record(settings, Action(command="explain", counts={"contacts": 1}, ids=[f"{os.getpid()}-{each}"]))

    asyncio.run(several())


async def test_records_of_several_processes_at_once_are_one_unbroken_chain(trailed: Settings) -> None:
    spawn = multiprocessing.get_context("spawn")
    processes = [spawn.Process(target=_append, args=(trailed, APPENDS)) for _ in range(PROCESSES)]
    for each in processes:
        each.start()
    for each in processes:
        await asyncio.to_thread(each.join, 180)
        assert each.exitcode == 0

    found = await verify(trailed)

    assert (found.faults, found.records, found.beyond_head) == ([], PROCESSES * APPENDS, 0)
    ids = [entry_in(value).fields["ids"][0] for value in _values(trailed)]
    assert len(set(ids)) == len(ids)


STEPS: Final = (
    ("services.operations.audit.topic", "AuditWriter.append"),
    ("aiokafka", "AIOKafkaProducer.commit_transaction"),
    ("services.operations.audit.head", "Turn.note"),
    ("services.operations.audit.head", "Turn.release"),
)
"""Before each of them a process is killed."""


def _killed_before(settings: Settings, module: str, function: str) -> None:
    owner: Any = __import__(module, fromlist=["_"])
    *path, name = function.split(".")
    for each in path:
        owner = getattr(owner, each)

    async def die(*_: object, **__: object) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    setattr(owner, name, die)
    asyncio.run(record(settings, _action(99)))


async def test_a_command_killed_between_its_steps_leaves_a_chain_that_verifies(
    trailed: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.operations.audit.head.TURN_SECONDS", 1)
    await record(trailed, _action(0))
    spawn = multiprocessing.get_context("spawn")
    for step in whole(STEPS[1:3], STEPS):
        process = spawn.Process(target=_killed_before, args=(trailed, *step))
        process.start()
        await asyncio.to_thread(process.join, 60)
        assert process.exitcode == -signal.SIGKILL, step
        assert (await verify(trailed)).is_whole, step
        await record(trailed, _action(1))
        found = await verify(trailed)
        assert (found.is_whole, found.beyond_head) == (True, 0), step


async def test_a_trail_whose_end_was_cut_off_shows_so_for_good(trailed: Settings) -> None:
    for number in range(3):
        await record(trailed, _action(number))
    admin_client(trailed.kafka_bootstrap).delete_topics([trailed.audit_topic])[trailed.audit_topic].result(timeout=20)
    _made_again(trailed)

    assert {each.fault for each in (await verify(trailed)).faults} == {ChainFault.CUT_OFF}
    await record(trailed, _action(4))
    assert {each.fault for each in (await verify(trailed)).faults} == {ChainFault.BEGINNING_GONE}


# Every command is one of these ----------------------------------------------------------------------------------------

NOTHING_PERSONAL: Final = {
    "validate": "what a publisher has in a file of its own",
    "classify": "what a publisher has in a file of its own",
    "map": "what a platform sent, in a file of the one who asks",
    "publish": "sends what a publisher has in a file of its own",
    "run classifier": "a service",
    "run intake": "a service",
    "run projector": "a service",
    "run mapper": "a service",
    "run bridge": "a service",
    "bridge doctor": "counts, versions and names of actoren",
    "bridge dry-run": "ids, and names of fields",
    "doctor": "no ids",
    "topics create": "makes topics",
    "topics mark": "appends markers, which hold nothing",
    "dlq list": "counts, kinds and paths",
    "stats": "counts",
    "audit verify": "hashes and numbers",
    "audit show": "ids; the privacy officer, who may not write, reads them",
    "demo": "made-up contacts",
    "sample": "made-up contacts",
    "up": "starts servers",
}
"""Commands that write no record, and what they show or do."""

RECORDED: Final = {
    "replay": "with --execute",
    "dlq show": "with --content",
    "dlq export": "each batch",
    "dlq redrive": "each batch",
    "dlq discard": "each batch",
    "skip": "the record",
    "rebuild": "and --drop-old",
    "explain": "the contact",
    "rotate-key": "each run",
    "access": "the klant",
    "affected": "the klanten and contacts",
    "erase": "the request, and a refusal",
    "erase-report": "the request",
    "selftest": "the run",
    "withdraw": "the klant",
    "restrict": "the klant",
    "retain": "each run",
}
"""Commands that write a record before they show contents or change something, unless it is a dry run."""

RECORDED_OF_THE_BRIDGE: Final = {"bridge backfill": "each run", "bridge reconcile": "with --repair"}
"""The same of those that need an Open Klant: `tests/acceptance/test_secure_kafka.py` looks for their records."""


def _names(group: Any, before: str = "") -> Iterator[str]:  # noqa: ANN401 - of click, which has no types here
    for name, command in group.commands.items():
        loaded = command.load() if isinstance(command, LazyCommand) else command
        if hasattr(loaded, "commands"):
            yield from _names(loaded, f"{before}{name} ")
        else:
            yield f"{before}{name}"


def test_each_command_shows_nothing_personal_or_writes_a_record() -> None:
    names = set(_names(typer.main.get_command(app)))
    assert names - NOTHING_PERSONAL.keys() - RECORDED.keys() - RECORDED_OF_THE_BRIDGE.keys() == set()


def test_the_trail_names_no_other_way_in() -> None:
    assert set(trail.__all__) == {"Action", "Note", "Purpose", "noting", "record", "unnoted"}
